//! Moves of a task's nodes while it looks for memory: every schedule of one request and one move, and very many at random.

mod support;

use alloc_core::{
    AllocError, EventKind, Gfp, Machine, MachineBuilder, MoveKind, NodeId, NodeMask, NodePages, Order, Policy, Request,
    Step, TaskId, TaskOptions, WaitFor,
};

const BOTH: [NodeId; 2] = [NodeId(0), NodeId(1)];

fn on(node: u8) -> NodeMask {
    NodeMask::of(&[NodeId(node)])
}

fn two_nodes(mems_retry: bool) -> MachineBuilder {
    let (node, policy) = (|| NodePages::new(256), Policy { mems_retry, ..Policy::kernel() });
    Machine::builder().node(node()).node(node()).min_free_pages(32).policy(policy).trace_looks()
}

/// A task on node 1 that may use node 0, so that its requests look at node 1 first.
fn reader(machine: &Machine) -> TaskId {
    machine.spawn(TaskOptions { mems: on(0), node: NodeId(1), ..TaskOptions::named("reader") })
}

/// What came of all schedules of a reader and a writer.
#[derive(Debug, PartialEq, Eq)]
struct Explored {
    schedules: u32,
    bad: u32,
    restarts_max: u64,
}

/// What a turn of the reader came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Next,
    /// It waits for the writer: it had no turn.
    Blocked,
    Done,
}

/// One turn of a request that does not wait: it begins its slow path, or looks at one node, or, when it has looked at both,
/// decides. What lies between its last look and its decision reads nothing that a writer writes, and counts with the latter.
fn turn(machine: &Machine, request: &mut Request<'_>, looks: &mut u32) -> Turn {
    loop {
        let (from, restarts) = (machine.next_event(), machine.stats().mems_restarts);
        match request.step() {
            Step::Done(_) => return Turn::Done,
            Step::Wait(why) => {
                assert_eq!(why, WaitFor::NodesMove);
                return Turn::Blocked;
            }
            Step::Next => {}
        }
        let looked = support::kinds(machine, from).iter().any(|kind| matches!(kind, EventKind::Looked { .. }));
        let restarted = machine.stats().mems_restarts > restarts;
        *looks = if restarted { 0 } else { *looks + u32::from(looked) };
        if restarted || looked || *looks < 2 {
            return Turn::Next;
        }
    }
}

/// Runs the slow path of a request that does not wait against a move of its task's nodes from 0 to 1, in every order of
/// their steps. Both nodes are full when it begins, so that it comes to its slow path; then memory comes free on both, so
/// that to fail is always wrong.
fn all_schedules(mems_retry: bool, kind: MoveKind) -> Explored {
    let mut explored = Explored { schedules: 0, bad: 0, restarts_max: 0 };
    let mut unexplored: Vec<Vec<bool>> = vec![Vec::new()];
    while let Some(mut choices) = unexplored.pop() {
        let machine = two_nodes(mems_retry).build().unwrap();
        let reader = reader(&machine);
        let hoards = BOTH.map(|node| machine.exhaust(node, 0));
        let flags = Gfp::NOWAIT.without(Gfp::KSWAPD_RECLAIM) | Gfp::HARDWALL;
        let mut request = machine.request(reader, None, Order::ZERO, flags).unwrap();
        (0..3).for_each(|_| assert!(matches!(request.step(), Step::Next), "two looks of the fast path, and its end"));
        drop(hoards);
        let mut writer = machine.move_nodes(reader, on(1), kind);
        let (mut at, mut looks, mut writes_left) = (0, 0, true);
        let end = loop {
            if at == choices.len() {
                // Every schedule in which the writer has the next turn is explored later.
                if writes_left {
                    unexplored.push([choices.as_slice(), &[true]].concat());
                }
                choices.push(false);
            }
            at += 1;
            if choices[at - 1] {
                writes_left = writer.step().is_some();
                if !writes_left {
                    break Turn::Blocked;
                }
                continue;
            }
            match turn(&machine, &mut request, &mut looks) {
                Turn::Next => {}
                over => break over,
            }
        };
        // A turn of somebody who has none is no schedule of its own.
        if end == Turn::Done {
            explored.schedules += 1;
            explored.bad += u32::from(machine.stats().failures > 0);
            explored.restarts_max = explored.restarts_max.max(machine.stats().mems_restarts);
        }
    }
    explored
}

