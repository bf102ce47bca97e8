//! Reclaim: who is called for which flags, how often, and what a shrinker may do meanwhile.

mod support;

use alloc_core::{
    AllocError, Fragments, Gfp, Machine, Mempool, NodePages, OnOom, Order, Pages, Policy, ReclaimClass, Scope,
    Shrinker, Wait, ZoneKind,
};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};
use support::{Cache, MIN, NODE, Panics, full, machine, order};

const CLASSES: [ReclaimClass; 3] = [ReclaimClass::Clean, ReclaimClass::Fs, ReclaimClass::Io];

/// Which classes a request reaches, when everything that it reaches is needed.
fn reached(flags: Gfp, scope: Option<Scope>) -> [bool; 3] {
    CLASSES.map(|class| {
        let machine = machine(Policy { on_oom: OnOom::Wait, ..Policy::kernel() });
        let cache = Cache::register(&machine, class, 200);
        let _hoard = full(&machine);
        let _scope = scope.map(|scope| machine.scope(scope));
        // The background reclaimer may call everybody, so it is left out.
        let result = machine.alloc_pages(Order::ZERO, flags.without(Gfp::KSWAPD_RECLAIM));
        assert_eq!(result.is_ok(), cache.scans.load(Relaxed) > 0);
        result.is_ok()
    })
}

#[test]
fn row_029_nofs_never_calls_the_file_system() {
    assert_eq!(reached(Gfp::KERNEL, None), [true, true, true]);
    assert_eq!(reached(Gfp::NOFS, None), [true, false, true]);
    assert_eq!(reached(Gfp::KERNEL, Some(Scope::NoFs)), [true, false, true]);
}

#[test]
fn row_122_each_class_is_open_to_its_flags_alone() {
    assert_eq!(reached(Gfp::NOIO, None), [true, false, false]);
    assert_eq!(reached(Gfp::NOIO | Gfp::FS, None), [true, true, false]);
    assert_eq!(reached(Gfp::KERNEL, Some(Scope::NoIo)), [true, false, false]);
    assert_eq!(reached(Gfp::ATOMIC, None), [false, false, false]);
    assert_eq!(reached(Gfp::KERNEL, Some(Scope::NoReclaim)), [false, false, false]);
}

#[test]
fn row_122_a_pass_is_gentle_first_and_ends_when_enough_is_gained() {
    let machine = machine(Policy::kernel());
    let (first, second) =
        (Cache::register(&machine, ReclaimClass::Clean, 300), Cache::register(&machine, ReclaimClass::Clean, 300));
    let _hoard = full(&machine);
    let _ = machine.request(Machine::BOOT, None, Order::ZERO, Gfp::KERNEL | Gfp::NORETRY).unwrap().finish();
    let left = [&first, &second].map(|cache| cache.pages.lock().unwrap().len());
    // 1 + 1, 2 + 2, 4 + 4, 9 + 9: 32 is the least that a pass tries to gain.
    assert_eq!(left, [300 - 1 - 2 - 4 - 9, 300 - 1 - 2 - 4 - 9]);
}

/// A cache whose pages cost nothing.
struct Cheap(Arc<Cache>);

impl Shrinker for Cheap {
    fn class(&self) -> ReclaimClass {
        self.0.class()
    }

    fn count(&self) -> u64 {
        self.0.count()
    }

    fn seeks(&self) -> u32 {
        0
    }

    fn scan(&self, pages: u64, free: &mut dyn FnMut(Pages)) {
        self.0.scan(pages, free);
    }
}

#[test]
fn row_122_half_of_what_costs_nothing_goes_first() {
    let machine = machine(Policy::kernel());
    let dear = Cache::register(&machine, ReclaimClass::Clean, 300);
    let cheap = Cache::unregistered(&machine, ReclaimClass::Clean, 300);
    machine.register_shrinker(Arc::new(Cheap(cheap.clone())));
    let _hoard = full(&machine);
    let _ = machine.request(Machine::BOOT, None, Order::ZERO, Gfp::KERNEL | Gfp::NORETRY).unwrap().finish();
    assert_eq!([&dear, &cheap].map(|cache| cache.pages.lock().unwrap().len()), [300, 150]);
}

