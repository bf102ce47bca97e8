//! Random situations, built for real, and described for the second reading.
#![expect(unsafe_code, reason = "one host's memory is lent to many machines, one after the other")]

use alloc_core::{
    AtomicSleep, BadNofail, ContextSource, Discipline, FrameNumber, Gfp, Host, LargeNofail, Machine, MemPolicy,
    NestedNofail, NodeId, NodeMask, NodePages, NofsOom, OnOom, Order, Pages, PlainHost, Policy, Rebind, ReclaimClass,
    Scope, Shrinker, Small, TaskId, TaskOptions,
};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use super::world::{MIN, NODES, PAGES, World};

/// One host's memory, lent.
struct Lent(Arc<PlainHost>);

// SAFETY: 1. and 2. are the lender's promises, except that the memory was zeroed only for the first borrower; no test here
// reads it. 3. The machines that borrow it live one after the other. 4. `release` does nothing.
unsafe impl Host for Lent {
    fn base(&self) -> std::ptr::NonNull<u8> {
        self.0.base()
    }

    fn pages(&self) -> usize {
        self.0.pages()
    }
}

/// Where choices come from: a seed, or bytes that a fuzzer has made. Behind the last byte every choice is the first.
#[allow(dead_code, reason = "seeds are the tests', bytes the fuzzer's")]
pub(crate) enum Random<'b> {
    Seed(u64),
    Bytes(&'b [u8]),
}

