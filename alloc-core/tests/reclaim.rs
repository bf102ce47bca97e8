//! Reclaim: who is called for which flags, how often, and what a shrinker may do meanwhile.

mod support;

use alloc_core::{
    AllocError, Fragments, Gfp, Machine, NodePages, OnOom, Order, Pages, Policy, ReclaimClass, Scope, Shrinker,
    ZoneKind,
};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use support::{Cache, MIN, NODE, full, machine, order};

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
        assert_eq!(result.is_ok(), cache.scans.get() > 0);
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
    let left = [&first, &second].map(|cache| cache.pages.borrow().len());
    // 1 + 1, 2 + 2, 4 + 4, 9 + 9: 32 is the least that a pass tries to gain.
    assert_eq!(left, [300 - 1 - 2 - 4 - 9, 300 - 1 - 2 - 4 - 9]);
}

/// A shrinker that asks for memory itself.
struct Nested {
    machine: Weak<Machine>,
    pages: RefCell<Vec<Pages>>,
    results: RefCell<Vec<Result<(), AllocError>>>,
    depth: Cell<u32>,
    deepest: Cell<u32>,
}

impl Shrinker for Nested {
    fn class(&self) -> ReclaimClass {
        ReclaimClass::Clean
    }

    fn count(&self) -> u64 {
        self.pages.borrow().len() as u64
    }

    fn scan(&self, _: u64, free: &mut dyn FnMut(Pages)) {
        self.depth.set(self.depth.get() + 1);
        self.deepest.set(self.deepest.get().max(self.depth.get()));
        let machine = self.machine.upgrade().unwrap();
        let result = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop);
        self.results.borrow_mut().push(result);
        while let Some(pages) = self.pages.borrow_mut().pop() {
            free(pages);
        }
        self.depth.set(self.depth.get() - 1);
    }
}

#[test]
fn row_123_a_request_inside_of_reclaim_uses_the_reserve_and_does_not_reclaim_again() {
    for (leave, expected) in [(1, Ok(())), (0, Err(AllocError::NoMemory))] {
        let machine = Rc::new(machine(Policy::kernel()));
        let one = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap().into_pages();
        let nested = Rc::new(Nested {
            pages: RefCell::new((0..200).map(|_| one()).collect()),
            machine: Rc::downgrade(&machine),
            results: RefCell::default(),
            depth: Cell::new(0),
            deepest: Cell::new(0),
        });
        let id = machine.register_shrinker(nested.clone());
        let _hoard = machine.exhaust(NODE, leave);
        assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
        assert_eq!(*nested.results.borrow(), [expected]);
        assert_eq!((nested.deepest.get(), machine.stats().direct_passes), (1, 1));
        assert!(!machine.context().effective(Gfp::KERNEL).contains(Gfp::MEMALLOC));
        assert!(machine.unregister_shrinker(id).is_some() && machine.unregister_shrinker(id).is_none());
    }
}

#[test]
fn row_123_a_shrinker_that_panics_leaves_the_machine_as_it_was() {
    struct Panics;
    impl Shrinker for Panics {
        fn class(&self) -> ReclaimClass {
            ReclaimClass::Clean
        }
        fn count(&self) -> u64 {
            u64::MAX
        }
        fn scan(&self, _: u64, _: &mut dyn FnMut(Pages)) {
            panic!("a bug of the cache");
        }
    }
    let machine = machine(Policy::kernel());
    let id = machine.register_shrinker(Rc::new(Panics));
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
    assert_eq!(cache.pages.borrow().len() as u64, 500 - cache.scans.get() as u64);
    let _hoard = machine.exhaust(NODE, marks.low);
    let block = machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).unwrap();
    for _ in 0..10 {
        machine.background();
        let _ = machine.alloc_pages(order(9), Gfp::NOWAIT);
    }
    assert_eq!(machine.free_pages(None), marks.high);
    drop(block);
}

#[test]
fn row_063_a_cache_that_takes_back_what_it_gives_is_found_to_hang() {
    struct PingPong(Weak<Machine>, RefCell<Vec<Pages>>);
    impl Shrinker for PingPong {
        fn class(&self) -> ReclaimClass {
            ReclaimClass::Clean
        }
        fn count(&self) -> u64 {
            1000
        }
        fn scan(&self, _: u64, free: &mut dyn FnMut(Pages)) {
            let machine = self.0.upgrade().unwrap();
            if let Some(pages) = self.1.borrow_mut().pop() {
                free(pages);
            }
            let back = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(alloc_core::PageBlock::into_pages);
            self.1.borrow_mut().extend(back);
        }
    }
    let policy = Policy { rounds_max: 500, ..Policy::kernel() };
    let machine = Rc::new(machine(policy));
    let page = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap().into_pages();
    machine.register_shrinker(Rc::new(PingPong(Rc::downgrade(&machine), RefCell::new(vec![page]))));
    let _hoard = full(&machine);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::Hang);
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
