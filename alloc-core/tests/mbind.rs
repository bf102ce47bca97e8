//! Ranges whose pages come when they are touched, from the nodes that `mbind` says; and pages that it moves.

mod support;

use std::sync::Arc;

use alloc_core::{
    AllocError, FaultStep, Gfp, Interleave, Machine, Mbind, MemPolicy, MoveKind, NodeId, NodeMask, NodePages, Nth,
    Policy, Rebind, ReclaimClass, TaskOptions, Vma,
};
use support::random::Random;
use support::{Cache, hog, order};

const PAGES: u32 = 256;

fn machine() -> Machine {
    let node = NodePages::new(PAGES);
    Machine::builder().node(node).node(node).node(node).min_free_pages(24).build().unwrap()
}

fn only(node: u8) -> NodeMask {
    NodeMask::of(&[NodeId(node)])
}

fn bind(range: &Vma<'_>, pages: std::ops::Range<usize>, node: u8, moves: bool) -> Mbind {
    range.mbind(pages, MemPolicy::Bind(only(node)), Rebind::Static, moves).unwrap()
}

fn nodes(range: &Vma<'_>) -> Vec<Option<u8>> {
    (0..range.len()).map(|page| range.node_of(page).map(|node| node.0)).collect()
}

#[test]
fn row_104_pages_come_when_they_are_touched_from_the_nodes_of_their_policy() {
    let machine = machine();
    let mut range = machine.vma(12).unwrap();
    assert_eq!((range.present(), machine.free_pages(None)), (0, 3 * u64::from(PAGES)));
    bind(&range, 2..5, 1, false);
    range.mbind(5..7, MemPolicy::Preferred(NodeId(2)), Rebind::Remap, false).unwrap();
    let turns = Interleave::over(NodeMask::of(&[NodeId(1), NodeId(2)])).weighing(NodeId(2), 2);
    range.mbind(8..12, MemPolicy::Interleave(turns), Rebind::Remap, false).unwrap();
    // A task's own policy is for pages that have none.
    machine.set_mem_policy(MemPolicy::Preferred(NodeId(2)), Rebind::Remap).unwrap();
    for page in [3, 0, 11, 6, 1, 2, 8, 9, 10, 4, 5] {
        assert!(range.pin(page).unwrap().iter().all(|byte| *byte == 0));
        range.pin_mut(page).unwrap().fill(page as u8);
    }
    let expected = [2, 2, 1, 1, 1, 2, 2, 9, 2, 1, 2, 2].map(|node| Some(node).filter(|node| *node < 9));
    assert_eq!((nodes(&range), range.present()), (expected.to_vec(), 11));
    assert_eq!(range.policy_of(6), Some(MemPolicy::Preferred(NodeId(2))));
    // What is there stays as it is, touched again or given another policy; what is discarded comes anew, and is zero.
    bind(&range, 0..12, 0, false);
    assert!(range.pin(3).unwrap().iter().all(|byte| *byte == 3));
    assert_eq!(nodes(&range), expected);
    range.discard(3..7);
    assert!(range.pin(3).unwrap().iter().all(|byte| *byte == 0));
    assert_eq!((range.node_of(3), range.node_of(4)), (Some(NodeId(0)), None));
    machine.audit().unwrap();
    drop(range);
    assert_eq!(machine.free_pages(None), 3 * u64::from(PAGES));
}

#[test]
fn row_104_pages_that_are_there_are_moved_unless_somebody_has_their_address() {
    let machine = machine();
    let mut range = machine.vma(40).unwrap();
    (0..30).for_each(|page| range.pin_mut(page).unwrap().fill(page as u8));
    assert_eq!(bind(&range, 0..10, 0, true), Mbind::default(), "they are where they belong");
    let pin = range.pin(7).unwrap();
    assert_eq!(bind(&range, 5..40, 1, true), Mbind { moved: 24, pinned: 1, failed: 0 });
    assert!(pin.iter().all(|byte| *byte == 7) && range.node_of(7) == Some(NodeId(0)));
    drop(pin);
    assert_eq!(bind(&range, 5..40, 1, true), Mbind { moved: 1, pinned: 0, failed: 0 });
    assert_eq!((machine.stats().migrated, machine.stats().migrations_failed), (25, 1));
    for page in 0..30 {
        assert!(range.pin(page).unwrap().iter().all(|byte| *byte == page as u8));
        assert_eq!(range.node_of(page), Some(NodeId(u8::from(page >= 5))));
    }
    assert_eq!((machine.free_pages(Some(NodeId(0))), machine.free_pages(Some(NodeId(1)))), (251, 231));
    // A full node takes nobody in, and nobody is killed for it.
    let _full = machine.exhaust(NodeId(2), 0);
    hog(&machine, 10);
    assert_eq!(bind(&range, 0..5, 2, true), Mbind { moved: 0, pinned: 0, failed: 5 });
    assert_eq!((machine.stats().kills, range.node_of(0)), (0, Some(NodeId(0))));
    machine.audit().unwrap();
}

