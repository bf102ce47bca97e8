//! Injected failures: when the source is asked, and what a failed request has not done.

mod support;

use alloc_core::{
    AllocError, Attributes, CacheOptions, CacheSite, Capability, FaultSource, Gfp, Holder, Knob, Knobs, Machine, Order,
    PAGE_SIZE, Policy, Scope, Site,
};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use support::{full, hog, machine, order};

#[test]
fn row_011_an_injected_failure_does_no_work() {
    let machine = machine(Policy::kernel());
    hog(&machine, 500);
    let _hoard = full(&machine);
    machine.set_faults(Some(Arc::new(Attributes::unfiltered(100))));
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::Injected);
    let stats = machine.stats();
    assert_eq!((stats.injected, stats.direct_passes, stats.kills, stats.kswapd_wakes), (1, 0, 0, 0));
    // NOFAIL is let through: there is nothing that its caller could do.
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NOFAIL).is_ok());
    machine.set_faults(None);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
}

#[test]
fn row_011_the_source_sees_the_request_as_the_scopes_left_it() {
    struct Seen(Knob<Option<(Capability, Gfp, Order)>>);
    impl FaultSource for Seen {
        fn fails(&self, site: &Site<'_>) -> bool {
            self.0.set(Some((site.capability, site.flags, site.order)));
            false
        }
    }
    let seen = Arc::new(Seen(Knob::new(None)));
    let machine = support::builder(Policy::kernel()).faults(seen.clone()).build().unwrap();
    let _scope = machine.scope(Scope::NoFs);
    assert!(machine.alloc_pages(order(2), Gfp::KERNEL).is_ok());
    assert_eq!(seen.0.get(), Some((Capability::PageAlloc, Gfp::NOFS, order(2))));
    seen.0.set(None);
    assert_eq!(machine.alloc_pages(order(11), Gfp::KERNEL).unwrap_err(), AllocError::OrderTooBig);
    assert_eq!(seen.0.get(), None, "what is refused anyway is not asked about");
}

#[test]
fn row_011_a_cache_is_asked_about_before_any_work_and_by_its_name() {
    type Asked = (Capability, Gfp, usize, Option<CacheSite>);
    struct Seen(Knob<Vec<Asked>>);
    impl FaultSource for Seen {
        fn fails(&self, site: &Site<'_>) -> bool {
            let mut seen = self.0.get();
            seen.push((site.capability, site.flags, site.size, site.cache));
            self.0.set(seen);
            false
        }
    }
    let seen = Arc::new(Seen(Knob::new(Vec::new())));
    let machine = support::builder(Policy::kernel()).faults(seen.clone()).build().unwrap();
    let cache = machine.cache(CacheOptions::new("inode", 100)).unwrap();
    let _scope = machine.scope(Scope::NoFs);
    drop(cache.alloc(Gfp::KERNEL).unwrap());
    let inode = Some(CacheSite { name: "inode", failslab: false });
    let (slab, page) = (Capability::Slab, Capability::PageAlloc);
    assert_eq!(seen.0.get(), [(slab, Gfp::KERNEL, 100, inode), (page, Gfp::NOFS, PAGE_SIZE, None)]);
    seen.0.set(Vec::new());
    drop(cache.alloc(Gfp::KERNEL).unwrap());
    drop(machine.kmalloc(50, Gfp::ATOMIC).unwrap());
    let class = Some(CacheSite { name: "kmalloc-64", failslab: true });
    assert_eq!(seen.0.get()[..2], [(slab, Gfp::KERNEL, 100, inode), (slab, Gfp::ATOMIC, 64, class)]);
    machine.set_faults(Some(Arc::new(Attributes::unfiltered(100))));
    let before = machine.stats();
    assert_eq!(cache.alloc(Gfp::KERNEL).unwrap_err(), AllocError::Injected);
    assert_eq!(cache.prefill(2, Gfp::KERNEL).unwrap_err(), AllocError::Injected);
    assert!(cache.alloc(Gfp::KERNEL | Gfp::NOFAIL).is_ok());
    let stats = machine.stats();
    assert_eq!((stats.injected - before.injected, stats.requests() - before.requests()), (2, 0));
}

