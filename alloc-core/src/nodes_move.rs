//! The doors through which a task's nodes are moved, step by step, and its memory policy is set.

use alloc::boxed::Box;

use crate::error::AllocError;
use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::numa::mem_policy::{MemPolicy, Rebind, TaskPolicy};
use crate::numa::mems::{MemsMove, MemsStep, MoveKind};
use crate::numa::move_rules::{MoveRule, MoveWatch};
use crate::numa::node_mask::NodeMask;
use crate::page::state::State;
use crate::task::TaskId;
use crate::units::Order;

impl State {
    /// A task whose moves are watched asks for memory.
    pub(crate) fn check_move_rules(&mut self, task: TaskId, flags: Gfp, order: Order) {
        let watch = self.tasks.get_mut(task.0 as usize).and_then(|task| task.move_watch.as_mut());
        if let Some(rule) = watch.and_then(|watch| watch.allocates()) {
            self.events.note(EventKind::BrokeMoveRule(rule), task, order, flags);
        }
    }

    /// Makes the next step of a move of a task's nodes; `None` if it is over, or there is no such task.
    pub(crate) fn step_move(&mut self, id: TaskId, nodes: &mut MemsMove) -> Option<MemsStep> {
        let online = self.online();
        let task = self.task_mut(id)?;
        let done = nodes.step(&mut task.mems)?;
        if let Some(watch) = &mut task.move_watch {
            match done {
                MemsStep::Begun => watch.begin(task.policy.bound()),
                _ if !task.mems.is_moving() => watch.end(),
                _ => {}
            }
        }
        if matches!(done, MemsStep::Expanded | MemsStep::Replaced) {
            task.policy.rebind(nodes.to().intersection(online));
        }
        // What is free there may be what it waits for; and it waits no longer for what was free elsewhere.
        self.hand_over(None);
        self.progress += 1;
        self.events.note(EventKind::Moved(done), id, Order::ZERO, Gfp::NONE);
        Some(done)
    }
}

impl Machine {
    /// A move of a task's nodes, to be made step by step.
    pub fn move_nodes(&self, task: TaskId, to: NodeMask, kind: MoveKind) -> NodesMove<'_> {
        NodesMove { machine: self, task, inner: MemsMove::new(to, kind) }
    }

    /// Sets the memory policy of the current task, which alone may do so.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, MemPolicy, NodeId, NodePages, Order, Rebind};
    /// let machine = Machine::builder().node(NodePages::new(1024)).node(NodePages::new(1024)).build()?;
    /// machine.set_mem_policy(MemPolicy::Preferred(NodeId(1)), Rebind::Remap)?;
    /// let block = machine.alloc_pages(Order::ZERO, Gfp::USER)?;
    /// assert_eq!(machine.free_pages(Some(NodeId(1))), 1023);
    /// # drop(block);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError::NoSuchNode`] if the policy names none of the nodes that the task may use, and
    /// [`AllocError::NoSuchTask`] if the task is not the machine's.
    pub fn set_mem_policy(&self, policy: MemPolicy, rebind: Rebind) -> Result<(), AllocError> {
        let mut state = self.raw();
        let online = state.online();
        let current = self.current();
        let task = state.task_mut(current).ok_or(AllocError::NoSuchTask)?;
        let mems = task.mems.allowed.intersection(online);
        let bound = task.policy.bound();
        task.policy = TaskPolicy::new(policy, rebind, mems).ok_or(AllocError::NoSuchNode)?;
        if let Some(rule) = task.move_watch.as_mut().and_then(|watch| watch.sets(policy, bound)) {
            state.events.note(EventKind::BrokeMoveRule(rule), current, Order::ZERO, Gfp::NONE);
        }
        Ok(())
    }

    /// Watches a task from now on for what breaks the rules of [`MoveRule`], which are an application's when its nodes are moved and nothing
    /// looks after it. Each breach is an event, [`EventKind::BrokeMoveRule`], and counted. Only moves that the task's counter tells of are seen.
    /// Requests that the machine's quick way would serve are looked at once for each step of a move.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, MemPolicy, MoveKind, MoveRule, NodeId, NodeMask, NodePages, Order, Rebind};
    /// let machine = Machine::builder().node(NodePages::new(1024)).node(NodePages::new(1024)).build()?;
    /// machine.watch_move_rules(Machine::BOOT)?;
    /// let mut nodes = machine.move_nodes(Machine::BOOT, NodeMask::of(&[NodeId(1)]), MoveKind::ExpandThenShrink);
    /// nodes.step();
    /// drop(machine.alloc_pages(Order::ZERO, Gfp::KERNEL)?);
    /// nodes.finish();
    /// assert_eq!(machine.broken_move_rules(Machine::BOOT, MoveRule::NoAllocation), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError::NoSuchTask`] if the task is not the machine's.
    pub fn watch_move_rules(&self, task: TaskId) -> Result<(), AllocError> {
        let mut state = self.raw();
        let task = state.task_mut(task).ok_or(AllocError::NoSuchTask)?;
        let mut watch = MoveWatch::default();
        if task.mems.is_moving() {
            watch.begin(task.policy.bound());
        }
        task.move_watch = Some(Box::new(watch));
        Ok(())
    }

    /// How often a task has broken a rule since it is watched; `None` if it is not, or does not exist.
    pub fn broken_move_rules(&self, task: TaskId, rule: MoveRule) -> Option<u64> {
        self.raw().task(task)?.move_watch.as_ref().map(|watch| watch.broken(rule))
    }

    /// A task's memory policy as it is bound at the moment, or `None` if there is no such task.
    pub fn mem_policy(&self, task: TaskId) -> Option<MemPolicy> {
        self.raw().task(task).map(|task| task.policy.bound())
    }
}

/// A move of a task's nodes under way; see [`Machine::move_nodes`]. Dropped, it makes its remaining steps.
#[derive(Debug)]
#[must_use = "a move is made by its steps"]
pub struct NodesMove<'m> {
    machine: &'m Machine,
    task: TaskId,
    inner: MemsMove,
}

impl NodesMove<'_> {
    /// Makes the next step; `None` if the move is over, or there is no such task.
    pub fn step(&mut self) -> Option<MemsStep> {
        self.machine.raw().step_move(self.task, &mut self.inner)
    }

    /// Makes all steps.
    pub fn finish(self) {
        drop(self);
    }
}

impl Drop for NodesMove<'_> {
    fn drop(&mut self) {
        while self.step().is_some() {}
    }
}
