//! Threads that ask for pages and give them back, on the quick way and on the slow one, while others collect and reclaim.

mod scheduled;

use alloc_core_schedules::{Gfp, Machine, NodeId, NodePages, Order, TaskOptions};
use scheduled::{Cached, Owned, as_task, below, builder, check, is_whole};
use shuttle::thread;
use std::sync::atomic::Ordering::Relaxed;

const PAGES: u32 = 96;

fn machine() -> Machine {
    builder(PAGES as usize).node(NodePages::new(PAGES)).min_free_pages(4).build().unwrap()
}

/// Asks and gives back, in an order of the scheduler's choice.
fn uses_pages(machine: &Machine, owned: &Owned, turns: u32) {
    let mut blocks = Vec::new();
    for _ in 0..turns {
        match below(6) {
            0..=2 => {
                let block = machine.alloc_pages(Order::new(below(2) as u32), Gfp::KERNEL);
                blocks.extend(block.ok().map(|block| owned.keep(block)));
            }
            3 => machine.set_cpu(below(2) as usize),
            _ => blocks.pop().into_iter().for_each(|block| owned.drop(block)),
        }
    }
    blocks.into_iter().for_each(|block| owned.drop(block));
}

#[test]
fn quick_requests_and_collectors_share_the_pages_at_hand() {
    check(|| {
        let (machine, owned) = (machine(), Owned::default());
        thread::scope(|scope| {
            scope.spawn(|| as_task(&machine, || uses_pages(&machine, &owned, 10)));
            scope.spawn(|| as_task(&machine, || uses_pages(&machine, &owned, 10)));
            scope.spawn(|| {
                for _ in 0..2 {
                    assert!(machine.free_pages(None) <= u64::from(PAGES));
                    machine.audit().unwrap();
                }
            });
        });
        is_whole(&machine, u64::from(PAGES));
    });
}

#[test]
fn a_slow_request_finds_what_another_thread_has_at_hand_or_just_gave_back() {
    check(|| {
        let (machine, owned) = (machine(), Owned::default());
        // The quick way is open when the threads begin.
        owned.drop(owned.keep(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap()));
        thread::scope(|scope| {
            scope.spawn(|| as_task(&machine, || uses_pages(&machine, &owned, 8)));
            scope.spawn(|| {
                // All but what the other one can have at most: whatever is at hand, it is there.
                let blocks: Vec<_> = (0..PAGES - 30)
                    .map(|_| owned.keep(machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).expect("nobody has so much")))
                    .collect();
                blocks.into_iter().for_each(|block| owned.drop(block));
            });
        });
        is_whole(&machine, u64::from(PAGES));
    });
}

#[test]
fn reclaim_calls_a_shrinker_while_others_take_and_give() {
    check(|| {
        let (machine, owned) = (machine(), Owned::default());
        let cached = Cached::register(&machine, 70);
        thread::scope(|scope| {
            scope.spawn(|| as_task(&machine, || uses_pages(&machine, &owned, 8)));
            scope.spawn(|| {
                let block =
                    || owned.keep(machine.alloc_pages(Order::new(2), Gfp::KERNEL).expect("there is a shrinker"));
                let blocks: Vec<_> = as_task(&machine, || (0..8).map(|_| block()).collect());
                assert!(cached.was_called.load(Relaxed), "there was no room without it");
                blocks.into_iter().for_each(|block| owned.drop(block));
            });
            scope.spawn(|| _ = machine.background());
        });
        cached.empty(&machine);
        is_whole(&machine, u64::from(PAGES));
    });
}

#[test]
fn tasks_come_grow_are_killed_and_end_while_others_ask() {
    check(|| {
        let (machine, owned) = (machine(), Owned::default());
        thread::scope(|scope| {
            scope.spawn(|| as_task(&machine, || uses_pages(&machine, &owned, 8)));
            for _ in 0..2 {
                scope.spawn(|| {
                    let task = machine.spawn(TaskOptions::named("task"));
                    // One of them is killed for the other, or for the pages.
                    let _ = machine.grow(task, 50);
                    machine.run_as(task, || uses_pages(&machine, &owned, 4));
                    machine.exit(task);
                });
            }
        });
        is_whole(&machine, u64::from(PAGES));
    });
}

#[test]
fn numbers_and_hoards_go_through_the_same_lists() {
    check(|| {
        let (machine, owned) = (machine(), Owned::default());
        thread::scope(|scope| {
            scope.spawn(|| as_task(&machine, || uses_pages(&machine, &owned, 8)));
            scope.spawn(|| {
                for order in [0, 1, 0].map(Order::new) {
                    let Ok(block) = machine.alloc_pages(order, Gfp::KERNEL) else { continue };
                    owned.take(block.frame(), order);
                    let frame = machine.into_raw(block.into_pages()).unwrap();
                    assert!(machine.free_raw(frame, Order::new(2)).is_err());
                    owned.give(frame, order);
                    machine.free_raw(frame, order).unwrap();
                }
            });
            scope.spawn(|| {
                let hoard = machine.exhaust(NodeId(0), below(90));
                drop(hoard);
            });
        });
        is_whole(&machine, u64::from(PAGES));
    });
}
