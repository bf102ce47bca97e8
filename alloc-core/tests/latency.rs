//! How long requests take, in steps, by what they are promised.

mod support;

use alloc_core::{AllocError, Gfp, Order, Policy, ReclaimClass, RequestClass};
use support::{Cache, full, machine};

#[test]
fn row_053_each_request_counts_in_its_class_by_its_steps() {
    let machine = machine(Policy::kernel());
    let before = machine.stats().latency;
    for (flags, class) in [
        (Gfp::NOWAIT, RequestClass::NoWait),
        (Gfp::KERNEL | Gfp::NORETRY, RequestClass::OnePass),
        (Gfp::KERNEL | Gfp::RETRY_MAYFAIL, RequestClass::Rounds),
        (Gfp::KERNEL, RequestClass::Loop),
        (Gfp::KERNEL | Gfp::NOFAIL, RequestClass::Nofail),
    ] {
        assert!(machine.alloc_pages(Order::ZERO, flags).is_ok());
        let mut expected = before.of(class);
        expected[0] += 1;
        assert_eq!(machine.stats().latency.of(class), expected, "{class:?}: one look at the first zone");
    }
    assert_eq!(machine.stats().latency.total(), before.total() + 5);
}

#[test]
fn row_101_the_price_of_nofail_is_time_and_shows_in_its_class() {
    let machine = machine(Policy { on_oom: alloc_core::OnOom::Wait, rounds_max: 1000, ..Policy::kernel() });
    // It says that there is much, and gives nothing.
    Cache::custom(&machine, ReclaimClass::Clean, 0, Some(1000), 0);
    let _hoard = full(&machine);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NORETRY).unwrap_err(), AllocError::NoMemory);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NOFAIL).unwrap_err(), AllocError::Hang);
    let longest = |class| machine.stats().latency.of(class).iter().rposition(|count| *count > 0);
    assert!(longest(RequestClass::Nofail) > longest(RequestClass::OnePass).map(|bucket| bucket + 2));
}