impl Random<'_> {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        match self {
            Random::Seed(state) => {
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (*state >> 33) % limit
            }
            Random::Bytes(bytes) => bytes.split_off_first().map_or(0, |byte| u64::from(*byte) % limit),
        }
    }

    fn one_in(&mut self, limit: u64) -> bool {
        self.below(limit) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// A cache that gives all that it has when it is asked.
struct Generous {
    class: ReclaimClass,
    pages: Mutex<Vec<Pages>>,
}

impl Shrinker for Generous {
    fn class(&self) -> ReclaimClass {
        self.class
    }

    fn count(&self) -> u64 {
        if self.pages.lock().unwrap().is_empty() { 0 } else { 1 << 12 }
    }

    fn scan(&self, _: u64, free: &mut dyn FnMut(Pages)) {
        std::mem::take(&mut *self.pages.lock().unwrap()).into_iter().for_each(free);
    }
}

fn policy(random: &mut Random<'_>) -> Policy {
    use BadNofail as Bad;
    use NestedNofail as Nested;
    let kernel = Policy::kernel();
    Policy {
        small: random.of(&[Small::Loop, Small::Loop, Small::MayFail]),
        default_small: random.of(&[Small::Loop, Small::MayFail]),
        discipline: match random.below(12) {
            0 => Discipline::PageOrLess,
            1 => Discipline::PageOrLessNoted,
            _ => Discipline::Free,
        },
        order_zero_nofail: random.one_in(4),
        costly: Order::new(random.below(5) as u32),
        largest: Order::new(random.of(&[5, 5, 5, 4, 6])),
        strict: random.one_in(8),
        bad_nofail: random.of(&[Bad::Fail, Bad::Loop, Bad::KillTask, Bad::Bug, Bad::Promote]),
        nested_nofail: random.of(&[
            Nested::Violate,
            Nested::WarnAndReclaim,
            Nested::Loop,
            Nested::KillTask,
            Nested::Bug,
        ]),
        large_nofail: random.of(&[
            LargeNofail::Serve,
            LargeNofail::Serve,
            LargeNofail::Kill,
            LargeNofail::Fail,
            LargeNofail::Bug,
        ]),
        nofs_oom: random.of(&[NofsOom::Pretend, NofsOom::Kill, NofsOom::Fail]),
        on_oom: random.of(&[OnOom::Panic, OnOom::Fail, OnOom::Wait]),
        panic_on_oom: random.one_in(8),
        atomic_sleep: random.of(&[AtomicSleep::Report, AtomicSleep::Report, AtomicSleep::Fail, AtomicSleep::Bug]),
        context_source: random.of(&[ContextSource::TaskTracked, ContextSource::CallerFlagsOnly]),
        ..kernel
    }
}

fn flags(random: &mut Random<'_>) -> Gfp {
    let mut flags = Gfp::NONE;
    for flag in [Gfp::DIRECT_RECLAIM, Gfp::KSWAPD_RECLAIM, Gfp::IO, Gfp::FS] {
        flags |= if random.one_in(4) { Gfp::NONE } else { flag };
    }
    for flag in [
        Gfp::HIGH,
        Gfp::NOWARN,
        Gfp::RETRY_MAYFAIL,
        Gfp::NOFAIL,
        Gfp::NOFAIL,
        Gfp::NORETRY,
        Gfp::MEMALLOC,
        Gfp::NOMEMALLOC,
        Gfp::THISNODE,
        Gfp::DMA32,
        Gfp::MOVABLE,
        Gfp::RECLAIMABLE,
        Gfp::HARDWALL,
        Gfp::ACCOUNT,
        Gfp::CONVERTED,
        Gfp::FALLBACK,
    ] {
        flags |= if random.one_in(6) { flag } else { Gfp::NONE };
    }
    flags
}

/// Builds a random situation for real, and describes it.
pub(crate) fn situation(random: &mut Random<'_>, host: &Arc<PlainHost>) -> (Machine, TaskId, Vec<Pages>, World) {
    let policy = policy(random);
    let node = || NodePages::new(PAGES);
    let machine = Machine::builder().node(node()).node(node()).min_free_pages(2 * MIN).policy(policy.clone());
    let machine = machine.host(Box::new(Lent(host.clone()))).build().unwrap();
    let hog = machine.spawn(TaskOptions::named("hog"));
    let hogged = if random.one_in(2) { 0 } else { random.below(40) };
    machine.grow(hog, hogged).unwrap();
    if hogged == 0 {
        machine.exit(hog);
    }
    let take = || machine.alloc_pages(Order::ZERO, Gfp::MEMALLOC | Gfp::NOWARN).map(alloc_core::PageBlock::into_pages);
    let all: Vec<Pages> = std::iter::from_fn(|| take().ok()).collect();
    let known: BTreeSet<u32> = all.iter().map(|pages| pages.frame().0).collect();
    let hog: BTreeSet<u32> = (0..NODES * PAGES).filter(|page| !known.contains(page)).collect();
    assert_eq!(hog.len() as u64, hogged);
    let (free_share, cache_share) = (random.below(101), random.below(101));
    let (run, cache_run) = (1 << random.below(6), 1 << random.below(6));
    let mut rolls = |share, run: u32| -> BTreeSet<u32> {
        let runs: Vec<bool> = (0..NODES * PAGES).map(|_| random.below(100) < share).collect();
        (0..NODES * PAGES).filter(|page| runs[(page / run) as usize]).collect()
    };
    let (to_free, to_cache) = (rolls(free_share, run), rolls(cache_share, cache_run));
    let (mut free, mut cached, mut cache, mut held) = (BTreeSet::new(), BTreeSet::new(), Vec::new(), Vec::new());
    for pages in all {
        let FrameNumber(frame) = pages.frame();
        if to_free.contains(&frame) {
            free.insert(frame);
            machine.free(pages).unwrap();
        } else if to_cache.contains(&frame) {
            cached.insert(frame);
            cache.push(pages);
        } else {
            held.push(pages);
        }
    }
    let class = random.of(&[ReclaimClass::Clean, ReclaimClass::Fs, ReclaimClass::Io]);
    machine.register_shrinker(Arc::new(Generous { class, pages: Mutex::new(cache) }));
    let asking = machine.spawn(TaskOptions { kernel_thread: true, ..TaskOptions::named("asking") });
    machine.set_memory_locked(asking, true);
    let dying = random.one_in(5);
    if dying {
        machine.set_dying(asking);
    }
    let scopes = [
        Scope::NoFs,
        Scope::NoIo,
        Scope::NoReclaim,
        Scope::NoDirectReclaim,
        Scope::CoreDump,
        Scope::Atomic,
        Scope::Interrupt,
    ];
    let scopes = scopes.into_iter().filter(|_| random.one_in(9)).collect();
    let (flags, order) = (flags(random), random.below(7) as u32);
    let (mems, bound) = nodes(random, &machine, asking);
    let budget = random.one_in(4).then(|| (random.below(40), random.one_in(2)));
    let mut scoped: Vec<_> = (0..random.below(3)).map(|_| (self::policy(random), random.one_in(2))).collect();
    scoped.sort_by_key(|(_, within)| *within);
    let world = World { policy, scoped, flags, order, scopes, free, class, cached, hog, dying, mems, bound, budget };
    (machine, asking, held, world)
}

/// Gives the task that asks a cpuset and a memory policy, or none.
fn nodes(random: &mut Random<'_>, machine: &Machine, asking: TaskId) -> (BTreeSet<u32>, Option<BTreeSet<u32>>) {
    let sets = [vec![0, 1], vec![0, 1], vec![0], vec![1]];
    let mut set = || sets[random.below(4) as usize].clone();
    let mask = |nodes: &[u32]| NodeMask::of(&nodes.iter().map(|node| NodeId(*node as u8)).collect::<Vec<_>>());
    let (mems, wanted) = (set(), set());
    machine.cpuset(mask(&mems)).unwrap().attach(asking).unwrap();
    let left: BTreeSet<u32> = wanted.iter().copied().filter(|node| mems.contains(node)).collect();
    let mut bound = None;
    match random.below(4) {
        0 | 1 => {
            let set = machine.run_as(asking, || machine.set_mem_policy(MemPolicy::Bind(mask(&wanted)), Rebind::Static));
            assert_eq!(set.is_ok(), !left.is_empty());
            bound = set.is_ok().then_some(left);
        }
        2 => {
            // Where a request begins does not change how it ends.
            let first = MemPolicy::Preferred(NodeId(mems[0] as u8));
            machine.run_as(asking, || machine.set_mem_policy(first, Rebind::Remap)).unwrap();
        }
        _ => {}
    }
    (mems.into_iter().collect(), bound)
}