/// A shrinker that asks for memory itself.
struct Nested {
    machine: Weak<Machine>,
    pages: Mutex<Vec<Pages>>,
    results: Mutex<Vec<Result<(), AllocError>>>,
    depth: AtomicU32,
    deepest: AtomicU32,
}

impl Shrinker for Nested {
    fn class(&self) -> ReclaimClass {
        ReclaimClass::Clean
    }

    fn count(&self) -> u64 {
        self.pages.lock().unwrap().len() as u64
    }

    fn scan(&self, _: u64, free: &mut dyn FnMut(Pages)) {
        let depth = self.depth.fetch_add(1, Relaxed) + 1;
        self.deepest.fetch_max(depth, Relaxed);
        let machine = self.machine.upgrade().unwrap();
        let result = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop);
        self.results.lock().unwrap().push(result);
        while let Some(pages) = self.pages.lock().unwrap().pop() {
            free(pages);
        }
        self.depth.fetch_sub(1, Relaxed);
    }
}

#[test]
fn row_123_a_request_inside_of_reclaim_uses_the_reserve_and_does_not_reclaim_again() {
    for (leave, expected) in [(1, Ok(())), (0, Err(AllocError::NoMemory))] {
        let machine = Arc::new(machine(Policy::kernel()));
        let one = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap().into_pages();
        let nested = Arc::new(Nested {
            pages: Mutex::new((0..200).map(|_| one()).collect()),
            machine: Arc::downgrade(&machine),
            results: Mutex::default(),
            depth: AtomicU32::new(0),
            deepest: AtomicU32::new(0),
        });
        let id = machine.register_shrinker(nested.clone());
        let _hoard = machine.exhaust(NODE, leave);
        assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
        assert_eq!(*nested.results.lock().unwrap(), [expected]);
        assert_eq!((nested.deepest.load(Relaxed), machine.stats().direct_passes), (1, 1));
        assert!(!machine.context().effective(Gfp::KERNEL).contains(Gfp::MEMALLOC));
        assert!(machine.unregister_shrinker(id).is_some() && machine.unregister_shrinker(id).is_none());
    }
}

#[test]
fn row_123_a_cache_that_waits_for_the_background_is_not_entered_by_it_again() {
    struct Waits(Weak<Machine>, AtomicU32, AtomicU32);
    impl Shrinker for Waits {
        fn class(&self) -> ReclaimClass {
            ReclaimClass::Clean
        }
        fn count(&self) -> u64 {
            1
        }
        fn scan(&self, _: u64, _: &mut dyn FnMut(Pages)) {
            let depth = self.1.fetch_add(1, Relaxed) + 1;
            self.2.fetch_max(depth, Relaxed);
            assert!(depth < 10, "it is entered again and again");
            let machine = self.0.upgrade().unwrap();
            assert_eq!(machine.wait_alloc(Order::ZERO, Wait::OnePass).unwrap_err(), AllocError::NoMemory);
            self.1.fetch_sub(1, Relaxed);
        }
    }
    let machine = Arc::new(machine(Policy { on_oom: OnOom::Fail, ..Policy::kernel() }));
    let waits = Arc::new(Waits(Arc::downgrade(&machine), AtomicU32::new(0), AtomicU32::new(0)));
    machine.register_shrinker(waits.clone());
    let _hoard = full(&machine);
    assert_eq!(machine.wait_alloc(Order::ZERO, Wait::OnePass).unwrap_err(), AllocError::NoMemory);
    assert_eq!(waits.2.load(Relaxed), 1, "by the background");
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::NoMemory);
    assert_eq!(waits.2.load(Relaxed), 1, "by a request");
}

#[test]
fn row_123_a_shrinker_that_panics_leaves_the_machine_as_it_was() {
    let machine = machine(Policy::kernel());
    let id = machine.register_shrinker(Arc::new(Panics::default()));
    let hoard = full(&machine);
    let ask = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask)).is_err());
    machine.unregister_shrinker(id);
    assert_eq!(machine.current(), Machine::BOOT);
    // The task is not taken to be reclaiming still: it has no right to the reserve.
    drop(hoard);
    let _hoard = machine.exhaust(NODE, MIN);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NORETRY).unwrap_err(), AllocError::NoMemory);
    assert_eq!(machine.stats().direct_passes, 1);
    machine.audit().unwrap();
}

