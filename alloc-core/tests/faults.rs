//! Injected failures: when the source is asked, and what a failed request has not done.

mod support;

use alloc_core::{
    AllocError, Attributes, CacheOptions, CacheSite, Capability, FaultSource, Gfp, Knob, Machine, Order, Policy, Site,
};
use std::sync::Arc;
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
    let _scope = machine.scope(alloc_core::Scope::NoFs);
    assert!(machine.alloc_pages(order(2), Gfp::KERNEL).is_ok());
    assert_eq!(seen.0.get(), Some((Capability::PageAlloc, Gfp::NOFS, order(2))));
    seen.0.set(None);
    assert_eq!(machine.alloc_pages(order(11), Gfp::KERNEL).unwrap_err(), AllocError::OrderTooBig);
    assert_eq!(seen.0.get(), None, "what is refused anyway is not asked about");
}

#[test]
fn row_011_a_cache_is_asked_about_before_any_work_and_by_its_name() {
    struct Seen(Knob<Vec<(Capability, Gfp, Option<CacheSite>)>>);
    impl FaultSource for Seen {
        fn fails(&self, site: &Site<'_>) -> bool {
            let mut seen = self.0.get();
            seen.push((site.capability, site.flags, site.cache));
            self.0.set(seen);
            false
        }
    }
    let seen = Arc::new(Seen(Knob::new(Vec::new())));
    let machine = support::builder(Policy::kernel()).faults(seen.clone()).build().unwrap();
    let cache = machine.cache(CacheOptions::new("inode", 100)).unwrap();
    let _scope = machine.scope(alloc_core::Scope::NoFs);
    drop(cache.alloc(Gfp::KERNEL).unwrap());
    let inode = Some(CacheSite { name: "inode", size: 100, failslab: false });
    let (slab, page) = (Capability::Slab, Capability::PageAlloc);
    assert_eq!(seen.0.get(), [(slab, Gfp::KERNEL, inode), (page, Gfp::NOFS, None)]);
    seen.0.set(Vec::new());
    drop(cache.alloc(Gfp::KERNEL).unwrap());
    drop(machine.kmalloc(50, Gfp::ATOMIC).unwrap());
    let class = Some(CacheSite { name: "kmalloc-64", size: 64, failslab: true });
    assert_eq!(seen.0.get()[..2], [(slab, Gfp::KERNEL, inode), (slab, Gfp::ATOMIC, class)]);
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
    let failing = |change: fn(&mut Attributes)| {
        let mut attributes = Attributes::unfiltered(100);
        change(&mut attributes);
        machine.set_faults(Some(Arc::new(attributes)));
        let page = machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::HIGHMEM).is_err();
        let failing = [plain.alloc(Gfp::KERNEL).is_err(), marked.alloc(Gfp::KERNEL).is_err(), page];
        machine.set_faults(None);
        failing
    };
    drop((plain.alloc(Gfp::KERNEL).unwrap(), marked.alloc(Gfp::KERNEL).unwrap()));
    assert_eq!(failing(|_| {}), [true; 3]);
    assert_eq!(failing(|a| a.cache_filter = true), [false, true, true]);
    assert_eq!(failing(|a| a.capability = Some(Capability::Slab)), [true, true, false]);
    assert_eq!(failing(|a| a.capability = Some(Capability::PageAlloc)), [false, false, true]);
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
