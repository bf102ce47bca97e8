//! The queues of those who wait without bound, one for each zone: who is handed what comes free, and who is not kept waiting.

mod support;

use alloc_core::{
    AllocError, Fragments, Gfp, Hoard, Machine, MoveKind, NodeId, NodeMask, NodePages, Order, PageBlock, Policy,
    Queued, Step, TaskId, TaskOptions,
};
use support::order;

/// The level that each of the nodes keeps.
const MIN: u64 = 64;

fn machine(nodes: u8) -> Machine {
    let builder = (0..nodes).fold(Machine::builder(), |builder, _| builder.node(NodePages::new(1024)));
    builder.min_free_pages(MIN * u64::from(nodes)).policy(Policy::kernel()).build().unwrap()
}

fn on(nodes: &[u8]) -> NodeMask {
    NodeMask::of(&nodes.iter().copied().map(NodeId).collect::<Vec<_>>())
}

fn task(machine: &Machine, nodes: &[u8]) -> TaskId {
    let options = TaskOptions { mems: on(nodes), node: NodeId(nodes[0]), ..TaskOptions::named("waits") };
    machine.spawn(options)
}

fn waits(queued: &mut Queued<'_>) -> bool {
    matches!(queued.step(), Step::Wait(_))
}

fn scarce(machine: &Machine, nodes: u8) -> Vec<Hoard<'_>> {
    (0..nodes).map(|node| machine.exhaust(NodeId(node), MIN)).collect()
}

#[test]
fn row_016_each_zone_has_a_queue_and_its_pages_go_to_the_first_in_it() {
    let machine = machine(2);
    let mut singles = [0, 1].map(|node| -> Vec<_> {
        (0..4).map(|_| machine.alloc_pages_node(NodeId(node), Order::ZERO, Gfp::KERNEL).unwrap()).collect()
    });
    let _hoards = scarce(&machine, 2);
    let (left, right) = (task(&machine, &[0]), task(&machine, &[1]));
    let (either, late) = (task(&machine, &[0, 1]), task(&machine, &[0]));
    let mut left = machine.queue(left, Order::ZERO).unwrap();
    let mut either = machine.queue(either, Order::ZERO).unwrap();
    let mut right = machine.queue(right, Order::ZERO).unwrap();
    let mut late = machine.queue(late, Order::ZERO).unwrap();
    // The first of all waits for node 0, and keeps nobody from node 1.
    singles[1].pop();
    assert!(waits(&mut left) && waits(&mut right) && waits(&mut late));
    let Step::Done(Ok(block)) = either.step() else { panic!("it is the first in node 1's queue") };
    assert_eq!(block.frame().0 / 1024, 1);
    singles[1].pop();
    let Step::Done(Ok(second)) = right.step() else { panic!("it is the next there") };
    singles[0].pop();
    assert!(waits(&mut late));
    let Step::Done(Ok(third)) = left.step() else { panic!("the first of all is served at home") };
    singles[0].pop();
    assert!(matches!(late.step(), Step::Done(Ok(_))));
    drop((block, second, third));
    machine.audit().unwrap();
}

#[test]
fn row_016_what_the_first_waits_for_is_kept_for_it_and_no_more() {
    let machine = machine(1);
    let mut fragments = Some(machine.fragment(Fragments::KeepOneIn(2)));
    let mut held: Vec<_> = (0..24).map(|_| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap()).collect();
    let hoard = scarce(&machine, 1);
    let (large, small) = (task(&machine, &[0]), task(&machine, &[0]));
    let mut large = machine.queue(large, order(3)).unwrap();
    let mut small = machine.queue(small, Order::ZERO).unwrap();
    // Single pages come free: eight of them are the large request's, in number.
    let mut given = 0;
    while waits(&mut small) {
        assert!(waits(&mut large));
        held.pop();
        given += 1;
    }
    assert_eq!(given, 9, "the ninth is nobody's claim");
    assert!(waits(&mut large), "no eight lie side by side");
    drop(fragments.take());
    assert!(matches!(large.step(), Step::Done(Ok(_))));
    drop(hoard);
    assert_eq!(machine.free_pages(None), 1024 - held.len() as u64);
}

#[test]
fn row_016_a_task_that_is_killed_or_ends_or_moves_keeps_nobody_waiting() {
    let machine = machine(2);
    let _hoards = (machine.exhaust(NodeId(0), MIN + 8), machine.exhaust(NodeId(1), MIN));
    let (ends, moves, small) = (task(&machine, &[0]), task(&machine, &[0]), task(&machine, &[0]));
    let mut first = machine.queue(ends, order(6)).unwrap();
    let mut second = machine.queue(moves, order(6)).unwrap();
    let mut third = machine.queue(small, Order::ZERO).unwrap();
    assert!(waits(&mut third), "eight pages are claimed by those before it");
    machine.exit(ends);
    assert!(waits(&mut third));
    machine.move_nodes(moves, on(&[1]), MoveKind::ExpandThenShrink).finish();
    assert!(matches!(third.step(), Step::Done(Ok(_))), "nobody before it waits for node 0 any more");
    assert!(matches!(first.step(), Step::Done(Err(AllocError::NoSuchTask))));
    // Where a task comes to, what is free is offered to it.
    let (large, comes) = (task(&machine, &[1]), task(&machine, &[1]));
    let _large = machine.queue(large, order(3)).unwrap();
    let mut comes_queued = machine.queue(comes, Order::ZERO).unwrap();
    assert!(waits(&mut comes_queued) && waits(&mut second));
    machine.move_nodes(comes, on(&[0, 1]), MoveKind::AtOnce).finish();
    assert!(matches!(comes_queued.step(), Step::Done(Ok(_))));
    machine.audit().unwrap();
}

