//! Free pages at hand of processors: they are counted, found by everybody who needs them, and used without a trace.

mod support;

use alloc_core::{
    AllocError, Attributes, Fragments, FreeError, Gfp, Hoard, Machine, NodePages, Order, PageBlock, Policy, Step, Wait,
    ZoneKind,
};
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
    assert!(matches!(queued.step(), Step::Wait(_)));
    let few = machine.watermarks(NODE, ZoneKind::Normal).unwrap().min;
    drop(block);
    // One page is below every level, so the queue still waits; it is not lost either.
    assert_eq!(machine.free_pages(None), 1);
    drop(_full);
    assert!(matches!(queued.step(), Step::Done(Ok(_))));
    assert!(machine.wait_alloc(Order::ZERO, Wait::Forever).is_ok() && few > 1);
}

fn hog_without_pages(machine: &Machine) -> alloc_core::TaskId {
    machine.spawn(alloc_core::TaskOptions::named("waits"))
}

/// A machine whose movable zone has single free pages only, and two neighbours of it that somebody has; the ordinary zone
/// has larger blocks.
fn in_fragments(machine: &Machine) -> (Hoard<'_>, [PageBlock<'_>; 2]) {
    let mut pages: Vec<_> = (0..32).map(|_| machine.alloc_pages(Order::ZERO, Gfp::USER_MOVABLE).unwrap()).collect();
    pages.sort_by_key(PageBlock::frame);
    let first = pages.iter().position(|page| page.frame().0 % 2 == 0).unwrap();
    let two: Vec<_> = pages.drain(first..first + 2).collect();
    assert!(two[0].frame().0 >= PAGES && two[0].frame().0 + 1 == two[1].frame().0);
    drop(pages);
    let whole: Vec<_> = (0..8).map(|_| machine.alloc_pages(order(5), Gfp::KERNEL).unwrap()).collect();
    let hoard = machine.fragment(Fragments::KeepOneIn(2));
    drop(whole);
    machine.audit().unwrap();
    (hoard, two.try_into().unwrap())
}

fn beside_movable() -> Machine {
    Machine::builder().node(NodePages::new(2 * PAGES).with_movable(PAGES)).min_free_pages(64).build().unwrap()
}

/// Where two pages are found that may lie in the movable zone.
fn in_movable(machine: &Machine) -> bool {
    machine.alloc_pages(order(1), Gfp::USER_MOVABLE).unwrap().frame().0 >= PAGES
}

#[test]
fn what_comes_to_hand_in_a_zone_that_was_passed_by_is_found() {
    let machine = beside_movable();
    let (_hoard, two) = in_fragments(&machine);
    assert!(!in_movable(&machine) && !in_movable(&machine), "the second time it is known that nothing is there");
    drop(machine.alloc_pages(Order::ZERO, Gfp::USER_MOVABLE).unwrap());
    drop(two);
    assert!(in_movable(&machine));
}

#[test]
fn what_comes_free_in_a_zone_that_was_passed_by_is_found() {
    let machine = beside_movable();
    let (_hoard, two) = in_fragments(&machine);
    assert!(!in_movable(&machine) && !in_movable(&machine));
    drop(two);
    assert!(in_movable(&machine));
}

#[test]
fn a_zone_that_changes_while_it_is_passed_by_is_looked_at_again() {
    for opened in [false, true] {
        let machine = beside_movable();
        let (_hoard, two) = in_fragments(&machine);
        let mut request = machine.request(Machine::BOOT, None, order(1), Gfp::USER_MOVABLE).unwrap();
        assert!(matches!(request.step(), Step::Next));
        let mut two = Some(two);
        if opened {
            drop(machine.alloc_pages(Order::ZERO, Gfp::USER_MOVABLE).unwrap());
        } else {
            drop(two.take());
        }
        let Step::Done(Ok(block)) = request.step() else { panic!("the next zone has blocks") };
        assert!(block.frame().0 < PAGES, "what lies behind it is not looked at again");
        drop(two);
        assert!(in_movable(&machine), "opened: {opened}");
    }
}
