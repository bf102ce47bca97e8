//! The doors of tasks: made, grown, ended, and marked as what makes them matter to the killer.

use alloc::sync::Arc;

use crate::error::AllocError;
use crate::fault::source::TaskFaults;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::page::frame;
use crate::page::state::State;
use crate::task::{Task, TaskId, TaskOptions};
use crate::units::Order;

impl Machine {
    /// A new task.
    pub fn spawn(&self, options: TaskOptions) -> TaskId {
        let mut state = self.raw();
        state.tasks.push(Task::new(options));
        TaskId(state.tasks.len() as u32 - 1)
    }

    /// Gives a task user pages, one request each, and says how many it has then. What it got before a failure it keeps.
    ///
    /// # Errors
    /// Those of the request that failed; a task that is being killed gets none any more, and a kernel thread has none.
    pub fn grow(&self, task: TaskId, pages: u64) -> Result<u64, AllocError> {
        if self.raw().task(task).is_none_or(|task| task.options.kernel_thread) {
            return Err(AllocError::NoSuchTask);
        }
        for _ in 0..pages {
            let block = self.request(task, None, Order::ZERO, Gfp::USER_MOVABLE | Gfp::ACCOUNT)?.finish()?;
            let mut state = self.raw();
            let State { frames, tasks, .. } = &mut *state;
            // Who was killed or ended since the request began gets no more: the block goes back, without the lock.
            let error = match tasks.get_mut(task.0 as usize) {
                Some(grown) if grown.victim => AllocError::TaskKilled,
                Some(grown) if !grown.exited => {
                    let block = block.into_pages();
                    let entry = frames.at(block.frame().0);
                    (entry.state, entry.owner) = (frame::State::User, task.0);
                    grown.user_pages.push(frames, block.frame().0);
                    continue;
                }
                _ => AllocError::NoSuchTask,
            };
            drop(state);
            return Err(error);
        }
        Ok(self.raw().task(task).map_or(0, |task| u64::from(task.user_pages.len())))
    }

    /// Ends a task: its user pages are free.
    pub fn exit(&self, task: TaskId) {
        let mut state = self.raw();
        if task != Machine::BOOT
            && let Some(ending) = state.task_mut(task)
        {
            ending.exited = true;
            state.leave_queue(task);
            state.free_user_pages(task.0 as usize);
        }
    }

    /// Whether the OOM killer has chosen a task.
    pub fn is_victim(&self, task: TaskId) -> bool {
        self.raw().task(task).is_some_and(|task| task.victim)
    }

    /// Says that something else already ends a task: at the killer's door it is let through without a kill.
    pub fn set_dying(&self, task: TaskId) {
        if let Some(task) = self.raw().task_mut(task) {
            task.dying = true;
        }
    }

    /// Says that a task's memory is locked, so that the reaper cannot get at it, or no longer.
    pub fn set_memory_locked(&self, task: TaskId, locked: bool) {
        if let Some(task) = self.raw().task_mut(task) {
            task.memory_locked = locked;
        }
    }

    /// A task's own knobs of fault injection, or `None` if there is no such task.
    pub fn task_faults(&self, task: TaskId) -> Option<Arc<TaskFaults>> {
        self.raw().task(task).map(|task| Arc::clone(&task.faults))
    }
}