#[test]
fn row_121_the_background_wakes_below_low_and_stops_at_high() {
    let machine = machine(Policy::kernel());
    let cache = Cache::custom(&machine, ReclaimClass::Io, 500, None, 1);
    let marks = machine.watermarks(NODE, ZoneKind::Normal).unwrap();
    assert_eq!((marks.min, marks.low, marks.high), (64, 80, 96));
    for (leave, wakes) in [(marks.low + 1, 0), (marks.low, 1)] {
        let before = machine.stats();
        let _hoard = machine.exhaust(NODE, leave);
        assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
        assert_eq!(machine.stats().kswapd_wakes - before.kswapd_wakes, wakes, "{leave} free");
        assert_eq!(machine.background(), wakes == 1);
        assert_eq!(machine.stats().kswapd_passes - before.kswapd_passes, wakes);
    }
    // It gives one page each time, so the level is met exactly.
    assert_eq!(cache.pages.lock().unwrap().len() as u64, 500 - cache.scans.load(Relaxed) as u64);
    let _hoard = machine.exhaust(NODE, marks.low);
    let block = machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).unwrap();
    for _ in 0..10 {
        machine.background();
        let _ = machine.alloc_pages(order(9), Gfp::NOWAIT);
    }
    assert_eq!(machine.free_pages(None), marks.high);
    drop(block);
}

/// A cache that gives its page, and takes one again at once.
struct PingPong(Weak<Machine>, Mutex<Vec<Pages>>);

impl PingPong {
    /// Registered with a full machine that ends what goes round 500 times.
    fn with_full_machine() -> Arc<Machine> {
        let machine = Arc::new(machine(Policy { rounds_max: 500, ..Policy::kernel() }));
        let page = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap().into_pages();
        machine.register_shrinker(Arc::new(PingPong(Arc::downgrade(&machine), Mutex::new(vec![page]))));
        machine
    }
}

impl Shrinker for PingPong {
    fn class(&self) -> ReclaimClass {
        ReclaimClass::Clean
    }

    fn count(&self) -> u64 {
        1000
    }

    fn scan(&self, _: u64, free: &mut dyn FnMut(Pages)) {
        let machine = self.0.upgrade().unwrap();
        if let Some(pages) = self.1.lock().unwrap().pop() {
            free(pages);
        }
        let back = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(alloc_core::PageBlock::into_pages);
        self.1.lock().unwrap().extend(back);
    }
}

#[test]
fn row_063_a_cache_that_takes_back_what_it_gives_is_found_to_hang() {
    let machine = PingPong::with_full_machine();
    let _hoard = full(&machine);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::Hang);
}

#[test]
fn row_063_who_waits_in_a_queue_or_for_a_pool_while_a_cache_only_seems_to_give_hangs_too() {
    let machine = PingPong::with_full_machine();
    let pool = Mempool::new(&machine, 0, order(1)).unwrap();
    let _hoard = full(&machine);
    // A single page that comes and goes is of no use to either.
    assert_eq!(machine.wait_alloc(order(1), Wait::Forever).unwrap_err(), AllocError::Hang);
    assert_eq!(pool.alloc(Gfp::KERNEL).unwrap_err(), AllocError::Hang);
    assert_eq!(machine.stats().hangs, 2);
    machine.audit().unwrap();
}

#[test]
fn row_035_fragments_are_as_scarce_as_the_pigeon_holes_say() {
    for (of, free_permille) in [(2, 500), (4, 750), (8, 875)] {
        let machine = Machine::builder().node(NodePages::new(16_384)).min_free_pages(0).build().unwrap();
        let hoard = machine.fragment(Fragments::KeepOneIn(of));
        assert_eq!(machine.free_pages(None) * 1000 / 16_384, free_permille);
        let size = Order::new(of.ilog2());
        let above = (size.get()..=10).map(|size| machine.free_blocks(order(size))).sum::<u64>();
        assert_eq!(above, 0, "one page of {of} kept");
        assert!(machine.free_blocks(order(size.get() - 1)) > 0);
        machine.audit().unwrap();
        drop(hoard);
        assert_eq!(machine.free_blocks(order(10)), 16);
    }
}