#[test]
fn row_011_failslab_can_be_kept_to_marked_caches_and_either_kind_of_request() {
    let machine = machine(Policy::kernel());
    let plain = machine.cache(CacheOptions::new("plain", 100)).unwrap();
    let marked = machine.cache(CacheOptions { failslab: true, ..CacheOptions::new("marked", 100) }).unwrap();
    let failing_by = |source: Arc<dyn FaultSource>| {
        machine.set_faults(Some(source));
        let page = machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::HIGHMEM).is_err();
        let failing = [plain.alloc(Gfp::KERNEL).is_err(), marked.alloc(Gfp::KERNEL).is_err(), page];
        machine.set_faults(None);
        failing
    };
    let failing = |change: fn(&mut Attributes)| {
        let mut attributes = Attributes::unfiltered(100);
        change(&mut attributes);
        failing_by(Arc::new(attributes))
    };
    let failing_only =
        |capability| failing_by(Arc::new(Knobs::default().with(capability, Attributes::unfiltered(100))));
    drop((plain.alloc(Gfp::KERNEL).unwrap(), marked.alloc(Gfp::KERNEL).unwrap()));
    assert_eq!(failing(|_| {}), [true; 3]);
    assert_eq!(failing(|a| a.cache_filter = true), [false, true, true]);
    assert_eq!(failing_only(Capability::Slab), [true, true, false]);
    assert_eq!(failing_only(Capability::PageAlloc), [false, false, true]);
    assert_eq!(failing(|a| a.min_order = order(1)), [true, true, false], "orders are of pages");
    assert_eq!(failing(|a| a.ignore_gfp_highmem = true), [true, true, false], "and so is high memory");
    assert_eq!(failing(|a| a.ignore_gfp_wait = true), [false; 3]);
    // An object takes its own size off the space, not a page.
    assert_eq!(failing(|a| a.space = Knob::new(101)), [false, true, true]);
}

#[test]
fn row_011_a_sweep_of_fail_nth_fails_each_request_once() {
    let workload = |machine: &Machine| -> Result<(), usize> {
        for step in 0..7 {
            machine.alloc_pages(order(step % 3), Gfp::KERNEL).map_err(|_| step as usize)?;
        }
        Ok(())
    };
    let mut failing = Vec::new();
    for nth in 1.. {
        let machine = machine(Policy::kernel());
        machine.set_faults(Some(Arc::new(Attributes::unfiltered(0))));
        machine.task_faults(Machine::BOOT).unwrap().fail_nth.set(nth);
        match workload(&machine) {
            Err(step) => failing.push(step),
            Ok(()) => break,
        }
        assert_eq!(machine.free_pages(None), u64::from(support::PAGES), "nothing is lost");
    }
    assert_eq!(failing, [0, 1, 2, 3, 4, 5, 6]);
}

/// Fails one capability, and marks every request that it lets pass with a number of its own.
struct Marks {
    fails: Option<Capability>,
    next: AtomicU32,
    seen: Mutex<Vec<(Capability, Gfp, usize)>>,
}

impl Marks {
    fn failing(fails: Option<Capability>) -> Arc<Marks> {
        Arc::new(Marks { fails, next: AtomicU32::new(0), seen: Mutex::default() })
    }
}

impl FaultSource for Marks {
    fn fails(&self, site: &Site<'_>) -> bool {
        self.seen.lock().unwrap().push((site.capability, site.flags, site.size));
        Some(site.capability) == self.fails
    }

    fn mark(&self, site: &Site<'_>) -> u32 {
        assert!(site.asking.0 < 2, "the boot task, or the hog");
        self.next.fetch_add(1, Ordering::Relaxed) + 1
    }
}

#[test]
fn what_is_held_is_known_with_its_holder_and_its_mark() {
    let machine = support::builder(Policy::kernel()).faults(Marks::failing(None)).build().unwrap();
    let owned = machine.alloc_pages(order(1), Gfp::KERNEL).unwrap();
    let raw = machine.into_raw(machine.alloc_pages(order(2), Gfp::KERNEL).unwrap().into_pages()).unwrap();
    let hog = hog(&machine, 1);
    let hoard = machine.exhaust(support::NODE, support::PAGES as u64 - 8);
    let mut held: Vec<_> = machine.held().into_iter().map(|held| (held.holder, held.order, held.mark)).collect();
    held.sort_by_key(|(_, order, _)| *order);
    let user = (Holder::Task(hog), Order::ZERO, 0);
    let hoarded = (Holder::Hoard, Order::ZERO, 0);
    assert_eq!(held, [user, hoarded, (Holder::Owner, order(1), 1), (Holder::Number, order(2), 2)]);
    drop((owned, hoard));
    machine.free_raw(raw, order(2)).unwrap();
    machine.exit(hog);
    assert_eq!(machine.held(), []);
    machine.set_faults(None);
    let block = machine.alloc_pages(order(2), Gfp::KERNEL).unwrap();
    assert_eq!(machine.held()[0].mark, 0, "no mark of an earlier owner");
    drop(block);
}

