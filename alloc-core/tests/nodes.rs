//! Nodes and zones: in which order they are visited, which may be used, and what a move of them may not do.

mod support;

use alloc_core::{
    AllocError, EventKind, Gfp, Machine, MachineBuilder, MemsStep, MoveKind, NodeId, NodeMask, NodePages, Order,
    Policy, Scope, Step, TaskId, TaskOptions, ZoneKind,
};

const BOTH: [NodeId; 2] = [NodeId(0), NodeId(1)];

fn on(node: u8) -> NodeMask {
    NodeMask::of(&[NodeId(node)])
}

fn two_nodes() -> MachineBuilder {
    let node = || NodePages::new(256);
    Machine::builder().node(node()).node(node()).min_free_pages(32)
}

/// Which zones a request looks at, in order.
fn visited(machine: &Machine, node: u8, flags: Gfp) -> Vec<(u8, ZoneKind)> {
    let from = machine.next_event();
    let _ = machine.alloc_pages_node(NodeId(node), Order::ZERO, flags);
    let looks = machine.events_since(from).into_iter().filter_map(|event| match event.kind {
        EventKind::Looked { node, zone, .. } => Some((node.0, zone)),
        _ => None,
    });
    looks.collect()
}

#[test]
fn row_107_zones_are_visited_near_nodes_first_and_high_zones_first() {
    let node = || NodePages::new(768).with_dma32(256).with_movable(256);
    let machine = Machine::builder().node(node()).node(NodePages::new(256)).node(NodePages::new(256));
    let machine = machine.distance(NodeId(0), NodeId(2), 15).trace_looks().build().unwrap();
    let _hoards = [0, 1, 2].map(|node| machine.exhaust(NodeId(node), 0));
    let first_scan = |node, flags| {
        let all = visited(&machine, node, flags);
        all[..all.len() / 2].to_vec()
    };
    use ZoneKind::{Dma32, Movable, Normal};
    assert_eq!(
        first_scan(0, Gfp::USER_MOVABLE.without(Gfp::RECLAIM)),
        [(0, Movable), (0, Normal), (0, Dma32), (2, Normal), (1, Normal)]
    );
    assert_eq!(first_scan(0, Gfp::NONE), [(0, Normal), (0, Dma32), (2, Normal), (1, Normal)]);
    assert_eq!(first_scan(0, Gfp::DMA32), [(0, Dma32)]);
    // Row 108: the local node's own list begins with it.
    assert_eq!(first_scan(1, Gfp::NONE), [(1, Normal), (0, Normal), (0, Dma32), (2, Normal)]);
}

#[test]
fn row_107_low_zones_keep_pages_back_from_those_who_could_go_higher() {
    let machine = Machine::builder().node(NodePages::new(1024).with_dma32(256)).min_free_pages(0).build().unwrap();
    let mut blocks = Vec::new();
    while let Ok(block) = machine.alloc_pages(Order::ZERO, Gfp::NOWAIT) {
        blocks.push(block);
    }
    // 768 ordinary pages keep 768 / 256 pages of the low zone free.
    assert_eq!(machine.free_pages(None), 3);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::NOWAIT | Gfp::DMA32).is_ok());
}

