//! Cpusets and memory policies: where pages come from, who is not held by them, and what a move makes of them.

mod support;

use alloc_core::{
    AllocError, Cpuset, EventKind, Gfp, Interleave, Machine, MemPolicy, MemsStep, MoveKind, MoveRule, NodeId, NodeMask,
    NodePages, Order, Policy, Rebind, Scope, Step, TaskId, TaskOptions,
};

fn on(nodes: &[u8]) -> NodeMask {
    NodeMask::of(&nodes.iter().map(|node| NodeId(*node)).collect::<Vec<_>>())
}

/// A machine of four nodes with 256 pages each.
fn machine() -> Machine {
    let machine = (0..4).fold(Machine::builder(), |builder, _| builder.node(NodePages::new(256)));
    machine.min_free_pages(64).policy(Policy::kernel()).build().unwrap()
}

fn task(machine: &Machine) -> TaskId {
    machine.spawn(TaskOptions::named("task"))
}

fn set(machine: &Machine, task: TaskId, policy: MemPolicy, rebind: Rebind) -> Result<(), AllocError> {
    machine.run_as(task, || machine.set_mem_policy(policy, rebind))
}

/// The nodes that so many requests of a task are served from.
fn nodes(machine: &Machine, task: TaskId, flags: Gfp, requests: usize) -> Vec<u8> {
    let one = || machine.alloc_pages(Order::ZERO, flags).map(|block| (block.frame().0 / 256) as u8).unwrap();
    machine.run_as(task, || (0..requests).map(|_| one()).collect())
}

#[test]
fn row_102_tasks_of_a_cpuset_share_its_nodes_and_move_with_it() {
    let machine = machine();
    let (first, second, other) = (task(&machine), task(&machine), task(&machine));
    let cpuset = machine.cpuset(on(&[0, 1])).unwrap();
    cpuset.attach(first).unwrap();
    cpuset.attach(second).unwrap();
    cpuset.set_mems(on(&[3, 63])).unwrap();
    assert_eq!(cpuset.mems(), on(&[3]), "of nodes that the machine has");
    for task in [first, second] {
        assert_eq!(nodes(&machine, task, Gfp::USER, 2), [3, 3]);
    }
    assert_eq!(nodes(&machine, other, Gfp::USER, 1), [0]);
    assert_eq!(machine.cpuset(on(&[9])).unwrap_err(), AllocError::NoSuchNode);
    assert_eq!(cpuset.set_mems(NodeMask::NONE), Err(AllocError::NoSuchNode));
    assert_eq!(cpuset.attach(TaskId(99)), Err(AllocError::NoSuchTask));
    // A task that changes its cpuset moves no more with the old one.
    let away: Cpuset<'_> = machine.cpuset(on(&[2])).unwrap();
    away.attach(second).unwrap();
    cpuset.set_mems(on(&[1])).unwrap();
    assert_eq!(nodes(&machine, first, Gfp::USER, 1), [1]);
    assert_eq!(nodes(&machine, second, Gfp::USER, 1), [2]);
}

#[test]
fn row_103_each_policy_says_where_pages_come_from() {
    let machine = machine();
    let task = task(&machine);
    let from = |policy, flags, requests| {
        set(&machine, task, policy, Rebind::Remap).unwrap();
        nodes(&machine, task, flags, requests)
    };
    assert_eq!(from(MemPolicy::Default, Gfp::KERNEL, 2), [0, 0]);
    assert_eq!(from(MemPolicy::Preferred(NodeId(2)), Gfp::KERNEL, 2), [2, 2]);
    assert_eq!(from(MemPolicy::Bind(on(&[1, 3])), Gfp::KERNEL, 2), [1, 1]);
    let turns = Interleave::over(on(&[0, 2, 3])).weighing(NodeId(2), 3);
    assert_eq!(from(MemPolicy::Interleave(turns), Gfp::KERNEL, 7), [0, 2, 2, 2, 3, 0, 2]);
    // What is preferred or next is only first; what is bound is all that there is.
    let _hoards = [1, 2, 3].map(|node| machine.exhaust(NodeId(node), 0));
    assert_eq!(from(MemPolicy::Preferred(NodeId(2)), Gfp::KERNEL, 1), [0]);
    assert_eq!(from(MemPolicy::Interleave(turns), Gfp::KERNEL, 3), [0, 0, 0]);
    set(&machine, task, MemPolicy::Bind(on(&[1, 3])), Rebind::Remap).unwrap();
    let bound = machine.run_as(task, || machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).map(drop));
    assert_eq!(bound, Err(AllocError::NoMemory));
    let impossible = machine.run_as(task, || machine.alloc_pages(Order::new(10), Gfp::KERNEL).map(drop));
    assert_eq!(impossible, Err(AllocError::Impossible), "two nodes of 256 pages");
}