#[test]
fn what_was_answered_before_is_shown_to_the_source_once_and_as_the_first_time() {
    /// Fails every fifth request, and marks every third of the others.
    #[derive(Default)]
    struct Turns(Mutex<Vec<(Gfp, Order, usize)>>);
    impl FaultSource for Turns {
        fn fails(&self, site: &Site<'_>) -> bool {
            let mut seen = self.0.lock().unwrap();
            seen.push((site.flags, site.order, site.size));
            seen.len().is_multiple_of(5)
        }
        fn mark(&self, _: &Site<'_>) -> u32 {
            let number = self.0.lock().unwrap().len() as u32;
            if number.is_multiple_of(3) { number } else { 0 }
        }
    }
    let turns = Arc::new(Turns::default());
    let machine = support::builder(Policy::kernel()).faults(turns.clone()).build().unwrap();
    let _scope = machine.scope(Scope::NoFs);
    for number in 1..=60_u32 {
        let size = order(number % 2);
        let block = machine.alloc_pages(size, Gfp::KERNEL);
        let seen = turns.0.lock().unwrap().clone();
        assert_eq!((seen.len(), seen.last()), (number as usize, Some(&(Gfp::NOFS, size, 4096 << size.get()))));
        assert_eq!(block.as_ref().err(), (number % 5 == 0).then_some(&AllocError::Injected));
        // Who is asked what is held forgets what was answered: the two requests since the last time were answered anew.
        if number.is_multiple_of(3) && block.is_ok() {
            assert_eq!(machine.held()[0].mark, number);
        }
    }
    let stats = machine.stats();
    assert_eq!((stats.requests(), stats.injected, stats.failures, stats.served_by_policy), (60, 12, 12, 48));
    machine.audit().unwrap();
}

#[test]
fn a_source_that_was_taken_out_is_kept_nowhere() {
    struct Passes(Arc<()>);
    impl FaultSource for Passes {
        fn fails(&self, _: &Site<'_>) -> bool {
            Arc::strong_count(&self.0) == 0
        }
    }
    let alive = Arc::new(());
    let machine = support::builder(Policy::kernel()).cpus(2).build().unwrap();
    let ask = || drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
    for replaced in [Some(Arc::new(Passes(Arc::clone(&alive)))), None] {
        machine.set_faults(Some(Arc::new(Passes(Arc::clone(&alive)))));
        for turn in 0..6 {
            machine.set_cpu(turn);
            ask();
        }
        let replaced = replaced.map(|source| source as Arc<dyn FaultSource>);
        let rest = 1 + usize::from(replaced.is_some());
        machine.set_faults(replaced);
        assert_eq!(Arc::strong_count(&alive), rest);
    }
}

#[test]
fn a_source_that_is_taken_out_while_it_is_asked_is_kept_nowhere() {
    struct TakesItselfOut(Arc<()>, Arc<Machine>);
    impl FaultSource for TakesItselfOut {
        fn fails(&self, _: &Site<'_>) -> bool {
            self.1.set_faults(None);
            Arc::strong_count(&self.0) == 0
        }
    }
    let alive = Arc::new(());
    let machine = Arc::new(machine(Policy::kernel()));
    machine.set_faults(Some(Arc::new(TakesItselfOut(Arc::clone(&alive), Arc::clone(&machine)))));
    drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
    assert_eq!((Arc::strong_count(&alive), Arc::strong_count(&machine)), (1, 1));
}

