//! The OOM killer: whom it chooses, when it does not kill, what victims may do, and what the reaper takes.

mod support;

use alloc_core::{
    AllocError, EventKind, Fragments, Gfp, Machine, NodeId, NodePages, Order, Policy, Promise, ReclaimClass, Scope,
    Step, TaskOptions,
};
use support::{Cache, MIN, NODE, full, hog, kinds, machine, order};

#[test]
fn row_017_the_reaper_frees_a_victim_that_cannot_run() {
    let machine = Machine::builder().node(NodePages::new(4096)).min_free_pages(MIN).build().unwrap();
    let victim = hog(&machine, 1000);
    let _hoard = full(&machine);
    let mut request = machine.request(Machine::BOOT, None, Order::ZERO, Gfp::KERNEL).unwrap();
    while machine.stats().kills == 0 {
        assert!(!matches!(request.step(), Step::Done(_)));
    }
    // The victim's thread never runs again: it asks for nothing and frees nothing.
    assert!(machine.is_victim(victim) && machine.free_pages(None) == 0);
    machine.background();
    assert_eq!(machine.free_pages(None), 1000);
    machine.audit().unwrap();
}

#[test]
fn row_018_only_a_victim_sees_that_its_reserves_are_gone() {
    let machine = machine(Policy::kernel());
    let victim = hog(&machine, 500);
    machine.set_memory_locked(victim, true);
    let hoard = full(&machine);
    let ask = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop);
    assert_eq!(machine.run_as(victim, ask), Err(AllocError::VictimReservesGone));
    assert_eq!(machine.stats().kills, 1);
    machine.set_memory_locked(victim, false);
    assert_eq!(ask(), Ok(()));
    drop(hoard);
    let failures = kinds(&machine, 0).into_iter().filter(|kind| matches!(kind, EventKind::Failed(_)));
    assert_eq!(failures.count(), 1);
}

#[test]
fn row_070_for_a_victim_nofail_and_an_ordinary_request_differ() {
    let ask = |flags, leave| {
        let machine = machine(Policy::kernel());
        let victim = hog(&machine, 500);
        machine.set_memory_locked(victim, true);
        let _hoard = machine.exhaust(NODE, leave);
        machine.run_as(victim, || machine.alloc_pages(Order::ZERO, flags).map(drop))
    };
    assert_eq!(ask(Gfp::KERNEL, 1), Err(AllocError::VictimReservesGone));
    assert_eq!(ask(Gfp::KERNEL | Gfp::NOFAIL, 1), Ok(()), "from the last page of the reserve");
}

/// A machine with fragments only: about one page in nine is free, and no eight of them lie together.
fn fragmented(ask: Gfp) -> (Result<(), AllocError>, alloc_core::Stats) {
    let machine = Machine::builder().node(NodePages::new(8192)).min_free_pages(MIN).build().unwrap();
    hog(&machine, 1000);
    let _hoard = machine.fragment(Fragments::Random { free_permille: 130, seed: 1 });
    assert!(machine.free_pages(None) * 10 > 8192, "more than a tenth is free");
    assert!((3..=10).all(|size| machine.free_blocks(order(size)) == 0));
    let result = machine.alloc_pages(order(3), ask).map(drop);
    (result, machine.stats())
}

#[test]
fn row_033_looping_for_32_kib_kills_with_a_tenth_of_memory_free() {
    let (result, stats) = fragmented(Gfp::KERNEL);
    assert_eq!(result, Ok(()));
    assert_eq!((stats.kills, stats.kills_with_free_memory), (1, 1));
}

#[test]
fn row_036_the_fixed_variant_fails_over_to_smaller_pieces_and_kills_nobody() {
    let (result, stats) = fragmented(Gfp::KERNEL | Gfp::NORETRY);
    assert_eq!(result, Err(AllocError::NoMemory));
    assert_eq!((stats.kills, stats.kills_with_free_memory), (0, 0));
}

#[test]
fn row_119_the_largest_task_dies_unless_it_is_exempt() {
    let machine = machine(Policy::kernel());
    let exempt = machine.spawn(TaskOptions { oom_score_adj: -1000, ..TaskOptions::named("exempt") });
    let small = machine.spawn(TaskOptions::named("small"));
    let large = machine.spawn(TaskOptions::named("large"));
    let twin = machine.spawn(TaskOptions::named("as large, and younger"));
    let swapped = machine.spawn(TaskOptions { swapped_pages: 150, ..TaskOptions::named("swapped out") });
    for (task, pages) in [(exempt, 200), (small, 50), (large, 100), (twin, 100)] {
        machine.grow(task, pages).unwrap();
    }
    let mut dead = Vec::new();
    for _ in 0..4 {
        let _hoard = full(&machine);
        machine.alloc_pages(order(1), Gfp::KERNEL).map(drop).unwrap_or_default();
        dead = [exempt, small, large, twin, swapped].map(|task| machine.is_victim(task)).to_vec();
        if dead.iter().filter(|dead| **dead).count() == 1 {
            assert!(dead[4], "150 pages in swap are more than 100 in memory");
        }
    }
    assert_eq!(dead, [false, true, true, true, true]);
    let killed: Vec<_> = kinds(&machine, 0)
        .into_iter()
        .filter_map(|kind| if let EventKind::Killed(task) = kind { Some(task) } else { None })
        .collect();
    assert_eq!(killed, [swapped, large, twin, small], "by size, and the older of two equals first");
}