#[test]
fn row_103_who_names_a_node_or_speaks_for_nobody_follows_no_policy() {
    let machine = machine();
    let task = task(&machine);
    set(&machine, task, MemPolicy::Bind(on(&[3])), Rebind::Remap).unwrap();
    assert_eq!(nodes(&machine, task, Gfp::KERNEL | Gfp::THISNODE, 1), [0]);
    let named = machine.run_as(task, || machine.alloc_pages_node(NodeId(1), Order::ZERO, Gfp::KERNEL).unwrap());
    assert_eq!(named.frame().0 / 256, 1);
    let interrupt = machine.run_as(task, || machine.scope(Scope::Interrupt));
    assert_eq!(nodes(&machine, task, Gfp::ATOMIC, 1), [0]);
    drop(interrupt);
    let _hoard = machine.exhaust(NodeId(3), 0);
    assert_eq!(nodes(&machine, task, Gfp::ATOMIC, 1), [0], "too urgent for a policy");
    let _scope = machine.run_as(task, || machine.scope(Scope::NoReclaim));
    assert_eq!(nodes(&machine, task, Gfp::KERNEL, 1), [0], "whoever frees memory may have it from anywhere");
}

#[test]
fn row_103_a_policy_is_about_ordinary_memory_and_not_about_lower_zones() {
    let low = NodePages::new(512).with_dma32(256);
    let machine = Machine::builder().node(low).node(NodePages::new(256)).build().unwrap();
    let task = task(&machine);
    set(&machine, task, MemPolicy::Bind(on(&[1])), Rebind::Remap).unwrap();
    assert_eq!(nodes(&machine, task, Gfp::KERNEL, 1), [2], "the frames of node 1 are the last");
    assert_eq!(nodes(&machine, task, Gfp::KERNEL | Gfp::DMA32, 1), [0]);
}

#[test]
fn row_103_a_task_that_changes_its_policy_between_requests_kills_nobody() {
    let machine = machine();
    support::hog(&machine, 10);
    let task = task(&machine);
    for turn in 0..40_u8 {
        let policy = match turn % 4 {
            0 => MemPolicy::Bind(on(&[turn / 4 % 4])),
            1 => MemPolicy::Preferred(NodeId(turn / 4 % 4)),
            2 => MemPolicy::Interleave(Interleave::over(on(&[0, turn / 4 % 4]))),
            _ => MemPolicy::Default,
        };
        set(&machine, task, policy, Rebind::Remap).unwrap();
        assert_eq!(nodes(&machine, task, Gfp::USER, 3).len(), 3);
    }
    let stats = machine.stats();
    assert_eq!((stats.kills, stats.failures, stats.direct_passes), (0, 0, 0));
    assert_eq!(set(&machine, task, MemPolicy::Bind(on(&[7])), Rebind::Remap), Err(AllocError::NoSuchNode));
    assert_eq!(set(&machine, task, MemPolicy::Preferred(NodeId(200)), Rebind::Static), Err(AllocError::NoSuchNode));
    assert_eq!(machine.mem_policy(task), Some(MemPolicy::Default), "what is refused changes nothing");
}

#[test]
fn row_105_interleaving_keeps_its_weights_and_its_turn_when_the_nodes_move() {
    let machine = machine();
    let task = task(&machine);
    let cpuset = machine.cpuset(on(&[0, 1])).unwrap();
    cpuset.attach(task).unwrap();
    let turns = Interleave::over(on(&[0, 1])).weighing(NodeId(0), 3);
    set(&machine, task, MemPolicy::Interleave(turns), Rebind::Remap).unwrap();
    assert_eq!(nodes(&machine, task, Gfp::USER, 2), [0, 0]);
    cpuset.set_mems(on(&[2, 3])).unwrap();
    let moved = Interleave::over(on(&[2, 3])).weighing(NodeId(2), 3);
    assert_eq!(machine.mem_policy(task), Some(MemPolicy::Interleave(moved)));
    assert_eq!(nodes(&machine, task, Gfp::USER, 6), [2, 3, 2, 2, 2, 3], "the third of three, and then the next");
}

