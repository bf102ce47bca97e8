//! Free pages at hand of processors: they are counted, found by everybody who needs them, and used without a trace.

mod support;

use alloc_core::{AllocError, Attributes, FreeError, Gfp, Machine, Order, Policy, Wait, ZoneKind};
use std::sync::Arc;
use support::{NODE, PAGES, hog, machine, order};

/// A machine whose first processor has pages of order 0 at hand.
fn ready() -> Machine {
    let machine = support::builder(Policy::kernel()).cpus(2).build().unwrap();
    drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
    machine
}

#[test]
fn pages_at_hand_are_free_and_whole_blocks_are_made_of_them() {
    let machine = ready();
    assert_eq!(machine.free_pages(None), u64::from(PAGES));
    drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
    assert_eq!(machine.free_blocks(order(10)), 1, "nothing is held back");
    drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
    machine.audit().unwrap();
    drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
    assert!(machine.alloc_pages(order(10), Gfp::MEMALLOC).is_ok(), "a request that needs them finds them");
    drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap());
    assert_eq!(machine.exhaust(NODE, 0).blocks(), 1);
}

#[test]
fn what_one_processor_has_at_hand_another_gets_when_it_needs_it() {
    let machine = ready();
    machine.set_cpu(1);
    // Down to the level, and one page more fails, whoever has what at hand.
    let low = machine.watermarks(NODE, ZoneKind::Normal).unwrap().low;
    let flags = Gfp::NOWAIT.without(Gfp::KSWAPD_RECLAIM);
    let first: Vec<_> = (0..u64::from(PAGES) - low).map(|_| machine.alloc_pages(Order::ZERO, flags).unwrap()).collect();
    let min = machine.watermarks(NODE, ZoneKind::Normal).unwrap().min;
    let rest: Vec<_> = std::iter::from_fn(|| machine.alloc_pages(Order::ZERO, flags).ok()).collect();
    assert_eq!((machine.free_pages(None), rest.len() as u64), (min, low - min));
    drop(first);
    machine.audit().unwrap();
}

#[test]
fn requests_are_counted_wherever_their_pages_come_from() {
    let machine = machine(Policy::kernel());
    for n in 1..=50 {
        for size in 0..8 {
            drop(machine.alloc_pages(order(size), Gfp::KERNEL).unwrap());
            drop(machine.alloc_pages(order(size), Gfp::NOWAIT).unwrap());
        }
        if n % 17 == 0 {
            let stats = machine.stats();
            assert_eq!(stats.orders[..9], [2 * n, 2 * n, 2 * n, 2 * n, 2 * n, 2 * n, 2 * n, 2 * n, 0]);
            // Above order 3, nobody promises to try until there is something.
            assert_eq!((stats.served_by_policy, stats.served_by_chance), (4 * n, 12 * n));
            assert_eq!((stats.freed_pages, stats.failures), (510 * n, 0));
        }
    }
}

#[test]
fn a_fault_source_is_asked_although_pages_are_at_hand() {
    let machine = ready();
    machine.set_faults(Some(Arc::new(Attributes::unfiltered(100))));
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::Injected);
    machine.set_faults(None);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
}

#[test]
fn a_task_that_ended_gets_nothing_of_what_is_at_hand() {
    let machine = ready();
    let task = hog(&machine, 3);
    let ask = || machine.run_as(task, || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop));
    assert_eq!((ask(), ask()), (Ok(()), Ok(())));
    machine.exit(task);
    assert_eq!(ask(), Err(AllocError::NoSuchTask));
}

#[test]
fn a_number_of_a_block_at_hand_is_free_already() {
    let machine = ready();
    let block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    let frame = block.frame();
    assert_eq!(machine.free_raw(frame, Order::ZERO), Err(FreeError::Owned));
    drop(block);
    assert_eq!(machine.free_raw(frame, Order::ZERO), Err(FreeError::AlreadyFree));
}

#[test]
fn what_comes_free_goes_to_the_queue_and_not_to_a_processor() {
    let machine = ready();
    let block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    let _full = machine.exhaust(NODE, 0);
    let waits = hog_without_pages(&machine);
    let mut queued = machine.queue(waits, Order::ZERO).unwrap();
    assert!(matches!(queued.step(), alloc_core::Step::Wait(_)));
    let few = machine.watermarks(NODE, ZoneKind::Normal).unwrap().min;
    drop(block);
    // One page is below every level, so the queue still waits; it is not lost either.
    assert_eq!(machine.free_pages(None), 1);
    drop(_full);
    assert!(matches!(queued.step(), alloc_core::Step::Done(Ok(_))));
    assert!(machine.wait_alloc(Order::ZERO, Wait::Forever).is_ok() && few > 1);
}

fn hog_without_pages(machine: &Machine) -> alloc_core::TaskId {
    machine.spawn(alloc_core::TaskOptions::named("waits"))
}