#[test]
fn the_source_at_hand_is_told_of_the_task_that_asks() {
    struct Asking(Mutex<Vec<(u32, u64)>>);
    impl FaultSource for Asking {
        fn fails(&self, site: &Site<'_>) -> bool {
            self.0.lock().unwrap().push((site.asking.0, site.task.fail_nth.get()));
            false
        }
    }
    let asking = Arc::new(Asking(Mutex::default()));
    let machine = support::builder(Policy::kernel()).faults(asking.clone()).build().unwrap();
    let other = machine.spawn(alloc_core::TaskOptions::named("other"));
    machine.task_faults(other).unwrap().fail_nth.set(7);
    let ask = || drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
    for _ in 0..3 {
        ask();
        machine.run_as(other, ask);
        ask();
    }
    assert_eq!(*asking.0.lock().unwrap(), [(0, 0), (other.0, 7), (0, 0)].repeat(3));
}

#[test]
fn open_scopes_are_known_by_their_tasks() {
    let machine = machine(Policy::kernel());
    let task = hog(&machine, 0);
    let guards =
        [machine.scope(Scope::NoFs), machine.scope(Scope::NoFs), machine.run_as(task, || machine.scope(Scope::Pin))];
    let open: Vec<_> = machine.open_scopes().iter().map(|open| (open.task, open.scope, open.guards)).collect();
    assert_eq!(open, [(Machine::BOOT, Scope::NoFs, 2), (task, Scope::Pin, 1)]);
    drop(guards);
    assert_eq!(machine.open_scopes(), []);
    assert_eq!(machine.task_name(task).as_deref(), Some("hog"));
    assert_eq!(machine.task_name(alloc_core::TaskId(9)), None);
}

#[test]
#[cfg(target_os = "linux")]
fn areas_are_asked_about_as_a_whole_and_page_by_page() {
    let seen_by = |fails, flags| {
        let marks = Marks::failing(fails);
        let machine = support::builder(Policy::kernel()).faults(marks.clone()).build().unwrap();
        let _scope = machine.scope(Scope::NoFs);
        let result = machine.kvmalloc(20_000, flags).map(drop);
        assert_eq!((machine.held(), machine.stats().injected), (Vec::new(), u64::from(fails.is_some())));
        let seen = marks.seen.lock().unwrap().clone();
        (result, seen)
    };
    let asked = |capability, size| (capability, Gfp::NOFS, size);
    let (result, seen) = seen_by(Some(Capability::Kvmalloc), Gfp::KERNEL);
    assert_eq!((result, seen), (Err(AllocError::Injected), vec![asked(Capability::Kvmalloc, 20_000)]));
    let (result, seen) = seen_by(None, Gfp::KERNEL);
    let first =
        (Capability::PageAlloc, (Gfp::NOFS | Gfp::NOWARN | Gfp::FALLBACK).without(Gfp::DIRECT_RECLAIM), 8 * 4096);
    assert_eq!((result, seen), (Ok(()), vec![asked(Capability::Kvmalloc, 20_000), first]));
    let marks = Marks::failing(Some(Capability::Vmalloc));
    let machine = support::builder(Policy::kernel()).faults(marks.clone()).build().unwrap();
    assert_eq!(machine.vmalloc(20_000, Gfp::NOFS).map(drop), Err(AllocError::Injected));
    assert_eq!(*marks.seen.lock().unwrap(), [asked(Capability::Vmalloc, 20_000)]);
    assert_eq!(machine.vmalloc(0, Gfp::KERNEL).map(drop), Err(AllocError::ZeroSize), "refused without a question");
}

#[test]
fn a_source_whose_gate_is_shut_is_not_asked() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    struct Gated;
    impl FaultSource for Gated {
        fn gate(&self) -> &'static AtomicU32 {
            &WORD
        }

        fn fails(&self, _: &Site<'_>) -> bool {
            true
        }
    }
    let machine = support::builder(Policy::kernel()).faults(Arc::new(Gated)).build().unwrap();
    let asked = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop);
    assert_eq!(asked(), Ok(()));
    WORD.store(1, Ordering::Relaxed);
    assert_eq!(asked(), Err(AllocError::Injected));
    machine.set_faults(Some(Marks::failing(None)));
    assert_eq!(asked(), Ok(()));
    machine.set_faults(None);
    assert_eq!(asked(), Ok(()));
    machine.set_faults(Some(Arc::new(Gated)));
    assert_eq!(asked(), Err(AllocError::Injected));
}