#[test]
fn row_110_without_the_counter_one_schedule_fails_with_allowed_memory_free() {
    let explored = |kind| all_schedules(false, kind);
    assert_eq!(explored(MoveKind::AtOnceUncounted), Explored { schedules: 4, bad: 1, restarts_max: 0 });
    assert_eq!(explored(MoveKind::Uncounted), Explored { schedules: 8, bad: 1, restarts_max: 0 });
}

#[test]
fn row_111_a_counter_that_nobody_reads_changes_nothing() {
    let explored = all_schedules(false, MoveKind::ExpandThenShrink);
    assert_eq!(explored, Explored { schedules: 28, bad: 9, restarts_max: 0 });
}

#[test]
fn row_112_with_the_counter_no_schedule_fails_and_none_looks_again_twice() {
    let explored = |kind| all_schedules(true, kind);
    assert_eq!(explored(MoveKind::ExpandThenShrink), Explored { schedules: 15, bad: 0, restarts_max: 1 });
    assert_eq!(explored(MoveKind::AtOnce), Explored { schedules: 12, bad: 0, restarts_max: 1 });
}

#[test]
fn row_112_a_writer_that_forgets_the_counter_is_caught() {
    assert_eq!(all_schedules(true, MoveKind::Uncounted), Explored { schedules: 8, bad: 1, restarts_max: 0 });
}

#[test]
fn row_111_a_counter_that_steps_only_for_disjoint_moves_misses_two_in_a_row() {
    for (kind, expected) in [(MoveKind::CountedIfDisjoint, false), (MoveKind::ExpandThenShrink, true)] {
        let machine = two_nodes(true).build().unwrap();
        let cpuset = machine.cpuset(on(0)).unwrap();
        let reader = reader(&machine);
        cpuset.attach(reader).unwrap();
        let hoards = BOTH.map(|node| machine.exhaust(node, 0));
        let flags = Gfp::NOWAIT | Gfp::HARDWALL;
        let mut request = machine.request(reader, None, Order::ZERO, flags).unwrap();
        let mut looks = 0;
        (0..3).for_each(|_| assert!(matches!(request.step(), Step::Next)));
        drop(hoards);
        // The slow path begins, and node 1 is looked at; then the nodes are 0, 0 and 1, and 1.
        (0..2).for_each(|_| assert!(turn(&machine, &mut request, &mut looks) == Turn::Next));
        for mems in [on(0).union(on(1)), on(1)] {
            drop(cpuset.move_to(mems, kind).unwrap());
        }
        let served = loop {
            match request.step() {
                Step::Next | Step::Wait(_) => {}
                Step::Done(result) => break result.is_ok(),
            }
        };
        assert_eq!(served, expected, "{kind:?}");
    }
}

/// Whether some schedule of a killing request's last look and decision, and a move, kills although memory is free.
fn kills_early(mems_retry: bool, kind: MoveKind) -> bool {
    let steps = || {
        let machine = two_nodes(mems_retry).build().unwrap();
        support::hog(&machine, 10);
        machine
    };
    // The writer makes its first steps before turn `first` of the reader, and the others before turn `second`.
    (0..8).flat_map(|second| (0..=second).map(move |first| (first, second))).any(|(first, second)| {
        (1..4).any(|split| {
            let machine = steps();
            let reader = reader(&machine);
            let hoards = BOTH.map(|node| machine.exhaust(node, 0));
            let mut request = machine.request(reader, None, Order::ZERO, Gfp::USER).unwrap();
            // Fast: two looks and the end; slow start; at min: three again; one pass of reclaim; whether to retry.
            (0..9).for_each(|_| assert!(matches!(request.step(), Step::Next)));
            assert_eq!(machine.stats().direct_passes, 1);
            drop(hoards);
            let mut writer = Some(machine.move_nodes(reader, on(1), kind));
            for turn in 0.. {
                if turn == first {
                    for _ in 0..split {
                        let _ = writer.as_mut().and_then(alloc_core::NodesMove::step);
                    }
                }
                if turn == second {
                    writer = None;
                }
                if matches!(request.step(), Step::Done(_)) {
                    break;
                }
            }
            machine.stats().premature_kills > 0
        })
    })
}

