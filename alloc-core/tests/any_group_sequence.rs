//! Any sequence of calls with cpusets, memory policies, budgets and locks among them neither panics nor hangs nor loses a page.

mod support;

use alloc_core::{
    Attributes, Fragments, FrameNumber, Gfp, Interleave, Machine, MemPolicy, Mempool, MoveKind, NodeId, NodeMask,
    NodePages, OnOom, Order, Policy, Rebind, ReclaimClass, ReclaimLock, Scope, Step, TaskId, TaskOptions, Wait,
};
use std::sync::Arc;
use support::Cache;

struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// Mostly small, sometimes absurd.
    fn size(&mut self) -> usize {
        match self.below(8) {
            0 => usize::MAX - self.below(5000) as usize,
            1 => 1 << self.below(64),
            _ => self.below(100_000) as usize,
        }
    }

    fn order(&mut self) -> Order {
        Order::new(if self.below(8) == 0 { self.below(1 << 20) as u32 } else { self.below(7) as u32 })
    }

    fn flags(&mut self) -> Gfp {
        let composites = [Gfp::KERNEL, Gfp::NOFS, Gfp::ATOMIC, Gfp::NOWAIT, Gfp::USER_MOVABLE];
        let mut flags = composites[self.below(5) as usize];
        for _ in 0..self.below(3) {
            flags |= Gfp::NAMES[self.below(Gfp::NAMES.len() as u64) as usize].1;
        }
        flags
    }
}

fn machine(random: &mut Random) -> Machine {
    let presets = [
        Policy::kernel(),
        Policy::strict(),
        Policy::small_may_fail(),
        Policy::impossible_nofail_fails(),
        Policy::impossible_nofail_kills(),
        Policy::single_page_never_fails(),
    ];
    // A machine that has stopped is of no more interest, so it waits instead.
    let policy = Policy { on_oom: OnOom::Wait, rounds_max: 200, ..presets[random.below(6) as usize].clone() };
    let node = |pages: u64| NodePages::new(200 + pages as u32).with_movable(64).with_dma32(33);
    let (one, other) = (node(random.below(100)), node(random.below(100)));
    Machine::builder().node(one).node(other).min_free_pages(20).policy(policy).build().unwrap()
}