#[test]
fn row_105_what_a_move_makes_of_nodes_is_one_value() {
    let bound = |policy, rebind, moves: &[&[u8]]| {
        let machine = machine();
        let task = task(&machine);
        let cpuset = machine.cpuset(on(&[0, 1, 2])).unwrap();
        cpuset.attach(task).unwrap();
        set(&machine, task, policy, rebind).unwrap();
        moves.iter().for_each(|mems| cpuset.set_mems(on(mems)).unwrap());
        machine.mem_policy(task).unwrap()
    };
    let bind = |nodes: &[u8]| MemPolicy::Bind(on(nodes));
    assert_eq!(bound(bind(&[0, 2]), Rebind::Remap, &[&[1, 2, 3]]), bind(&[1, 3]));
    assert_eq!(bound(bind(&[0, 2]), Rebind::Remap, &[&[3], &[0, 1, 2]]), bind(&[0]), "what was folded stays so");
    assert_eq!(bound(bind(&[0, 2]), Rebind::Relative, &[&[3], &[1, 2, 3]]), bind(&[1, 3]));
    assert_eq!(bound(bind(&[0, 2]), Rebind::Static, &[&[1, 2, 3]]), bind(&[2]));
    assert_eq!(bound(bind(&[0, 2]), Rebind::Static, &[&[1, 3]]), bind(&[1, 3]), "none is left, so all are");
    assert_eq!(bound(bind(&[0, 2]), Rebind::Static, &[&[1, 3], &[0, 1, 2]]), bind(&[0, 2]));
    assert_eq!(bound(MemPolicy::Preferred(NodeId(1)), Rebind::Remap, &[&[0, 3]]), MemPolicy::Preferred(NodeId(3)));
    assert_eq!(bound(MemPolicy::Preferred(NodeId(1)), Rebind::Static, &[&[0, 3]]), MemPolicy::Default);
    let interleave = |nodes| MemPolicy::Interleave(Interleave::over(on(nodes)));
    let folded = MemPolicy::Interleave(Interleave::over(on(&[3])).weighing(NodeId(3), 3));
    assert_eq!(bound(interleave(&[0, 1, 2]), Rebind::Remap, &[&[3]]), folded, "weights add up");
    assert_eq!(bound(interleave(&[5]), Rebind::Relative, &[&[1, 2, 3]]), interleave(&[3]));
    assert_eq!(bound(interleave(&[0]), Rebind::Static, &[&[1, 2]]), interleave(&[1, 2]));
}

#[test]
fn row_106_a_static_binding_that_the_cpuset_forbids_is_ignored_and_kills_nobody() {
    let machine = machine();
    support::hog(&machine, 10);
    let task = task(&machine);
    set(&machine, task, MemPolicy::Bind(on(&[0])), Rebind::Static).unwrap();
    let cpuset = machine.cpuset(on(&[1])).unwrap();
    cpuset.attach(task).unwrap();
    let hoard = machine.exhaust(NodeId(0), 0);
    assert_eq!(nodes(&machine, task, Gfp::USER, 2), [1, 1]);
    assert_eq!((machine.stats().kills, machine.stats().direct_passes), (0, 0));
    // It is ignored, and not forgotten.
    drop(hoard);
    cpuset.set_mems(on(&[0, 1])).unwrap();
    assert_eq!(nodes(&machine, task, Gfp::USER, 2), [0, 0]);
}

#[test]
fn row_114_a_policy_that_meets_its_cpuset_no_more_is_forgotten_and_the_request_begins_again() {
    for (mems_retry, expected) in [(true, Ok(1)), (false, Err(AllocError::NoMemory))] {
        let builder = (0..2).fold(Machine::builder(), |builder, _| builder.node(NodePages::new(256)));
        let machine = builder.policy(Policy { mems_retry, ..Policy::kernel() }).build().unwrap();
        support::hog(&machine, 10);
        let task = task(&machine);
        set(&machine, task, MemPolicy::Bind(on(&[0])), Rebind::Remap).unwrap();
        let hoard = machine.exhaust(NodeId(0), 0);
        let mut request = machine.request(task, None, Order::ZERO, Gfp::USER | Gfp::NORETRY).unwrap();
        assert!(matches!(request.step(), Step::Next), "it is bound to node 0 by now");
        machine.move_nodes(task, on(&[1]), MoveKind::ExpandThenShrink).finish();
        let result = request.finish().map(|block| block.frame().0 / 256);
        assert_eq!(result, expected);
        let forgot = support::kinds(&machine, 0).contains(&EventKind::PolicyForgotten);
        assert_eq!((forgot, machine.stats().kills), (mems_retry, 0));
        drop(hoard);
    }
}

