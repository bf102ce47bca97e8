//! The second door: waiting not at all, for one pass, or in a queue.

mod support;

use alloc_core::{AllocError, Gfp, Machine, Order, Policy, ReclaimClass, Scope, Step, TaskId, TaskOptions, Wait};
use support::{Cache, MIN, NODE, full, hog, machine, order};

#[test]
fn row_015_never_does_not_sleep_and_one_pass_is_one_pass() {
    for (wait, sleeps, passes) in [(Wait::Never, 0, 0), (Wait::OnePass, 1, 1)] {
        let machine = machine(Policy::kernel());
        hog(&machine, 200);
        let _hoard = full(&machine);
        assert_eq!(machine.wait_alloc(Order::ZERO, wait).unwrap_err(), AllocError::NoMemory);
        let stats = machine.stats();
        assert_eq!((stats.sleeps, stats.kswapd_passes, stats.direct_passes, stats.kills), (sleeps, passes, 0, 0));
        machine.background();
        assert_eq!(machine.stats().kswapd_passes, 1, "one pass was all that was asked for");
    }
    let machine = machine(Policy::kernel());
    Cache::register(&machine, ReclaimClass::Io, 200);
    let _hoard = full(&machine);
    assert!(machine.wait_alloc(Order::ZERO, Wait::OnePass).is_ok(), "the pass gave something");
}

fn tasks(machine: &Machine) -> [TaskId; 3] {
    ["first", "second", "third"].map(|name| machine.spawn(TaskOptions::named(name)))
}

#[test]
fn row_015_those_in_the_queue_are_served_in_the_order_of_their_tickets() {
    let machine = machine(Policy::kernel());
    let tasks = tasks(&machine);
    let mut held: Vec<_> = (0..3).map(|_| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap()).collect();
    let _hoard = machine.exhaust(NODE, MIN);
    let mut queue: Vec<_> = tasks.iter().map(|task| machine.queue(*task, Order::ZERO).unwrap()).collect();
    let mut served = Vec::new();
    for turn in 0..3 {
        // The last in the queue looks first, and gets nothing before its turn.
        assert!(queue[turn..].iter_mut().rev().all(|queued| matches!(queued.step(), Step::Wait(_))));
        held.pop();
        assert!(queue[turn + 1..].iter_mut().all(|queued| matches!(queued.step(), Step::Wait(_))));
        let Step::Done(Ok(block)) = queue[turn].step() else { panic!("it is the turn of {turn}") };
        served.push(block);
    }
    machine.audit().unwrap();
}

#[test]
fn row_016_a_page_that_comes_free_goes_to_the_first_and_cannot_be_stolen() {
    let machine = machine(Policy::kernel());
    let [first, second, thief] = tasks(&machine);
    let mut held: Vec<_> = (0..2).map(|_| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap()).collect();
    let _hoard = machine.exhaust(NODE, MIN);
    let mut one = machine.queue(first, Order::ZERO).unwrap();
    let mut two = machine.queue(second, Order::ZERO).unwrap();
    held.pop();
    let stolen = machine.run_as(thief, || machine.wait_alloc(Order::ZERO, Wait::OnePass).map(drop));
    assert_eq!(stolen, Err(AllocError::NoMemory));
    assert!(matches!(two.step(), Step::Wait(_)), "it is not the second's, either");
    let Step::Done(Ok(block)) = one.step() else { panic!("it was handed to the first") };
    assert!(matches!(one.step(), Step::Done(Err(_))), "and only once");
    // A task that leaves the queue passes on what it was handed.
    held.pop();
    let mut three = machine.queue(first, Order::ZERO).unwrap();
    assert!(matches!(three.step(), Step::Wait(_)));
    drop(two);
    assert!(matches!(three.step(), Step::Done(Ok(_))));
    drop(block);
    assert_eq!(machine.free_pages(None), MIN + 2);
    machine.audit().unwrap();
}

#[test]
fn row_015_waiting_without_bound_is_forbidden_where_others_wait_for_the_caller() {
    let machine = machine(Policy::kernel());
    for scope in [Scope::WriteOut, Scope::Shrinking, Scope::NoReclaim, Scope::Atomic, Scope::Interrupt] {
        let _scope = machine.scope(scope);
        let refused = machine.wait_alloc(Order::ZERO, Wait::Forever).unwrap_err();
        assert_eq!(refused, AllocError::ForbiddenContext, "{scope:?}");
        assert!(machine.wait_alloc(Order::ZERO, Wait::Never).is_ok());
    }
    let _hoard = full(&machine);
    let _waits = machine.queue(Machine::BOOT, Order::ZERO).unwrap();
    assert_eq!(machine.queue(Machine::BOOT, Order::ZERO).unwrap_err(), AllocError::ForbiddenContext);
    assert_eq!(machine.queue(TaskId(99), Order::ZERO).unwrap_err(), AllocError::NoSuchTask);
    assert_eq!(machine.queue(Machine::BOOT, order(11)).unwrap_err(), AllocError::OrderTooBig);
}

#[test]
fn row_016_the_queue_is_helped_by_killing_and_else_hangs_with_a_report() {
    let killing = machine(Policy::kernel());
    hog(&killing, 500);
    let _hoard = full(&killing);
    assert!(killing.wait_alloc(Order::ZERO, Wait::Forever).is_ok());
    assert_eq!(killing.stats().kills, 1);
    let alone = machine(Policy::kernel());
    let hoard = full(&alone);
    assert_eq!(alone.wait_alloc(Order::ZERO, Wait::Forever).unwrap_err(), AllocError::Hang);
    drop(hoard);
    assert!(alone.wait_alloc(Order::ZERO, Wait::Forever).is_ok());
}

#[test]
fn row_016_nobody_overtakes_a_large_request_and_those_behind_it_are_served_when_it_leaves() {
    let machine = machine(Policy::kernel());
    let [first, second, _] = tasks(&machine);
    let _hoard = machine.exhaust(NODE, MIN + 8);
    let large = machine.queue(first, order(6)).unwrap();
    let mut small = machine.queue(second, Order::ZERO).unwrap();
    assert!(matches!(small.step(), Step::Wait(_)), "there are pages, and it is not its turn");
    drop(large);
    assert!(matches!(small.step(), Step::Done(Ok(_))));
}
