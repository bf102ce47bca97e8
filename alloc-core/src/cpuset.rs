//! Cpusets: the nodes that a group of tasks may use, moved for all of them from outside.

use crate::error::AllocError;
use crate::machine::Machine;
use crate::numa::mems::{MemsMove, MemsStep, MoveKind};
use crate::numa::node_mask::NodeMask;
use crate::task::TaskId;

/// A group of tasks and the nodes that they may use. A handle: the cpuset lives as long as its machine.
///
/// ```
/// use alloc_core::{Gfp, Machine, NodeId, NodeMask, NodePages, Order, TaskOptions};
/// let machine = Machine::builder().node(NodePages::new(1024)).node(NodePages::new(1024)).build()?;
/// let cpuset = machine.cpuset(NodeMask::of(&[NodeId(0)]))?;
/// let task = machine.spawn(TaskOptions::named("bound"));
/// cpuset.attach(task)?;
/// cpuset.set_mems(NodeMask::of(&[NodeId(1)]))?;
/// let block = machine.run_as(task, || machine.alloc_pages(Order::ZERO, Gfp::USER))?;
/// assert_eq!(machine.free_pages(Some(NodeId(1))), 1023);
/// # drop(block);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cpuset<'m> {
    machine: &'m Machine,
    id: u32,
}

impl Machine {
    /// A new cpuset, without tasks, of those of the nodes that the machine has.
    ///
    /// # Errors
    /// [`AllocError::NoSuchNode`] if the machine has none of them.
    pub fn cpuset(&self, mems: NodeMask) -> Result<Cpuset<'_>, AllocError> {
        let mut state = self.raw();
        let mems = some_of(mems.intersection(state.online()))?;
        state.cpusets.push(mems);
        Ok(Cpuset { machine: self, id: state.cpusets.len() as u32 - 1 })
    }
}

impl<'m> Cpuset<'m> {
    /// The nodes that tasks of the cpuset may use.
    pub fn mems(&self) -> NodeMask {
        self.machine.raw().cpusets[self.id as usize]
    }

    /// Moves a task into the cpuset, out of any other, and its nodes to those of the cpuset.
    ///
    /// # Errors
    /// [`AllocError::NoSuchTask`] if the task is not the machine's.
    pub fn attach(&self, task: TaskId) -> Result<(), AllocError> {
        let mut state = self.machine.raw();
        state.task_mut(task).ok_or(AllocError::NoSuchTask)?.cpuset = Some(self.id);
        let mems = state.cpusets[self.id as usize];
        drop(state);
        self.machine.move_nodes(task, mems, MoveKind::ExpandThenShrink).finish();
        Ok(())
    }

    /// Moves the cpuset to other nodes, and all of its tasks with it.
    ///
    /// # Errors
    /// [`AllocError::NoSuchNode`] if the machine has none of them.
    pub fn set_mems(&self, mems: NodeMask) -> Result<(), AllocError> {
        self.move_to(mems, MoveKind::ExpandThenShrink).map(drop)
    }

    /// The same as [`Cpuset::set_mems`], to be made step by step.
    ///
    /// # Errors
    /// [`AllocError::NoSuchNode`] if the machine has none of the nodes.
    pub fn move_to(&self, mems: NodeMask, kind: MoveKind) -> Result<CpusetMove<'m>, AllocError> {
        let mut state = self.machine.raw();
        let mems = some_of(mems.intersection(state.online()))?;
        state.cpusets[self.id as usize] = mems;
        drop(state);
        Ok(CpusetMove { cpuset: *self, kind, inner: MemsMove::new(mems, kind), task: 0 })
    }
}

/// The nodes, unless there are none.
fn some_of(mems: NodeMask) -> Result<NodeMask, AllocError> {
    if mems == NodeMask::NONE { Err(AllocError::NoSuchNode) } else { Ok(mems) }
}

/// A move of a cpuset's nodes under way, one task after the other. Dropped, it makes its remaining steps.
#[derive(Debug)]
#[must_use = "a move is made by its steps"]
pub struct CpusetMove<'m> {
    cpuset: Cpuset<'m>,
    kind: MoveKind,
    task: u32,
    inner: MemsMove,
}

impl CpusetMove<'_> {
    /// Makes the next step of the next task's move; `None` when all tasks of the cpuset have moved.
    pub fn step(&mut self) -> Option<(TaskId, MemsStep)> {
        let mut state = self.cpuset.machine.raw();
        loop {
            let task = TaskId(self.task);
            let belongs = state.task(task)?.cpuset == Some(self.cpuset.id);
            if let Some(step) = belongs.then(|| state.step_move(task, &mut self.inner)).flatten() {
                return Some((task, step));
            }
            // The next task moves to where the cpuset is by then.
            let mems = state.cpusets[self.cpuset.id as usize];
            (self.task, self.inner) = (self.task + 1, MemsMove::new(mems, self.kind));
        }
    }
}

impl Drop for CpusetMove<'_> {
    fn drop(&mut self) {
        while self.step().is_some() {}
    }
}
