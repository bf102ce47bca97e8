//! Tasks, nodes and processors that are not there.

use alloc_core::{
    Gfp, Interleave, MemPolicy, MoveKind, NodeId, NodeMask, Order, Rebind, Scope, TaskId, TaskOptions, ZoneKind,
};

use crate::{nodes, nothing_is_lost, tasks};

#[test]
fn tasks_nodes_and_processors_that_are_not_there() {
    nothing_is_lost(|machine| {
        for task in tasks(machine) {
            for pages in [0, 1, 1 << 40, u64::MAX] {
                let _ = machine.grow(task, pages);
            }
            machine.set_dying(TaskId(u32::MAX));
            machine.set_memory_locked(task, true);
            machine.set_memory_locked(task, false);
            assert!(!machine.is_victim(TaskId(u32::MAX)));
            let _ = (machine.task_faults(task), machine.task_name(task), machine.mem_policy(task));
            machine.run_as(task, || drop(Scope::ALL.map(|scope| machine.scope(scope))));
            for (mask, kind) in [NodeMask::NONE, NodeMask::ALL, NodeMask::of(&[NodeId(255)])].into_iter().zip([
                MoveKind::AtOnce,
                MoveKind::ExpandThenShrink,
                MoveKind::Uncounted,
            ]) {
                machine.move_nodes(task, mask, kind).finish();
                let interleave = Interleave::over(mask).weighing(NodeId(255), 255).weighing(NodeId(0), 0);
                let policies =
                    [MemPolicy::Bind(mask), MemPolicy::Preferred(NodeId(255)), MemPolicy::Interleave(interleave)];
                for policy in policies.into_iter().chain([MemPolicy::Default]) {
                    let _ = machine.run_as(task, || {
                        let set = machine.set_mem_policy(policy, Rebind::Remap);
                        drop(machine.alloc_pages(Order::ZERO, Gfp::USER));
                        set
                    });
                }
                let Ok(group) = machine.cpuset(mask) else { continue };
                let _ = (group.attach(task), group.set_mems(NodeMask::NONE), group.set_mems(NodeMask::ALL));
            }
            machine.exit(task);
        }
        for cpu in [0, 1, 2, usize::MAX] {
            machine.set_cpu(cpu);
            drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL));
        }
        for node in nodes() {
            for leave in [0, 1, u64::MAX] {
                let mut hoard = machine.exhaust(node, leave);
                hoard.give_back(u32::MAX);
            }
            ZoneKind::ALL.into_iter().for_each(|kind| _ = machine.watermarks(node, kind));
            assert!(node.0 < 2 || machine.free_pages(Some(node)) == 0);
        }
        for options in [i16::MIN, -1000, 1001, i16::MAX].map(|oom_score_adj| TaskOptions {
            oom_score_adj,
            swapped_pages: u64::MAX,
            node: NodeId(255),
            mems: NodeMask::NONE,
            ..TaskOptions::named("")
        }) {
            let task = machine.spawn(options);
            drop(machine.run_as(task, || machine.alloc_pages(Order::ZERO, Gfp::USER)));
            machine.exit(task);
        }
    });
}