#[test]
fn row_119_an_adjustment_counts_as_thousandths_of_memory() {
    let machine = machine(Policy::kernel());
    let large = hog(&machine, 300);
    let small = machine.spawn(TaskOptions { oom_score_adj: 500, ..TaskOptions::named("adjusted") });
    machine.grow(small, 100).unwrap();
    let _hoard = full(&machine);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
    assert!(machine.is_victim(small) && !machine.is_victim(large));
}

#[test]
fn row_119_one_victim_at_a_time_and_the_next_when_the_reaper_gives_up() {
    let machine = machine(Policy::kernel());
    let (first, second) = (hog(&machine, 400), hog(&machine, 300));
    machine.set_memory_locked(first, true);
    let _hoard = full(&machine);
    let mut request = machine.request(Machine::BOOT, None, Order::ZERO, Gfp::KERNEL).unwrap();
    for _ in 0..200 {
        assert!(!matches!(request.step(), Step::Done(_)));
    }
    assert_eq!(machine.stats().kills, 1, "however often it comes to the killer's door");
    let mut tries = 0;
    while !machine.is_victim(second) {
        machine.background();
        tries += 1;
        for _ in 0..50 {
            let _ = request.step();
        }
    }
    assert_eq!((tries, machine.stats().kills), (10, 2));
    assert!(request.finish().is_ok());
    assert!(machine.is_victim(first));
}

#[test]
fn row_119_a_task_that_is_dying_anyway_is_let_through_without_a_kill() {
    let machine = machine(Policy::kernel());
    let (bystander, dying) = (hog(&machine, 400), hog(&machine, 100));
    machine.set_dying(dying);
    let _hoard = full(&machine);
    assert!(machine.run_as(dying, || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop)).is_ok());
    assert!(!machine.is_victim(bystander) && machine.stats().kills == 0);
}

#[test]
fn row_119_the_policy_may_kill_the_task_that_asks() {
    let machine = machine(Policy { kill_allocating_task: true, ..Policy::kernel() });
    let (bystander, asking) = (hog(&machine, 400), hog(&machine, 100));
    let _hoard = full(&machine);
    assert!(machine.run_as(asking, || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(drop)).is_ok());
    assert!(machine.is_victim(asking) && !machine.is_victim(bystander));
}

#[test]
fn row_119_nobody_is_killed_for_a_task_that_writes_its_core() {
    let machine = machine(Policy::kernel());
    let bystander = hog(&machine, 400);
    let _hoard = full(&machine);
    let dumps = machine.scope(Scope::CoreDump);
    assert_eq!(machine.explain(Gfp::KERNEL, Order::ZERO).promise, Promise::FailsAfterEffort);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::NoMemory);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NOFAIL).unwrap_err(), AllocError::Hang);
    assert!(!machine.is_victim(bystander));
    drop(dumps);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok() && machine.is_victim(bystander));
}

#[test]
fn row_119_only_tasks_that_share_the_bound_nodes_are_candidates() {
    let node = || NodePages::new(1024);
    let machine = Machine::builder().node(node()).node(node()).min_free_pages(2 * MIN).build().unwrap();
    let on = |node: u8| alloc_core::NodeMask::of(&[NodeId(node)]);
    let bound = |node: u8| TaskOptions { mems: on(node), node: NodeId(node), ..TaskOptions::named("bound") };
    let (larger, smaller, asking) = (machine.spawn(bound(0)), machine.spawn(bound(1)), machine.spawn(bound(1)));
    machine.grow(larger, 500).unwrap();
    machine.grow(smaller, 100).unwrap();
    let _hoards = (machine.exhaust(NodeId(0), 0), machine.exhaust(NodeId(1), 0));
    assert!(machine.run_as(asking, || machine.alloc_pages(Order::ZERO, Gfp::USER).map(drop)).is_ok());
    assert!(machine.is_victim(smaller) && !machine.is_victim(larger));
}

#[test]
fn row_132_a_killed_hog_does_not_grow_on_without_end() {
    let machine = machine(Policy::kernel());
    Cache::register(&machine, ReclaimClass::Clean, 10);
    let hog = machine.spawn(TaskOptions::named("hog"));
    assert_eq!(machine.grow(hog, 100_000), Err(AllocError::TaskKilled));
    assert!(machine.is_victim(hog));
    machine.exit(hog);
    assert_eq!(machine.grow(hog, 1), Err(AllocError::NoSuchTask));
    machine.audit().unwrap();
}

#[test]
fn row_119_a_hundred_victims_together_leave_half_of_the_reserve() {
    let machine = machine(Policy::kernel());
    let victims: Vec<_> = (0..100).map(|_| machine.spawn(TaskOptions::named("thread of a victim"))).collect();
    for victim in &victims {
        machine.set_dying(*victim);
        machine.set_memory_locked(*victim, true);
    }
    let _hoard = machine.exhaust(NODE, MIN);
    let mut blocks = Vec::new();
    for victim in &victims {
        machine.run_as(*victim, || {
            while let Ok(block) = machine.alloc_pages(order(0), Gfp::KERNEL) {
                blocks.push(block);
            }
        });
        assert!(machine.is_victim(*victim));
    }
    assert_eq!(machine.free_pages(None), MIN / 2);
    assert!(machine.alloc_pages(order(0), Gfp::ATOMIC).is_ok(), "the urgent still have theirs");
}
