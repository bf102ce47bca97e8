//! The typed door: what its methods make of flags, and that none of it contradicts itself.

mod support;

use alloc_core::{AllocError, EventKind, Gfp, Policy, Promise};
use support::{full, hog, kinds, machine};

#[test]
fn row_061_whatever_the_typed_door_lets_through_is_no_misuse() {
    let machine = machine(Policy::strict());
    let made = [
        (machine.blocking::<0>().flags(), Gfp::KERNEL),
        (machine.blocking::<9>().no_fs().flags(), Gfp::NOFS),
        (machine.blocking::<3>().no_io().accounted().flags(), Gfp::NOIO | Gfp::ACCOUNT),
        (machine.blocking::<3>().no_retry().no_warn().flags(), Gfp::KERNEL | Gfp::NORETRY | Gfp::NOWARN),
        (machine.blocking::<5>().no_fs().retry_may_fail().flags(), Gfp::NOFS | Gfp::RETRY_MAYFAIL),
        (machine.blocking::<1>().nofail().no_io().zeroed().flags(), Gfp::NOIO | Gfp::NOFAIL | Gfp::ZERO),
        (machine.atomic::<2>().zeroed().flags(), Gfp::ATOMIC | Gfp::ZERO),
        (machine.atomic::<0>().without_reserves().flags(), Gfp::NOWAIT),
    ];
    for (flags, expected) in made {
        assert_eq!(flags, expected);
    }
    assert!(machine.blocking::<1>().nofail().alloc().is_ok() && machine.atomic::<4>().alloc().is_ok());
    assert!(machine.blocking::<0>().zeroed().alloc().unwrap().bytes().iter().all(|byte| *byte == 0));
    assert_eq!(machine.blocking::<11>().alloc().unwrap_err(), AllocError::OrderTooBig);
    assert!(!kinds(&machine, 0).iter().any(|kind| matches!(kind, EventKind::Misused(_))));
}

#[test]
fn row_061_a_typed_request_is_the_request_that_its_flags_say() {
    let machine = machine(Policy::kernel());
    hog(&machine, 500);
    let _hoard = full(&machine);
    assert_eq!(machine.atomic::<0>().explain().promise, Promise::FailsFast);
    assert_eq!(machine.blocking::<1>().nofail().explain().promise, Promise::CannotFail);
    assert_eq!(machine.atomic::<0>().alloc().unwrap_err(), AllocError::NoMemory);
    assert_eq!(machine.blocking::<0>().no_retry().alloc().unwrap_err(), AllocError::NoMemory);
    assert_eq!(machine.stats().kills, 0);
    assert_eq!(machine.blocking::<1>().nofail().alloc().unwrap().order(), support::order(1));
    assert_eq!(machine.stats().kills, 1);
}
