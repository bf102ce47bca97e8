//! Ranges whose pages come when they are touched, and blocks that move.

use alloc_core_swept::{Gfp, MemPolicy, MoveKind, NodeId, NodeMask, Order, Rebind, TaskOptions};

use firsthit::invariant;

use super::sweep;

#[test]
fn a_range_has_the_pages_that_came_and_no_others() {
    sweep(2048, |machine| {
        let mut range = machine.vma(6)?;
        let faults: Result<(), _> = (0..6).try_for_each(|page| range.fault(page));
        invariant("a fault brings a page", faults.is_err() || range.present() == 6);
        range.pin_mut(2)?[0] = 9;
        range.discard(0..3);
        invariant("what was given up is gone", range.present() <= 3);
        Ok(faults?)
    });
}

#[test]
fn a_block_that_moves_is_had_or_not() {
    sweep(2048, |machine| {
        let mut block = machine.alloc_movable(Order::new(2), Gfp::KERNEL)?;
        block.pin_mut()[0] = 3;
        Ok(())
    });
}

#[test]
fn a_task_goes_to_other_nodes() {
    sweep(512, |machine| {
        let task = machine.spawn(TaskOptions::named("moves"));
        machine.watch_move_rules(task)?;
        machine.run_as(task, || machine.set_mem_policy(MemPolicy::Bind(NodeMask::of(&[NodeId(0)])), Rebind::Static))?;
        machine.move_nodes(task, NodeMask::of(&[NodeId(0)]), MoveKind::AtOnce).finish();
        let block = machine.run_as(task, || machine.alloc_pages(Order::new(1), Gfp::USER))?;
        drop(block);
        Ok(())
    });
}