#[test]
fn row_117_thisnode_stays_and_kills_nobody() {
    let machine = two_nodes().build().unwrap();
    support::hog(&machine, 50);
    let _hoard = machine.exhaust(NodeId(0), 0);
    let result = machine.alloc_pages_node(NodeId(0), Order::ZERO, Gfp::KERNEL | Gfp::THISNODE);
    assert_eq!(result.unwrap_err(), AllocError::NoMemory);
    assert_eq!(machine.stats().kills, 0);
    assert!(machine.alloc_pages_node(NodeId(0), Order::ZERO, Gfp::KERNEL).is_ok());
    assert_eq!(machine.alloc_pages_node(NodeId(2), Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::NoSuchNode);
}

fn bound(machine: &Machine, node: u8, mems: NodeMask) -> TaskId {
    machine.spawn(TaskOptions { mems, node: NodeId(node), ..TaskOptions::named("bound") })
}

#[test]
fn row_102_a_binding_mask_holds_for_all_but_the_urgent_and_the_dying() {
    let machine = two_nodes().build().unwrap();
    let task = bound(&machine, 0, on(1));
    let node = |frame: alloc_core::FrameNumber| frame.0 / 256;
    let ask = |flags| machine.run_as(task, || machine.alloc_pages(Order::ZERO, flags).map(|block| node(block.frame())));
    for flags in [Gfp::USER, Gfp::KERNEL, Gfp::ATOMIC, Gfp::NOWAIT] {
        assert_eq!(ask(flags), Ok(1), "while the allowed node has pages: {flags:?}");
    }
    let _hoard = machine.exhaust(NodeId(1), 0);
    assert_eq!(ask(Gfp::USER | Gfp::NORETRY), Err(AllocError::NoMemory));
    assert_eq!(ask(Gfp::KERNEL), Ok(0), "not binding");
    assert_eq!(ask(Gfp::ATOMIC | Gfp::HARDWALL), Ok(0));
    assert_eq!(ask(Gfp::NOWAIT | Gfp::HARDWALL), Err(AllocError::NoMemory));
    // Row 130: an interrupt is in nobody's name.
    let interrupt = machine.run_as(task, || machine.scope(Scope::Interrupt));
    assert_eq!(ask(Gfp::NOWAIT | Gfp::HARDWALL), Ok(0));
    drop(interrupt);
    machine.set_memory_locked(task, true);
    machine.set_dying(task);
    assert_eq!(ask(Gfp::USER), Ok(0), "it became a victim on the way");
}

/// What came of all schedules of a reader and a writer.
#[derive(Debug, PartialEq, Eq)]
struct Explored {
    schedules: u32,
    bad: u32,
    restarts_max: u64,
}

/// Runs the last look of a request at its zones, and the decision to kill, against a move of its nodes from 0 to 1, in
/// every order of their steps. Both nodes are full until then, so that the request comes as far as that; then memory
/// comes free on both.
fn all_schedules(mems_retry: bool, kind: MoveKind) -> Explored {
    let mut explored = Explored { schedules: 0, bad: 0, restarts_max: 0 };
    let mut unexplored = vec![Vec::new()];
    while let Some(choices) = unexplored.pop() {
        let policy = Policy { mems_retry, ..Policy::kernel() };
        let machine = two_nodes().policy(policy).build().unwrap();
        support::hog(&machine, 10);
        let reader = bound(&machine, 1, on(0));
        let hoards = BOTH.map(|node| machine.exhaust(node, 0));
        let mut request = machine.request(reader, None, Order::ZERO, Gfp::USER).unwrap();
        // Fast: two looks and the end; slow start; at min: three again; one pass of reclaim; whether to retry.
        for _ in 0..9 {
            assert!(matches!(request.step(), Step::Next));
        }
        assert_eq!(machine.stats().direct_passes, 1);
        drop(hoards);
        let mut writer = machine.move_nodes(reader, on(1), kind);
        let (mut done, mut moved) = (false, false);
        let mut given: std::collections::VecDeque<bool> = choices.iter().copied().collect();
        let mut taken = choices.clone();
        while !done {
            let writes = match given.pop_front() {
                Some(choice) => choice,
                None if moved => false,
                None => {
                    // The other choice is explored later.
                    unexplored.push([taken.as_slice(), &[true]].concat());
                    taken.push(false);
                    false
                }
            };
            if writes {
                moved = writer.step() != Some(MemsStep::Expanded);
            } else {
                // A request that waits for the writer lets it go on.
                let step = request.step();
                if matches!(step, Step::Wait(alloc_core::WaitFor::NodesMove)) && !moved {
                    moved = writer.step() != Some(MemsStep::Expanded);
                }
                done = matches!(step, Step::Done(_)) || machine.stats().kills > 0;
            }
        }
        explored.schedules += 1;
        explored.bad += u32::from(machine.stats().premature_kills > 0);
        explored.restarts_max = explored.restarts_max.max(machine.stats().mems_restarts);
    }
    explored
}

#[test]
fn row_110_without_the_counter_one_schedule_kills_with_allowed_memory_free() {
    let explored = |kind| all_schedules(false, kind);
    assert_eq!(explored(MoveKind::AtOnce), Explored { schedules: 4, bad: 1, restarts_max: 0 });
    assert_eq!(explored(MoveKind::ExpandThenShrink), Explored { schedules: 8, bad: 1, restarts_max: 0 });
}

#[test]
fn row_112_with_the_counter_no_schedule_kills_and_none_looks_again_twice() {
    let explored = |kind| all_schedules(true, kind);
    assert_eq!(explored(MoveKind::AtOnce), Explored { schedules: 4, bad: 0, restarts_max: 1 });
    assert_eq!(explored(MoveKind::ExpandThenShrink), Explored { schedules: 7, bad: 0, restarts_max: 1 });
}

#[test]
fn row_112_a_writer_that_forgets_the_counter_is_caught() {
    assert_eq!(all_schedules(true, MoveKind::Uncounted).bad, 1);
}

#[test]
fn row_112_after_a_move_there_is_nothing_to_wait_for() {
    let machine = two_nodes().build().unwrap();
    let task = bound(&machine, 0, on(0));
    let _hoards = BOTH.map(|node| machine.exhaust(node, 0));
    let ask = || machine.run_as(task, || machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).map(drop));
    let mut writer = machine.move_nodes(task, on(1), MoveKind::ExpandThenShrink);
    assert_eq!(writer.step(), Some(MemsStep::Expanded));
    assert_eq!(ask(), Err(AllocError::Hang), "in the middle of a move that never ends");
    assert_eq!(writer.step(), Some(MemsStep::Shrunk));
    assert_eq!(ask(), Err(AllocError::NoMemory));
    machine.move_nodes(task, on(0), MoveKind::AtOnce).finish();
    assert_eq!(ask(), Err(AllocError::NoMemory));
    assert!(machine.move_nodes(TaskId(9), on(0), MoveKind::AtOnce).step().is_none());
}

#[test]
fn row_113_no_random_move_makes_a_request_fail_or_kill_early() {
    for (mems_retry, expected) in [(true, false), (false, true)] {
        let policy = Policy { mems_retry, ..Policy::kernel() };
        let machine = two_nodes().policy(policy).build().unwrap();
        support::hog(&machine, 10);
        let reader = bound(&machine, 1, on(0));
        let mut seed = 1_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as u32
        };
        let (mut at, mut failed) = (0, 0);
        for _ in 0..if cfg!(debug_assertions) { 20_000 } else { 1_000_000 } {
            let Ok(mut request) = machine.request(reader, None, Order::ZERO, Gfp::NOWAIT | Gfp::HARDWALL) else {
                continue;
            };
            failed += loop {
                if random() % 2 == 0 {
                    at = 1 - at;
                    machine.move_nodes(reader, on(at), MoveKind::ExpandThenShrink).finish();
                }
                match request.step() {
                    Step::Next | Step::Wait(_) => {}
                    Step::Done(result) => break u32::from(result.is_err()),
                }
            };
        }
        assert_eq!(failed > 0, expected, "{failed} requests failed while both nodes were free");
        assert_eq!(machine.stats().premature_kills, 0);
    }
}