/// One random run; everything that it got is given back at its end.
fn run(seed: u64) {
    let mut random = Random(seed);
    let machine = machine(&mut random);
    let total = machine.free_pages(None);
    let pool = Mempool::new(&machine, 2, Order::ZERO).unwrap();
    let (cpuset, budget) = (machine.cpuset(NodeMask::of(&[NodeId(0)])).unwrap(), machine.memcg(200).unwrap());
    let (lock, other) = (ReclaimLock::new(&machine, "lock", ()), ReclaimLock::new(&machine, "lock", ()));
    let (mut accounts, mut charges, mut guards) = (Vec::new(), Vec::new(), Vec::new());
    let cache = Cache::register(&machine, ReclaimClass::Fs, 20);
    let mut tasks = vec![Machine::BOOT];
    let (mut blocks, mut areas, mut pooled, mut queued) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut hoards, mut scopes, mut under_way, mut raw) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..150 {
        let task = if random.below(20) == 0 {
            TaskId(random.below(1 << 32) as u32)
        } else {
            tasks[random.below(tasks.len() as u64) as usize]
        };
        let (order, flags, size) = (random.order(), random.flags(), random.size());
        let node = NodeId(random.below(5) as u8);
        match random.below(29) {
            0..=4 => blocks.extend(machine.run_as(task, || machine.alloc_pages(order, flags)).ok()),
            5 => blocks.extend(machine.alloc_pages_node(node, order, flags).ok()),
            6 => areas.extend(machine.kvmalloc(size, flags).ok()),
            7 => areas.extend(machine.vmalloc(size, flags).ok().map(alloc_core::KvBlock::Mapped)),
            8 => pooled.extend(pool.alloc(flags).ok()),
            9 => queued.extend(machine.queue(task, order).ok()),
            10 => blocks.extend(machine.wait_alloc(order, [Wait::Never, Wait::OnePass][random.below(2) as usize]).ok()),
            11 => {
                let id = machine.spawn(TaskOptions {
                    oom_score_adj: random.below(1 << 16) as i16,
                    swapped_pages: random.below(3) * (u64::MAX / 3),
                    node,
                    mems: NodeMask::of(&[node, NodeId(random.below(256) as u8)]),
                    ..TaskOptions::named("task")
                });
                tasks.push(id);
            }
            12 => drop(machine.grow(task, random.below(60))),
            13 => machine.exit(task),
            14 => hoards.push(machine.exhaust(node, random.below(300))),
            15 => {
                let of = random.below(6) as u32;
                let random = Fragments::Random { free_permille: 300 * of, seed };
                hoards.push(machine.fragment(if of > 3 { random } else { Fragments::KeepOneIn(of) }));
            }
            16 => scopes.push(machine.run_as(task, || machine.scope(Scope::ALL[random.below(10) as usize]))),
            17 => under_way.extend(machine.request(task, Some(node), order, flags).ok()),
            18 => {
                let mut moving = machine.move_nodes(task, NodeMask::of(&[node]), MoveKind::ExpandThenShrink);
                let _ = moving.step();
                if random.below(4) > 0 {
                    moving.finish();
                }
            }
            19 => {
                machine.set_memory_locked(task, random.below(2) == 0);
                if random.below(8) == 0 {
                    machine.set_dying(task);
                }
            }
            20 => {
                let source = Attributes::unfiltered(random.below(120) as u32).seeded(seed);
                machine.set_faults((random.below(2) == 0).then(|| Arc::new(source) as _));
            }
            21 => {
                let frame = FrameNumber(random.below(1 << 10) as u32 * (1 + 4_000_000 * random.below(2) as u32));
                if let Ok(()) = machine.free_raw(frame, order) {
                    raw.retain(|(mine, _)| *mine != frame);
                }
                if let Some(block) = blocks.pop() {
                    let order: Order = alloc_core::PageBlock::order(&block);
                    raw.push((machine.into_raw(block.into_pages()).unwrap(), order));
                }
            }
            22 => drop(machine.background()),
            23 => {
                let nodes = NodeMask::of(&[node, NodeId(random.below(3) as u8)]);
                let policies = [
                    MemPolicy::Default,
                    MemPolicy::Bind(nodes),
                    MemPolicy::Preferred(node),
                    MemPolicy::Interleave(Interleave::over(nodes).weighing(node, random.below(256) as u8)),
                ];
                let rebind = [Rebind::Remap, Rebind::Relative, Rebind::Static][random.below(3) as usize];
                let _ = machine.run_as(task, || machine.set_mem_policy(policies[random.below(4) as usize], rebind));
            }
            24 => {
                let _ = match random.below(3) {
                    0 => cpuset.set_mems(NodeMask::of(&[node])),
                    1 => cpuset.attach(task),
                    _ => cpuset.move_to(NodeMask::of(&[NodeId(1)]), MoveKind::CountedIfDisjoint).map(|mut moving| {
                        let _ = moving.step();
                    }),
                };
            }
            25 => match random.below(4) {
                0 => drop(budget.attach(task)),
                1 => charges.push(budget.exhaust(random.below(50))),
                2 => budget.set_limit(random.below(400)),
                _ => accounts.push(machine.run_as(task, || budget.account())),
            },
            26 => {
                let lock = [&lock, &other][random.below(2) as usize];
                guards.extend(machine.run_as(task, || lock.lock(&machine)).ok());
                lock.taken_by_shrinkers(&machine, ReclaimClass::ALL[random.below(3) as usize]);
            }
            27 => pooled
                .extend(machine.run_as(task, || pool.alloc_bulk(random.below(4) as usize, flags)).unwrap_or_default()),
            _ => {
                for request in &mut under_way {
                    for _ in 0..random.below(9) {
                        if let Step::Done(Ok(block)) = request.step() {
                            blocks.push(block);
                        }
                    }
                }
                for request in &mut queued {
                    if let Step::Done(Ok(block)) = alloc_core::Queued::step(request) {
                        blocks.push(block);
                    }
                }
            }
        }
        if random.below(3) == 0 {
            blocks.pop();
            areas.pop();
            pooled.pop();
        }
        if random.below(6) == 0 {
            accounts.pop();
            charges.pop();
            guards.pop();
            hoards.pop();
            scopes.pop();
            under_way.pop();
            queued.pop();
        }
        machine.audit().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    for (frame, order) in raw {
        machine.free_raw(frame, order).unwrap();
    }
    tasks.into_iter().for_each(|task| machine.exit(task));
    drop((queued, under_way, pooled, blocks, areas, hoards, scopes));
    drop((accounts, charges, guards));
    std::mem::take(&mut *cache.pages.lock().unwrap()).into_iter().for_each(|pages| machine.free(pages).unwrap());
    machine.shrink_slabs();
    machine.audit().unwrap();
    assert_eq!(pool.reserved(), 2);
    assert!(budget.charged() <= 2, "seed {seed}: what came back is charged no more, but for the pool's reserve");
    assert_eq!(machine.free_pages(None) + 2, total, "seed {seed}: pages were lost");
}

#[test]
fn any_sequence_of_calls_with_groups_of_tasks_keeps_the_machine_whole() {
    for seed in 0..if cfg!(debug_assertions) { 60 } else { 3_000 } {
        run(seed);
    }
}