#[test]
fn row_104_what_cannot_be_bound_is_refused_and_changes_nothing() {
    let machine = machine();
    let range = machine.vma(4).unwrap();
    bind(&range, 0..4, 1, false);
    let refused = |pages, policy| range.mbind(pages, policy, Rebind::Static, true).unwrap_err();
    assert_eq!(refused(0..5, MemPolicy::Default), AllocError::BeyondRange);
    assert_eq!(refused(2..4, MemPolicy::Bind(only(3))), AllocError::NoSuchNode);
    assert_eq!(range.fault(4).unwrap_err(), AllocError::BeyondRange);
    assert_eq!(machine.vma(0).unwrap_err(), AllocError::ZeroSize);
    assert_eq!(range.policy_of(3), Some(MemPolicy::Bind(only(1))));
    range.mbind(1..2, MemPolicy::Default, Rebind::Static, true).unwrap();
    assert_eq!([0, 1, 2].map(|page| range.policy_of(page).is_some()), [true, false, true]);
}

#[test]
fn row_104_a_range_follows_the_nodes_of_whoever_faults() {
    let machine = machine();
    let task = machine.spawn(TaskOptions { mems: only(0).union(only(1)), ..TaskOptions::named("task") });
    let range = machine.vma(8).unwrap();
    let bind = |page, rebind| range.mbind(page..page + 1, MemPolicy::Bind(only(1)), rebind, false).map(drop);
    machine.run_as(task, || {
        bind(0, Rebind::Remap).unwrap();
        bind(1, Rebind::Static).unwrap();
        machine.move_nodes(task, only(1).union(only(2)), MoveKind::ExpandThenShrink).finish();
        // The second of the old nodes is the second of the new ones; node 1 is node 1.
        assert_eq!((range.fault(0), range.fault(1)), (Ok(()), Ok(())));
        assert_eq!((range.node_of(0), range.node_of(1)), (Some(NodeId(2)), Some(NodeId(1))));
        // A static policy that the task may not follow any more is ignored, and nobody is killed.
        bind(2, Rebind::Static).unwrap();
        machine.move_nodes(task, only(2), MoveKind::AtOnce).finish();
        assert_eq!((range.fault(2), range.node_of(2)), (Ok(()), Some(NodeId(2))));
    });
    assert_eq!((machine.stats().kills, machine.stats().failures), (0, 0));
}

/// A range that is bound to node 0, which is so full that a fault has to reclaim, and a cache that it can reclaim from.
fn slow_fault(machine: &Machine) -> (Vma<'_>, Arc<Cache>) {
    let cache = Cache::register(machine, ReclaimClass::Clean, 40);
    let range = machine.vma(8).unwrap();
    bind(&range, 0..8, 0, false);
    (range, cache)
}

#[test]
fn row_118_no_step_of_a_fault_lets_mbind_in_and_none_fails_early() {
    for steps in 0.. {
        let machine = machine();
        let (range, _cache) = slow_fault(&machine);
        let _full = machine.exhaust(NodeId(0), 4);
        let there = MemPolicy::Bind(only(1));
        let try_bind = || range.try_mbind(0..8, there, Rebind::Static, true);
        let mut fault = range.begin_fault(3).unwrap();
        let mut over = false;
        for _ in 0..steps {
            over = matches!(fault.step(), FaultStep::Done(result) if result == Ok(()));
        }
        assert!(try_bind().is_none(), "after {steps} steps the fault holds the lock");
        // Faults do not wait for each other.
        assert_eq!(range.fault(4), Ok(()));
        assert_eq!(fault.finish(), Ok(()), "after {steps} steps");
        assert_eq!((range.node_of(3), range.node_of(4)), (Some(NodeId(0)), Some(NodeId(0))));
        let bound = try_bind().expect("nobody holds the lock").unwrap();
        assert_eq!((bound.moved, range.node_of(3)), (2, Some(NodeId(1))));
        let stats = machine.stats();
        assert_eq!((stats.kills, stats.failures, stats.premature_kills), (0, 0, 0));
        machine.audit().unwrap();
        if over {
            assert!(steps > 6, "a fault that reclaims has steps: {steps}");
            return;
        }
    }
}