#[test]
fn row_016_a_victim_leaves_the_queue_although_it_cannot_run() {
    let machine = machine(1);
    let (victim, other) = (task(&machine, &[0]), task(&machine, &[0]));
    machine.grow(victim, 200).unwrap();
    machine.set_memory_locked(victim, true);
    let hoard = machine.exhaust(NodeId(0), MIN + 1);
    let mut stuck = machine.queue(victim, order(6)).unwrap();
    let mut waiting = machine.queue(other, Order::ZERO).unwrap();
    assert!(waits(&mut waiting));
    let mut request = machine.request(Machine::BOOT, None, order(2), Gfp::KERNEL).unwrap();
    while machine.stats().kills == 0 {
        assert!(!matches!(request.step(), Step::Done(_)));
    }
    assert!(matches!(waiting.step(), Step::Done(Ok(_))), "and its claim goes with it");
    assert!(matches!(stuck.step(), Step::Done(Err(AllocError::VictimReservesGone))));
    drop((request, hoard));
    machine.audit().unwrap();
}

#[test]
fn row_016_the_first_of_any_queue_is_helped_by_killing() {
    let machine = machine(2);
    let hog = task(&machine, &[1]);
    machine.grow(hog, 200).unwrap();
    let _hoards = (machine.exhaust(NodeId(0), 0), machine.exhaust(NodeId(1), 0));
    let (left, right) = (task(&machine, &[0]), task(&machine, &[1]));
    let _left = machine.queue(left, Order::ZERO).unwrap();
    assert!(machine.queue(right, Order::ZERO).unwrap().finish().is_ok());
    assert!(machine.is_victim(hog));
    // Nobody can ever have more than its nodes have.
    let one = task(&machine, &[0]);
    assert_eq!(machine.queue(one, order(11)).unwrap_err(), AllocError::OrderTooBig);
}

/// One who waits, and what is known of it.
struct Waiting<'m> {
    queued: Queued<'m>,
    number: usize,
    task: TaskId,
    nodes: Vec<u8>,
    order: u32,
}

/// What must hold of those who wait, the first of them first: nobody could be served from what those before it leave.
fn nobody_is_kept_waiting(machine: &Machine, waiting: &[Waiting<'_>], case: u64) {
    let mut claimed = [0; 3];
    for one in waiting {
        for node in &one.nodes {
            let (node, pages) = (usize::from(*node), 1_u64 << one.order);
            let free = machine.free_pages(Some(NodeId(node as u8)));
            let enough = free >= MIN + claimed[node] + pages;
            // Whether pages lie side by side is not asked here: single ones always do.
            assert!(!enough || one.order > 0, "case {case}: {free} free on {node}, {} claimed", claimed[node]);
            claimed[node] += pages;
        }
    }
}

#[test]
fn row_016_whatever_comes_and_goes_pages_find_those_who_may_have_them() {
    let mut seed = 3_u64;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) % limit as u64) as usize
    };
    let sets: [&[u8]; 6] = [&[0], &[1], &[2], &[0, 1], &[1, 2, 0], &[2, 0]];
    let (mut served, mut steps) = (0, 0);
    for case in 0..if cfg!(miri) { 2 } else { 150 } {
        let machine = machine(3);
        let mut hoards = scarce(&machine, 3);
        if below(3) == 0 {
            hoards = Vec::new();
            hoards.push(machine.fragment(Fragments::KeepOneIn(2 << below(4))));
            hoards.extend(scarce(&machine, 3));
        }
        let mut waiting: Vec<Waiting<'_>> = Vec::new();
        let mut held: Vec<PageBlock<'_>> = Vec::new();
        for _ in 0..120 {
            steps += 1;
            match below(10) {
                0..4 => {
                    let (nodes, size) = (sets[below(6)].to_vec(), if below(3) == 0 { below(4) as u32 } else { 0 });
                    let task = task(&machine, &nodes);
                    let queued = machine.queue(task, order(size)).unwrap();
                    waiting.push(Waiting { queued, number: steps, task, nodes, order: size });
                }
                4..7 => {
                    let from = below(hoards.len());
                    hoards[from].give_back(1 + below(3) as u32);
                }
                7 if !held.is_empty() => drop(held.swap_remove(below(held.len()))),
                8 if !waiting.is_empty() => {
                    let one = below(waiting.len());
                    match below(3) {
                        0 => drop(waiting.remove(one)),
                        1 => machine.exit(waiting[one].task),
                        _ => {
                            let nodes = sets[below(6)].to_vec();
                            machine.move_nodes(waiting[one].task, on(&nodes), MoveKind::AtOnce).finish();
                            waiting[one].nodes = nodes;
                        }
                    }
                }
                _ => held.extend(machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).ok()),
            }
            // Collecting what was handed over hands nothing else over.
            let mut turns = Vec::new();
            waiting.retain_mut(|one| match one.queued.step() {
                Step::Done(result) => {
                    turns.extend(result.as_ref().ok().map(|block| (one.number, (block.frame().0 / 1024) as u8)));
                    held.extend(result.ok());
                    false
                }
                _ => true,
            });
            for (number, node) in &turns {
                let overtaken = |one: &Waiting<'_>| one.number < *number && one.order == 0 && one.nodes.contains(node);
                assert!(!waiting.iter().any(overtaken), "case {case}: {number} was served on {node} before its turn");
            }
            served += turns.len();
            nobody_is_kept_waiting(&machine, &waiting, case);
        }
        machine.audit().unwrap();
        drop((waiting, held, hoards));
        assert_eq!(machine.free_pages(None), 3 * 1024, "case {case}");
    }
    assert!(served * 8 > steps, "{served} served in {steps} steps");
}
