//! What a task may do changes while its requests are answered from memory: no old answer is given behind the change.

mod scheduled;

use alloc_core_schedules::{
    AllocError, Gfp, Machine, MoveKind, NodeId, NodeMask, NodePages, Order, PageBlock, Scope, TaskOptions,
};
use scheduled::{Owned, below, builder, check, is_whole};
use shuttle::thread;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

const PAGES: u32 = 128;

fn machine() -> Machine {
    let half = NodePages::new(PAGES / 2);
    builder(PAGES as usize).node(half).node(half).min_free_pages(4).build().unwrap()
}

fn only(node: u8) -> NodeMask {
    NodeMask::of(&[NodeId(node)])
}

fn node_of(block: &PageBlock<'_>) -> u8 {
    u8::from(block.frame().0 >= PAGES / 2)
}

#[test]
fn nobody_is_served_from_a_node_that_was_taken_away_before_it_asked() {
    check(|| {
        let (machine, owned) = (machine(), Owned::default());
        let task = machine.spawn(TaskOptions { mems: only(0), ..TaskOptions::named("task") });
        let moved = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                machine.run_as(task, || {
                    for _ in 0..8 {
                        let (before, block) = (moved.load(SeqCst), machine.alloc_pages(Order::ZERO, Gfp::USER));
                        let block = owned.keep(block.expect("there is plenty"));
                        assert!(!before || node_of(&block) == 1, "served from a node that is the task's no longer");
                        owned.drop(block);
                    }
                });
            });
            scope.spawn(|| {
                let kinds = [MoveKind::ExpandThenShrink, MoveKind::AtOnce];
                machine.move_nodes(task, only(1), kinds[below(2) as usize]).finish();
                moved.store(true, SeqCst);
            });
            scope.spawn(|| (0..3).for_each(|_| drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL))));
        });
        machine.exit(task);
        is_whole(&machine, u64::from(PAGES));
    });
}

#[test]
fn a_cpuset_is_moved_under_its_tasks() {
    check(|| {
        let (machine, owned) = (machine(), Owned::default());
        let group = machine.cpuset(only(0)).unwrap();
        let tasks = [(); 2].map(|()| machine.spawn(TaskOptions::named("task")));
        tasks.iter().for_each(|task| group.attach(*task).unwrap());
        let moved = AtomicBool::new(false);
        thread::scope(|scope| {
            for task in tasks {
                let (machine, owned, moved) = (&machine, &owned, &moved);
                scope.spawn(move || {
                    machine.run_as(task, || {
                        for _ in 0..4 {
                            let (before, block) = (moved.load(SeqCst), machine.alloc_pages(Order::ZERO, Gfp::USER));
                            let Ok(block) = block else { continue };
                            let block = owned.keep(block);
                            assert!(!before || node_of(&block) == 1, "served from a node that the group has no more");
                            owned.drop(block);
                        }
                    });
                });
            }
            scope.spawn(|| {
                group.set_mems(only(1)).unwrap();
                moved.store(true, SeqCst);
            });
        });
        tasks.iter().for_each(|task| machine.exit(*task));
        is_whole(&machine, u64::from(PAGES));
    });
}

#[test]
fn nobody_is_served_in_the_name_of_a_task_that_had_ended_before_it_asked() {
    check(|| {
        let (machine, owned) = (machine(), Owned::default());
        let task = machine.spawn(TaskOptions::named("task"));
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                machine.run_as(task, || {
                    for _ in 0..6 {
                        let (before, block) = (ended.load(SeqCst), machine.alloc_pages(Order::ZERO, Gfp::KERNEL));
                        assert!(!before || matches!(block, Err(AllocError::NoSuchTask)), "{block:?}");
                        block.into_iter().for_each(|block| owned.drop(owned.keep(block)));
                    }
                });
            });
            scope.spawn(|| {
                machine.exit(task);
                ended.store(true, SeqCst);
            });
        });
        is_whole(&machine, u64::from(PAGES));
    });
}

#[test]
fn a_scope_that_one_thread_opens_holds_for_all_that_run_in_the_tasks_name() {
    check(|| {
        let (machine, owned) = (machine(), Owned::default());
        let task = machine.spawn(TaskOptions::named("task"));
        let inside = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                machine.run_as(task, || {
                    for _ in 0..6 {
                        let before = inside.load(SeqCst);
                        let effective = machine.context().effective(Gfp::KERNEL);
                        let open = inside.load(SeqCst);
                        assert!(!(before && open && effective.contains(Gfp::FS)), "the scope is open");
                        let block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL);
                        block.into_iter().for_each(|block| owned.drop(owned.keep(block)));
                    }
                });
            });
            scope.spawn(|| {
                let guard = machine.run_as(task, || machine.scope(Scope::NoFs));
                inside.store(true, SeqCst);
                drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL));
                inside.store(false, SeqCst);
                drop(guard);
            });
        });
        machine.exit(task);
        is_whole(&machine, u64::from(PAGES));
    });
}