#[test]
fn row_104_the_nodes_move_at_any_step_of_a_fault_and_it_neither_fails_nor_kills() {
    for (kind, before) in [(MoveKind::ExpandThenShrink, 0), (MoveKind::AtOnce, 0), (MoveKind::ExpandThenShrink, 1)] {
        for steps in 0..12 {
            let machine = machine();
            let task = machine.spawn(TaskOptions { mems: only(0), ..TaskOptions::named("faults") });
            hog(&machine, 20);
            machine.run_as(task, || {
                let range = machine.vma(2).unwrap();
                bind(&range, 0..2, 0, false);
                // Node 0 is full while the task may use it, and node 1 has memory.
                let _full = machine.exhaust(NodeId(0), 0);
                let mut moved = machine.move_nodes(task, only(1), kind);
                for _ in 0..before {
                    moved.step();
                }
                let mut fault = range.begin_fault(0).unwrap();
                let early = (0..steps).any(|_| matches!(fault.step(), FaultStep::Done(_)) || machine.stats().kills > 0);
                moved.finish();
                assert!(early || fault.finish() == Ok(()), "{kind:?}, {before} steps before, {steps} of the fault");
            });
            assert_eq!(machine.stats().premature_kills, 0);
            machine.audit().unwrap();
        }
    }
}

#[test]
fn row_104_any_sequence_of_binds_faults_and_pins_keeps_contents_and_places() {
    let (seeds, turns) = if cfg!(miri) { (1, 40) } else { (6, 400) };
    for seed in 0..seeds {
        let mut random = Random(seed);
        let machine = machine();
        let mut range = machine.vma(60).unwrap();
        let mut model = [0_u8; 60];
        let mut bound = [None; 60];
        let mut blocks = Vec::new();
        for turn in 0..turns {
            let page = random.below(60) as usize;
            match random.below(5) {
                0 => {
                    let (end, node) = (60.min(page + random.below(20) as usize), random.below(3) as u8);
                    let moves = random.below(2) == 0;
                    let done = bind(&range, page..end, node, moves);
                    assert_eq!(done.failed + done.pinned, 0);
                    bound[page..end].fill(Some(node));
                    let there = |page: &usize| range.node_of(*page).is_none_or(|found| found.0 == node);
                    assert!(!moves || (page..end).all(|page| there(&page)), "seed {seed}, turn {turn}");
                }
                1 => {
                    let value = random.byte() | 1;
                    let is_new = range.node_of(page).is_none();
                    let mut pin = range.pin_mut(page).unwrap();
                    (pin[0], pin[4095]) = (value, value);
                    drop(pin);
                    model[page] = value;
                    let home = bound[page].unwrap_or(0);
                    assert!(!is_new || range.node_of(page) == Some(NodeId(home)), "seed {seed}, turn {turn}");
                }
                2 => {
                    let pin = range.pin(page).unwrap();
                    assert_eq!((pin[0], pin[4095]), (model[page], model[page]), "seed {seed}, turn {turn}");
                }
                3 => {
                    range.discard(page..page + 3);
                    model[page..60.min(page + 3)].fill(0);
                }
                _ => {
                    // Others want room, for which pages are moved as well.
                    blocks.extend(machine.alloc_pages(order(random.below(7) as u32), Gfp::NOWAIT));
                    blocks.truncate(random.below(4) as usize);
                }
            }
            machine.audit().unwrap();
        }
        let stats = machine.stats();
        assert_eq!((stats.kills, stats.premature_kills), (0, 0));
        drop((range, blocks));
        assert_eq!(machine.free_pages(None), 3 * u64::from(PAGES));
    }
}

#[test]
fn row_104_each_request_of_a_range_can_fail_and_nothing_is_lost() {
    let machine = machine();
    for failing in 1..=7 {
        let mut range = machine.vma(3).unwrap();
        machine.set_faults(Some(Arc::new(Nth::new(failing))));
        let faults: Vec<_> = (0..3).map(|page| range.pin_mut(page).map(|mut pin| pin[0] = 5)).collect();
        let moved = bind(&range, 0..3, 1, true);
        machine.set_faults(None);
        let failed = faults.iter().filter(|fault| **fault == Err(AllocError::Injected)).count() as u64;
        assert!(faults.iter().all(|fault| matches!(fault, Ok(()) | Err(AllocError::Injected))));
        assert_eq!(
            (failed, moved.moved, moved.failed),
            match failing {
                1..=3 => (1, 2, 0),
                4..=6 => (0, 2, 1),
                _ => (0, 3, 0),
            }
        );
        assert!((0..3).all(|page| faults[page].is_err() || range.pin(page).unwrap()[0] == 5));
        machine.audit().unwrap();
        drop(range);
        assert!(machine.held().is_empty() && machine.free_pages(None) == 3 * u64::from(PAGES));
    }
}

#[test]
fn row_104_what_moves_is_charged_once() {
    let machine = machine();
    let group = machine.memcg(100).unwrap();
    let account = group.account();
    let range = machine.vma(10).unwrap();
    (0..10).for_each(|page| range.fault(page).unwrap());
    assert_eq!((group.charged(), bind(&range, 0..10, 2, true).moved, group.charged()), (10, 10, 10));
    drop(account);
    assert_eq!((bind(&range, 0..10, 1, true).moved, group.charged()), (10, 10));
    drop(range);
    assert_eq!(group.charged(), 0);
    assert_eq!(machine.policy(), Policy::kernel());
}
