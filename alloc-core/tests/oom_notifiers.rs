//! OOM notifiers: memory that they give back prevents a kill, and nothing else changes.

mod support;

use alloc_core::{AllocError, EventKind, Gfp, Machine, OomNotifier, Order, Pages, Policy, Step, Wait};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, Weak};
use support::{full, hog, kinds, machine, order};

/// Some pages that it gives back, so many at a time.
struct Balloon {
    pages: Mutex<Vec<Pages>>,
    per_call: usize,
    calls: AtomicU32,
}

impl Balloon {
    fn register(machine: &Machine, pages: usize, per_call: usize) -> Arc<Balloon> {
        let one = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap().into_pages();
        let pages = Mutex::new((0..pages).map(|_| one()).collect());
        let balloon = Arc::new(Balloon { pages, per_call, calls: AtomicU32::new(0) });
        machine.register_oom_notifier(balloon.clone());
        balloon
    }
}

impl OomNotifier for Balloon {
    fn notify(&self, free: &mut dyn FnMut(Pages)) {
        self.calls.fetch_add(1, Relaxed);
        let mut pages = self.pages.lock().unwrap();
        let kept = pages.len().saturating_sub(self.per_call);
        pages.drain(kept..).for_each(free);
    }
}

#[test]
fn row_119_memory_that_a_notifier_gives_back_prevents_the_kill() {
    let machine = machine(Policy::kernel());
    let victim = hog(&machine, 300);
    let (first, second) = (Balloon::register(&machine, 100, 100), Balloon::register(&machine, 0, 0));
    let _hoard = full(&machine);
    let block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    let stats = machine.stats();
    assert_eq!((stats.kills, stats.kills_averted, machine.free_pages(None)), (0, 1, 99));
    assert_eq!((first.calls.load(Relaxed), second.calls.load(Relaxed)), (1, 1), "all of them are called");
    assert!(kinds(&machine, 0).contains(&EventKind::OomNotified(100)));
    // With nothing left to give, it is as if there were none.
    let _hoard = full(&machine);
    let other = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    assert!(machine.is_victim(victim));
    assert_eq!((machine.stats().kills, machine.stats().kills_averted), (1, 1));
    drop((block, other));
    machine.audit().unwrap();
}

#[test]
fn row_119_notifiers_are_asked_again_as_long_as_they_give_and_it_is_not_enough() {
    let machine = machine(Policy::kernel());
    hog(&machine, 300);
    let balloon = Balloon::register(&machine, 200, 20);
    let _hoard = full(&machine);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
    assert_eq!((balloon.calls.load(Relaxed), machine.stats().kills), (4, 0), "80 pages are more than 64");
}

#[test]
fn row_119_only_those_whom_the_killer_would_serve_have_notifiers_called() {
    let machine = machine(Policy::kernel());
    let balloon = Balloon::register(&machine, 100, 0);
    let _hoard = full(&machine);
    let cases = [Gfp::KERNEL | Gfp::RETRY_MAYFAIL, Gfp::KERNEL | Gfp::NORETRY, Gfp::KERNEL | Gfp::THISNODE];
    for flags in cases {
        assert!(machine.alloc_pages(Order::ZERO, flags).is_err());
    }
    assert!(machine.alloc_pages(order(4), Gfp::KERNEL).is_err());
    assert_eq!(balloon.calls.load(Relaxed), 0);
    // Without FS nobody is killed, and notifiers are called all the same.
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::NOFS).unwrap_err(), AllocError::Hang);
    assert!(balloon.calls.load(Relaxed) > 0);
}

/// Asks the machine itself for memory, and keeps none.
struct Asking {
    machine: Mutex<Weak<Machine>>,
    found: Mutex<Vec<Result<(), AllocError>>>,
}

impl OomNotifier for Asking {
    fn notify(&self, _: &mut dyn FnMut(Pages)) {
        let machine = self.machine.lock().unwrap().upgrade().unwrap();
        let result = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop);
        self.found.lock().unwrap().push(result);
    }
}

#[test]
fn row_119_what_a_notifier_asks_for_comes_neither_to_reclaim_nor_to_the_killer() {
    let machine = Arc::new(machine(Policy::kernel()));
    hog(&machine, 300);
    let asking = Asking { machine: Mutex::new(Arc::downgrade(&machine)), found: Mutex::default() };
    let asking = Arc::new(asking);
    let id = machine.register_oom_notifier(asking.clone());
    let hoard = full(&machine);
    let mut request = machine.request(Machine::BOOT, None, Order::ZERO, Gfp::KERNEL).unwrap();
    while asking.found.lock().unwrap().is_empty() {
        assert!(!matches!(request.step(), Step::Done(_)));
    }
    assert_eq!(*asking.found.lock().unwrap(), [Err(AllocError::NoMemory)]);
    assert_eq!(machine.stats().kills, 0);
    assert!(request.finish().is_ok());
    assert_eq!(machine.stats().kills, 1);
    drop(hoard);
    assert!(machine.unregister_oom_notifier(id).is_some() && machine.unregister_oom_notifier(id).is_none());
}

#[test]
fn row_119_the_queue_asks_the_notifiers_before_the_killer() {
    let machine = machine(Policy::kernel());
    hog(&machine, 300);
    let balloon = Balloon::register(&machine, 100, 100);
    let _hoard = full(&machine);
    assert!(machine.wait_alloc(Order::ZERO, Wait::Forever).is_ok());
    assert_eq!((balloon.calls.load(Relaxed), machine.stats().kills), (1, 0));
    let _hoard = full(&machine);
    assert!(machine.wait_alloc(Order::ZERO, Wait::Forever).is_ok());
    assert_eq!(machine.stats().kills, 1);
}
