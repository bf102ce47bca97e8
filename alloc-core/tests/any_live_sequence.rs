//! Any calls of two threads that share a machine, in live time and in steps: nothing is lost, and nobody gets another's memory.
//!
//! What a thread gets depends on the other one, so there is no model: each writes into its memory what only it writes.
#![cfg(feature = "std")]

mod support;

use alloc_core::{
    Area, Attributes, Cache, CacheOptions, Gfp, KmallocBox, Machine, MemCg, MemPolicy, Mempool, MoveKind, NodeId,
    NodeMask, NodePages, OnOom, Order, PageBlock, Policy, PoolBlock, Rebind, ReclaimClass, Scope, SlabBox, TaskId,
    TaskOptions, Time, Wait,
};
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use support::presets;
use support::random::Random;

const PAGES: u32 = 300;
const TURNS: u32 = if cfg!(miri) { 20 } else { 400 };

fn machine(random: &mut Random, time: Time) -> Machine {
    let (_, policy) = random.of(&presets());
    let policy = Policy { on_oom: OnOom::Fail, rounds_max: 100, ..policy };
    let node = NodePages::new(PAGES / 2).with_dma32(16).with_movable(32);
    // Some have more frames than they may use.
    let node = if random.below(3) == 0 { node.with_budget(PAGES / 2 - 40) } else { node };
    let builder = Machine::builder().node(node).node(node).min_free_pages(16).cpus(2).policy(policy).time(time);
    builder.watchdog(Duration::from_millis(200)).build().unwrap()
}