#[test]
fn row_117_the_killer_looks_among_those_who_share_the_bound_nodes() {
    let machine = machine();
    let (larger, smaller, asking) = (task(&machine), task(&machine), task(&machine));
    for (task, node, pages) in [(larger, 0, 200), (smaller, 1, 50), (asking, 1, 0)] {
        set(&machine, task, MemPolicy::Bind(on(&[node])), Rebind::Remap).unwrap();
        machine.grow(task, pages).unwrap();
    }
    let _hoard = machine.exhaust(NodeId(1), 0);
    assert_eq!(nodes(&machine, asking, Gfp::KERNEL, 1), [1]);
    assert!(machine.is_victim(smaller) && !machine.is_victim(larger));
}

#[test]
fn row_103_requests_that_were_answered_before_take_their_turns_all_the_same() {
    let machine = machine();
    let task = task(&machine);
    assert_eq!(nodes(&machine, task, Gfp::KERNEL, 5), [0; 5]);
    set(&machine, task, MemPolicy::Interleave(Interleave::over(on(&[1, 2]))), Rebind::Remap).unwrap();
    assert_eq!(nodes(&machine, task, Gfp::KERNEL, 5), [1, 2, 1, 2, 1]);
    set(&machine, task, MemPolicy::Preferred(NodeId(3)), Rebind::Remap).unwrap();
    assert_eq!(nodes(&machine, task, Gfp::KERNEL, 5), [3; 5]);
    let cpuset = machine.cpuset(on(&[2])).unwrap();
    cpuset.attach(task).unwrap();
    assert_eq!(nodes(&machine, task, Gfp::KERNEL, 5), [2; 5]);
}

#[test]
fn row_115_each_breach_of_the_rules_for_those_whose_nodes_move_is_an_event() {
    let machine = machine();
    let broken = |rule| machine.broken_move_rules(Machine::BOOT, rule);
    let all = [MoveRule::NoAllocation, MoveRule::NoPolicyChange, MoveRule::NoSavedPolicy];
    assert_eq!(all.map(broken), [None; 3]);
    machine.watch_move_rules(Machine::BOOT).unwrap();
    assert_eq!(machine.watch_move_rules(TaskId(99)), Err(AllocError::NoSuchTask));
    let asks = |requests| nodes(&machine, Machine::BOOT, Gfp::USER, requests);
    let sets = |policy| machine.set_mem_policy(policy, Rebind::Remap);
    // Between moves everything is allowed.
    let saved = MemPolicy::Bind(on(&[1]));
    sets(saved).unwrap();
    asks(3);
    sets(saved).unwrap();
    assert_eq!(all.map(broken), [Some(0); 3]);
    let mut moved = machine.move_nodes(Machine::BOOT, on(&[1, 2]), MoveKind::ExpandThenShrink);
    // The first request in each state of the move; the second is served by the quick way.
    while moved.step().is_some_and(|step| step != MemsStep::Ended) {
        asks(2);
    }
    assert_eq!(all.map(broken), [Some(3), Some(0), Some(0)]);
    asks(2);
    assert_eq!(machine.mem_policy(Machine::BOOT), Some(MemPolicy::Bind(on(&[2]))));
    sets(saved).unwrap();
    assert_eq!(all.map(broken), [Some(3), Some(0), Some(1)]);
    moved.finish();
    let mut moved = machine.move_nodes(Machine::BOOT, on(&[2]), MoveKind::AtOnce);
    moved.step();
    sets(MemPolicy::Default).unwrap();
    moved.finish();
    assert_eq!(all.map(broken), [Some(3), Some(1), Some(1)]);
    let events = machine.events_since(0);
    let told = events.iter().filter(|event| matches!(event.kind, EventKind::BrokeMoveRule(_)));
    assert_eq!(told.map(|event| event.task).collect::<Vec<_>>(), [Machine::BOOT; 5]);
}
