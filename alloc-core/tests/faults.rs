//! Injected failures: when the source is asked, and what a failed request has not done.

mod support;

use alloc_core::{AllocError, Attributes, Capability, FaultSource, Gfp, Knob, Machine, Order, Policy, Site};
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