/// Memory of a thread.
enum Held<'c, 'm> {
    Block(PageBlock<'m>),
    Area(Area<'m>),
    Bytes(KmallocBox<'m>),
    Object(SlabBox<'c>),
    Pooled(PoolBlock<'c, 'm>),
}

impl Held<'_, '_> {
    fn bytes(&mut self) -> &mut [u8] {
        match self {
            Held::Block(block) => block.bytes_mut(),
            Held::Area(area) => area.bytes_mut(),
            Held::Bytes(bytes) => bytes.bytes_mut(),
            Held::Object(object) => object.bytes_mut(),
            Held::Pooled(block) => block.bytes_mut(),
        }
    }
}

/// What the threads share.
struct Shared<'c, 'm> {
    machine: &'m Machine,
    cache: &'c Cache<'m>,
    pool: &'c Mempool<'m>,
    budget: &'c MemCg<'m>,
    tasks: [TaskId; 2],
}

impl<'c, 'm> Shared<'c, 'm> {
    /// One request, if this turn makes one.
    fn ask(&self, random: &mut Random) -> Option<Held<'c, 'm>> {
        let machine = self.machine;
        let flags = random.flags(&[Gfp::KERNEL, Gfp::NOFS, Gfp::ATOMIC, Gfp::NOWAIT, Gfp::USER_MOVABLE], 1);
        let (order, size) = (Order::new(random.below(5) as u32), random.below(20_000) as usize);
        match random.below(9) {
            0..=2 => machine.alloc_pages(order, flags).ok().map(Held::Block),
            3 => machine.alloc_pages_node(NodeId(random.below(3) as u8), order, flags).ok().map(Held::Block),
            4 => machine.kmalloc(size, flags).ok().map(Held::Bytes),
            5 => machine.vmalloc(size, flags).ok().map(Held::Area),
            6 => self.cache.alloc(flags).ok().map(Held::Object),
            7 => self.pool.alloc(flags.without(Gfp::RECLAIM)).ok().map(Held::Pooled),
            _ => machine.wait_alloc(order, random.of(&[Wait::Never, Wait::OnePass])).ok().map(Held::Block),
        }
    }

    /// Something that changes what the other thread's requests come to.
    fn disturb(&self, random: &mut Random) {
        let (machine, task) = (self.machine, random.of(&self.tasks));
        let nodes = random.of(&[NodeMask::of(&[NodeId(0)]), NodeMask::of(&[NodeId(1)]), NodeMask::ALL]);
        match random.below(12) {
            0 => machine.move_nodes(task, nodes, MoveKind::ExpandThenShrink).finish(),
            1 => drop(machine.cpuset(nodes).map(|group| group.attach(task))),
            2 => drop(machine.set_mem_policy(random.of(&[MemPolicy::Default, MemPolicy::Bind(nodes)]), Rebind::Remap)),
            3 => self.budget.set_limit(random.below(u64::from(PAGES))),
            4 => drop(self.budget.attach(task)),
            5 => drop(machine.exhaust(NodeId(random.below(2) as u8), random.below(100))),
            6 => {
                let hog = machine.spawn(TaskOptions::named("hog"));
                let _ = machine.grow(hog, random.below(100));
                machine.exit(hog);
            }
            7 => drop(machine.run_as(task, || machine.scope(random.of(&Scope::ALL)))),
            8 => {
                let source = Attributes::unfiltered(random.below(30) as u32).seeded(random.below(1 << 30));
                machine.set_faults((random.below(2) == 0).then(|| Arc::new(source) as _));
            }
            9 => machine.set_memory_locked(task, random.below(2) == 0),
            10 => drop((machine.free_pages(None), machine.shrink_slabs(), self.cache.usage(), machine.background())),
            _ => drop(machine.queue(task, Order::ZERO).map(|mut queued| drop(queued.step()))),
        }
    }

    fn run(&self, seed: u64, stamp: u8) {
        let (mut random, mut held) = (Random(seed), Vec::new());
        let give = |mut memory: Held<'c, 'm>| {
            assert!(memory.bytes().iter().all(|byte| *byte == stamp), "somebody else wrote into this thread's memory");
        };
        for _ in 0..TURNS {
            if let Some(mut memory) = self.ask(&mut random) {
                memory.bytes().fill(stamp);
                held.push(memory);
            }
            if random.below(4) == 0 {
                self.disturb(&mut random);
            }
            while held.len() > 12 || !held.is_empty() && random.below(3) == 0 {
                give(held.swap_remove(random.below(held.len() as u64) as usize));
            }
        }
        held.into_iter().for_each(give);
    }
}

fn any_calls_of_two_threads(seed: u64, time: Time) {
    let mut random = Random(seed);
    let machine = machine(&mut random, time);
    let pages = machine.free_pages(None);
    let shrinker = support::Cache::register(&machine, random.of(&ReclaimClass::ALL), 30);
    let cache = machine.cache(CacheOptions::new("things", 1 + random.below(3000) as usize)).unwrap();
    let (pool, budget) = (Mempool::new(&machine, 2, Order::ZERO).unwrap(), machine.memcg(200).unwrap());
    let tasks = [0, 1].map(|_| machine.spawn(TaskOptions::named("thread")));
    let shared = Shared { machine: &machine, cache: &cache, pool: &pool, budget: &budget, tasks };
    thread::scope(|scope| {
        for (number, task) in (1..).zip(tasks) {
            let shared = &shared;
            scope.spawn(move || shared.machine.run_as(task, || shared.run(seed * 2 + u64::from(number), number)));
        }
    });
    machine.set_faults(None);
    tasks.into_iter().for_each(|task| machine.exit(task));
    std::mem::take(&mut *shrinker.pages.lock().unwrap()).into_iter().for_each(|pages| machine.free(pages).unwrap());
    assert_eq!(pool.reserved(), 2);
    drop(pool);
    assert_eq!(cache.usage().live, 0);
    cache.destroy().unwrap();
    machine.shrink_slabs();
    assert_eq!(budget.charged(), 0, "seed {seed}: what came back is charged no more");
    machine.audit().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    machine.audit_slabs().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    // A reclaimer may have taken pages from the shrinker, and not have freed them yet.
    for _ in 0..5000 {
        if machine.free_pages(None) == pages {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    let held = machine.held();
    assert_eq!(machine.free_pages(None), pages, "seed {seed}: pages were lost; held {held:?}");
}

fn runs() -> u64 {
    match (cfg!(miri), cfg!(debug_assertions)) {
        (true, _) => 1,
        (_, true) => 20,
        _ => 300,
    }
}

#[test]
fn any_calls_of_two_threads_keep_a_live_machine_whole() {
    (0..runs()).for_each(|seed| any_calls_of_two_threads(seed, Time::Live));
}

#[test]
fn any_calls_of_two_threads_keep_a_machine_in_steps_whole() {
    (0..runs()).for_each(|seed| any_calls_of_two_threads(seed, Time::Stepped));
}
