//! Nodes and zones: in which order they are visited, and which may be used.

mod support;

use alloc_core::{
    AllocError, EventKind, Gfp, Machine, MachineBuilder, NodeId, NodeMask, NodePages, Order, Scope, TaskId,
    TaskOptions, ZoneKind,
};

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
