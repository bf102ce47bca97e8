//! What the tests share: a machine whose threads are the scheduler's, schedules by the thousand, and who owns which page.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this")]
#![allow(unsafe_code, reason = "implements a host")]

use alloc_core_schedules::{
    FrameNumber, Host, Machine, MachineBuilder, Order, PAGE_SIZE, PageBlock, Pages, PlainHost, ReclaimClass, Shrinker,
    TaskOptions,
};
use std::collections::BTreeSet;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, FailurePersistence, Runner};

/// Schedules of each test by each of the two schedulers; `SCHEDULES` in the environment says another number.
fn schedules() -> usize {
    let asked = std::env::var("SCHEDULES").ok().and_then(|number| number.parse().ok());
    asked.unwrap_or(if cfg!(debug_assertions) { 50 } else { 300 })
}

/// Runs `test` under random schedules, and under those that need few overtakings at chosen places (PCT: every bug that needs
/// three is found with a known probability). The same ones each time; one that fails prints what replays it.
pub fn check(test: fn()) {
    let config = || {
        let mut config = Config::new();
        config.stack_size = 1 << 18;
        // The seed that is printed says it all.
        config.failure_persistence = FailurePersistence::None;
        config
    };
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x5eed);
    Runner::new(RandomScheduler::new_from_seed(seed, schedules()), config()).run(test);
    Runner::new(PctScheduler::new_from_seed(seed, 3, schedules()), config()).run(test);
}

/// Ordinary memory, and the barrier that makes owners possible: every step is in one order with all others here.
struct Processors(PlainHost);

// SAFETY: all that it vouches for is the plain host's. As for `barrier`: one thread runs at a time, so each has passed one.
unsafe impl Host for Processors {
    fn base(&self) -> NonNull<u8> {
        self.0.base()
    }

    fn pages(&self) -> usize {
        self.0.pages()
    }

    fn barrier(&self) -> bool {
        if shuttle::current::get_current_task().is_some() {
            shuttle::thread::sleep(Duration::ZERO);
        }
        true
    }
}

/// A machine of two processors, to be built with its nodes.
pub fn builder(pages: usize) -> MachineBuilder {
    Machine::builder().host(Box::new(Processors(PlainHost::new(pages).unwrap()))).cpus(2)
}

/// A number below `limit`, the scheduler's choice.
pub fn below(limit: u64) -> u64 {
    use shuttle::rand::Rng as _;
    shuttle::rand::thread_rng().gen_range(0..limit)
}

/// The pages that somebody owns, as the threads say.
#[derive(Default)]
pub struct Owned(Mutex<BTreeSet<u32>>);

impl Owned {
    /// A thread got a block: it is nobody's.
    pub fn take(&self, frame: FrameNumber, order: Order) {
        let mut owned = self.0.lock().unwrap();
        for page in frame.0..frame.0 + order.pages() as u32 {
            assert!(owned.insert(page), "frame {page} was handed out twice");
        }
    }

    /// A thread is about to give a block back.
    pub fn give(&self, frame: FrameNumber, order: Order) {
        let mut owned = self.0.lock().unwrap();
        (frame.0..frame.0 + order.pages() as u32).for_each(|page| assert!(owned.remove(&page)));
    }

    /// Writes into a block what only its owner writes.
    pub fn keep<'m>(&self, mut block: PageBlock<'m>) -> PageBlock<'m> {
        self.take(block.frame(), block.order());
        let stamp = block.frame().0 as u8 ^ 0x5a;
        block.bytes_mut().chunks_mut(PAGE_SIZE).for_each(|page| page[..8].fill(stamp));
        block
    }

    /// Gives a block back that is as its owner left it.
    pub fn drop(&self, block: PageBlock<'_>) {
        let stamp = block.frame().0 as u8 ^ 0x5a;
        assert!(block.bytes().chunks(PAGE_SIZE).all(|page| page[..8] == [stamp; 8]), "somebody wrote into {block:?}");
        self.give(block.frame(), block.order());
        drop(block);
    }
}

/// A shrinker with pages of the machine.
pub struct Cached {
    pub pages: Mutex<Vec<Pages>>,
    pub was_called: AtomicBool,
}

impl Cached {
    pub fn register(machine: &Machine, pages: usize) -> Arc<Cached> {
        let one = || machine.alloc_pages(Order::ZERO, alloc_core_schedules::Gfp::KERNEL).unwrap().into_pages();
        let pages = Mutex::new((0..pages).map(|_| one()).collect());
        let cached = Arc::new(Cached { pages, was_called: AtomicBool::new(false) });
        machine.register_shrinker(cached.clone());
        cached
    }

    /// Gives back what is left.
    pub fn empty(&self, machine: &Machine) {
        let pages = std::mem::take(&mut *self.pages.lock().unwrap());
        pages.into_iter().for_each(|pages| machine.free(pages).unwrap());
    }

    fn pop(&self) -> Option<Pages> {
        self.pages.lock().unwrap().pop()
    }
}

impl Shrinker for Cached {
    fn class(&self) -> ReclaimClass {
        ReclaimClass::Clean
    }

    fn count(&self) -> u64 {
        self.pages.lock().unwrap().len() as u64
    }

    fn scan(&self, pages: u64, free: &mut dyn FnMut(Pages)) {
        self.was_called.store(true, Relaxed);
        for _ in 0..pages {
            let Some(pages) = self.pop() else { return };
            free(pages);
        }
    }
}

/// Runs `body` in the name of a task of its own, as threads are meant to: a task that reclaims has other rights meanwhile.
pub fn as_task<R>(machine: &Machine, body: impl FnOnce() -> R) -> R {
    let task = machine.spawn(TaskOptions::named("thread"));
    let result = machine.run_as(task, body);
    machine.exit(task);
    result
}

/// Nobody has anything any more: the machine is whole, has all of its pages, and its counters add up.
pub fn is_whole(machine: &Machine, pages: u64) {
    machine.shrink_slabs();
    machine.audit().unwrap();
    machine.audit_slabs().unwrap();
    assert_eq!(machine.free_pages(None), pages, "pages were lost");
    let stats = machine.stats();
    let served = stats.served_by_policy + stats.served_by_chance;
    assert_eq!(stats.requests(), served + stats.failures, "{stats:?}");
}
