//! NOFAIL: what it waits for, what it may use, and what becomes of it where it cannot be kept.

mod support;

use alloc_core::{
    AllocError, BadNofail, EventKind, Gfp, LargeNofail, Machine, Misuse, NestedNofail, NodePages, OnOom, Order, Policy,
    ReclaimClass, Scope, Step, WaitFor,
};
use support::{Cache, MIN, NODE, PAGES, full, hog, kinds, machine, order};

fn waiting() -> Policy {
    Policy { on_oom: OnOom::Wait, ..Policy::kernel() }
}

#[test]
fn row_014_a_single_page_is_certain_even_for_a_victim() {
    let machine = machine(Policy::single_page_never_fails());
    let victim = hog(&machine, 100);
    machine.set_memory_locked(victim, true);
    let _hoard = machine.exhaust(NODE, MIN / 4);
    let result = machine.run_as(victim, || machine.alloc_pages(Order::ZERO, Gfp::KERNEL));
    assert!(result.is_ok() && machine.is_victim(victim));
}

#[test]
fn row_057_a_nested_nofail_is_noted_under_every_policy() {
    for (nested_nofail, expected) in [
        (NestedNofail::Violate, Err(AllocError::NoMemory)),
        (NestedNofail::WarnAndReclaim, Ok(())),
        (NestedNofail::Loop, Err(AllocError::Hang)),
        (NestedNofail::KillTask, Err(AllocError::TaskKilled)),
        (NestedNofail::Bug, Err(AllocError::Dead)),
    ] {
        let machine = machine(Policy { nested_nofail, ..Policy::kernel() });
        Cache::register(&machine, ReclaimClass::Clean, 200);
        let _hoard = full(&machine);
        let _scope = machine.scope(Scope::NoDirectReclaim);
        let from = machine.next_event();
        // Without the background's help: only what the request does itself counts here.
        let flags = (Gfp::KERNEL | Gfp::NOFAIL).without(Gfp::KSWAPD_RECLAIM);
        assert_eq!(machine.alloc_pages(Order::ZERO, flags).map(drop), expected);
        assert!(kinds(&machine, from).contains(&EventKind::Misused(Misuse::NofailNestedInNoReclaim)));
    }
}

#[test]
fn row_058_nofail_waits_until_another_task_frees_a_page() {
    for size in [0, 1] {
        let machine = machine(waiting());
        let held = machine.alloc_pages(order(6), Gfp::KERNEL).unwrap();
        let _hoard = full(&machine);
        let mut request = machine.request(Machine::BOOT, None, order(size), Gfp::KERNEL | Gfp::NOFAIL).unwrap();
        let mut sleeps = 0;
        while sleeps < 20 {
            match request.step() {
                Step::Next => {}
                Step::Wait(why) => {
                    assert_eq!(why, WaitFor::Memory);
                    sleeps += 1;
                }
                Step::Done(result) => panic!("{result:?}"),
            }
        }
        drop(held);
        let result = std::iter::from_fn(|| Some(request.step())).find_map(|step| match step {
            Step::Done(result) => Some(result),
            Step::Next | Step::Wait(_) => None,
        });
        assert!(result.unwrap().is_ok());
    }
}

#[test]
fn row_059_nofail_above_two_pages_is_served_and_noted_once() {
    for (size, noted) in [(1, 0), (2, 1)] {
        let machine = machine(Policy::kernel());
        assert!(machine.alloc_pages(order(size), Gfp::KERNEL | Gfp::NOFAIL).is_ok());
        let misused = EventKind::Misused(Misuse::NofailAboveTwoPages);
        assert_eq!(kinds(&machine, 0).iter().filter(|kind| **kind == misused).count(), noted);
    }
}

#[test]
fn row_060_an_impossible_nofail_ends_as_the_policy_says_whatever_the_cause() {
    for (bad_nofail, context, size) in [
        (BadNofail::Fail, AllocError::NoMemory, AllocError::OrderTooBig),
        (BadNofail::Loop, AllocError::Hang, AllocError::Hang),
        (BadNofail::KillTask, AllocError::TaskKilled, AllocError::TaskKilled),
        (BadNofail::Bug, AllocError::Dead, AllocError::Dead),
        (BadNofail::Promote, AllocError::Hang, AllocError::OrderTooBig),
    ] {
        let policy = || Policy { bad_nofail, ..Policy::kernel() };
        let (first, second) = (machine(policy()), machine(policy()));
        let task = hog(&first, 1);
        first.set_memory_locked(task, true);
        let _hoard = full(&first);
        let result = first.run_as(task, || first.alloc_pages(Order::ZERO, Gfp::ATOMIC | Gfp::NOFAIL).map(drop));
        assert_eq!(result, Err(context), "{bad_nofail:?}");
        assert_eq!(first.is_victim(task), bad_nofail == BadNofail::KillTask);
        let result = second.alloc_pages(order(11), Gfp::KERNEL | Gfp::NOFAIL).map(drop);
        assert_eq!(result, Err(size), "{bad_nofail:?}");
        // As much as there is not, although the order is allowed.
        let larger = Machine::builder().node(NodePages::new(PAGES - 1)).policy(policy()).build().unwrap();
        let impossible = if size == AllocError::OrderTooBig { AllocError::Impossible } else { size };
        let result = larger.alloc_pages(order(10), Gfp::KERNEL | Gfp::NOFAIL).map(drop);
        assert_eq!(result, Err(impossible), "{bad_nofail:?}");
    }
}

#[test]
fn row_061_atomic_nofail_is_noted_and_fails() {
    let machine = machine(Policy::kernel());
    let _hoard = full(&machine);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::ATOMIC | Gfp::NOFAIL).unwrap_err(), AllocError::NoMemory);
    assert!(kinds(&machine, 0).contains(&EventKind::Misused(Misuse::NofailCannotWait)));
    let strict = support::machine(Policy::strict());
    let result = strict.alloc_pages(Order::ZERO, Gfp::ATOMIC | Gfp::NOFAIL);
    assert_eq!(result.unwrap_err(), AllocError::InvalidFlags, "although there is memory");
}

#[test]
fn row_060_a_large_nofail_is_one_value() {
    for (large_nofail, kills, expected) in [
        (LargeNofail::Serve, 0, Err(AllocError::Hang)),
        (LargeNofail::Kill, 1, Ok(())),
        (LargeNofail::Fail, 0, Err(AllocError::InvalidFlags)),
        (LargeNofail::Bug, 0, Err(AllocError::Dead)),
    ] {
        let machine = machine(Policy { large_nofail, ..Policy::kernel() });
        hog(&machine, 500);
        let _hoard = full(&machine);
        assert_eq!(machine.alloc_pages(order(4), Gfp::KERNEL | Gfp::NOFAIL).map(drop), expected, "{large_nofail:?}");
        assert_eq!(machine.stats().kills, kills, "{large_nofail:?}");
    }
}

#[test]
fn row_073_a_looping_nofail_may_use_half_of_the_reserve() {
    let machine = machine(waiting());
    let _hoard = machine.exhaust(NODE, MIN * 6 / 10);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::Hang);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NOFAIL).is_ok());
}