#[test]
fn row_113_no_schedule_of_the_last_look_kills_while_allowed_memory_is_free() {
    assert!(kills_early(false, MoveKind::ExpandThenShrink), "without the counter, one does");
    assert!(kills_early(true, MoveKind::Uncounted));
    assert!(!kills_early(true, MoveKind::ExpandThenShrink) && !kills_early(true, MoveKind::AtOnce));
}

#[test]
fn row_112_after_a_move_there_is_nothing_to_wait_for() {
    let machine = two_nodes(true).build().unwrap();
    let task = machine.spawn(TaskOptions { mems: on(0), ..TaskOptions::named("bound") });
    let _hoards = BOTH.map(|node| machine.exhaust(node, 0));
    let ask = || machine.run_as(task, || machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).map(drop));
    let mut writer = machine.move_nodes(task, on(1), MoveKind::ExpandThenShrink);
    assert!(writer.step().is_some());
    assert_eq!(ask(), Err(AllocError::Hang), "in the middle of a move that never ends");
    // A second move that ends before the first leaves nobody in the dark.
    machine.move_nodes(task, on(0), MoveKind::AtOnce).finish();
    assert_eq!(ask(), Err(AllocError::Hang));
    drop(writer);
    assert_eq!(ask(), Err(AllocError::NoMemory));
    assert!(machine.move_nodes(TaskId(9), on(0), MoveKind::AtOnce).step().is_none());
}

/// How many requests of very many fail or kill, while the cpuset of their task moves at random and both nodes are free.
fn fails_early(mems_retry: bool, moves: u32) -> u64 {
    use alloc_core::{Interleave, MemPolicy, Rebind};
    let machine = two_nodes(mems_retry).build().unwrap();
    support::hog(&machine, 10);
    let cpuset = machine.cpuset(on(0)).unwrap();
    let reader = reader(&machine);
    cpuset.attach(reader).unwrap();
    let mut seed = 1_u64;
    let mut random = |limit: u32| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u32 % limit
    };
    let (mut moved, mut failed) = (0, 0);
    while moved < moves {
        let mems = cpuset.mems();
        let policy = [
            MemPolicy::Default,
            MemPolicy::Bind(mems),
            MemPolicy::Interleave(Interleave::over(mems)),
            MemPolicy::Preferred(NodeId(random(2) as u8)),
        ][random(4) as usize];
        // A node that the task may not use is not preferred, and the policy stays as it was.
        let _ = machine
            .run_as(reader, || machine.set_mem_policy(policy, [Rebind::Remap, Rebind::Static][random(2) as usize]));
        let flags = [Gfp::NOWAIT | Gfp::HARDWALL, Gfp::USER, Gfp::USER | Gfp::NORETRY][random(3) as usize];
        let mut request = machine.request(reader, None, Order::ZERO, flags).unwrap();
        let mut moving = None;
        failed += loop {
            for _ in 0..random(9) {
                let writer = moving.get_or_insert_with(|| {
                    moved += 1;
                    let to = [on(0), on(1), on(0).union(on(1))][random(3) as usize];
                    cpuset.move_to(to, MoveKind::ExpandThenShrink).unwrap()
                });
                if writer.step().is_none() {
                    moving = None;
                }
            }
            match request.step() {
                Step::Next | Step::Wait(_) => {}
                Step::Done(result) => break u64::from(result.is_err()),
            }
        };
    }
    failed + machine.stats().premature_kills + machine.stats().kills
}

#[test]
fn row_113_no_random_move_makes_a_request_fail_or_kill_early() {
    let moves = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    assert_eq!(fails_early(true, moves), 0);
    assert!(fails_early(false, 20_000) > 0, "without the counter, some do");
}
