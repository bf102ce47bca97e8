//! The door through which a task's nodes are moved, step by step.

use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::numa::mems::{MemsMove, MemsStep, MoveKind};
use crate::numa::node_mask::NodeMask;
use crate::task::TaskId;
use crate::units::Order;

impl Machine {
    /// Makes the next step of a move of a task's nodes; `None` if there is no such task. See [`NodesMove`].
    fn step_move(&self, task: TaskId, step: &mut MemsMove) -> Option<MemsStep> {
        let mut state = self.state();
        let done = step.step(&mut state.task_mut(task)?.mems);
        state.progress += 1;
        state.events.note(EventKind::Moved(done), task, Order::ZERO, Gfp::NONE);
        Some(done)
    }

    /// A move of a task's nodes, to be made step by step.
    pub fn move_nodes(&self, task: TaskId, to: NodeMask, kind: MoveKind) -> NodesMove<'_> {
        NodesMove { machine: self, task, inner: MemsMove::new(to, kind) }
    }
}

/// A move of a task's nodes under way; see [`Machine::move_nodes`].
#[derive(Debug)]
#[must_use = "a move is made by its steps"]
pub struct NodesMove<'m> {
    machine: &'m Machine,
    task: TaskId,
    inner: MemsMove,
}

impl NodesMove<'_> {
    /// Makes the next step; `None` if there is no such task. A move is over with `Shrunk` or `Replaced`.
    pub fn step(&mut self) -> Option<MemsStep> {
        self.machine.step_move(self.task, &mut self.inner)
    }

    /// Makes all steps.
    pub fn finish(mut self) {
        while self.step() == Some(MemsStep::Expanded) {}
    }
}
