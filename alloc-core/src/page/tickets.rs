//! The queue of those who wait without bound: pages that come free are handed to the first, and cannot be overtaken.

use super::oom::OomOutcome;
use super::state::State;
use crate::context::{Context, Place, Scope};
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::numa::node_mask::NodeMask;
use crate::policy::Small;
use crate::task::{Task, TaskId, Ticket};
use crate::units::{FrameNumber, Order};

/// Whether a context may wait without bound: not where others wait for this task to free memory, or may not sleep at all.
fn may_wait_for_ever(context: Context) -> bool {
    let frees = context.frees_memory() || context.has(Scope::WriteOut) || context.has(Scope::Shrinking);
    context.place() == Place::Process && !frees
}

impl State {
    /// Puts a task at the queue's end.
    ///
    /// # Errors
    /// When the task is unknown, already waits, or must not wait without bound; or the request is one that nothing serves.
    pub(crate) fn take_ticket(&mut self, id: TaskId, order: Order) -> Result<(), AllocError> {
        let most = self.zones.iter().map(|zone| zone.managed).max().unwrap_or(0);
        if order > self.policies.at(self.policy_of(id)).largest {
            return Err(AllocError::OrderTooBig);
        }
        if order.pages() > most {
            return Err(AllocError::Impossible);
        }
        let number = self.begun;
        let task = self.task_mut(id).filter(|task| !task.exited).ok_or(AllocError::NoSuchTask)?;
        if task.ticket.is_some() || !may_wait_for_ever(task.context()) {
            return Err(AllocError::ForbiddenContext);
        }
        task.ticket = Some(Ticket { number, order, handed: None });
        self.begun += 1;
        self.waiting += 1;
        self.hand_over();
        Ok(())
    }

    /// What was handed to a task, which leaves the queue with it; `None` as long as nothing was.
    ///
    /// # Errors
    /// When the task has ended, or is being killed: it leaves the queue, and what was handed to it goes to the next.
    pub(crate) fn collect(&mut self, id: TaskId) -> Result<Option<FrameNumber>, AllocError> {
        if self.dead.is_some() {
            self.leave_queue(id);
            return Err(AllocError::Dead);
        }
        let Some(task) = self.task_mut(id) else { return Err(AllocError::NoSuchTask) };
        let ended = match (task.exited, task.victim) {
            (true, _) => Some(AllocError::NoSuchTask),
            (false, true) => Some(AllocError::VictimReservesGone),
            (false, false) => None,
        };
        if let Some(error) = ended {
            self.leave_queue(id);
            return Err(error);
        }
        let frame = task.ticket.and_then(|ticket| ticket.handed);
        if frame.is_some() {
            task.ticket = None;
        }
        Ok(frame)
    }

    /// Takes a task out of the queue; what was handed to it goes to the next.
    pub(crate) fn leave_queue(&mut self, id: TaskId) {
        match self.task_mut(id).and_then(|task| task.ticket.take()).map(|ticket| ticket.handed) {
            Some(Some(frame)) => self.give(frame),
            Some(None) => {
                self.waiting -= 1;
                self.hand_over();
            }
            None => {}
        }
    }

    /// Whether this task is the first in the queue, and its policy kills for its request.
    pub(crate) fn kills_for_queue(&self, id: TaskId) -> bool {
        let Some((first, order)) = self.first_waiting() else { return false };
        let policy = self.policies.at(self.policy_of(id));
        first == id.0 as usize && order <= policy.costly && policy.small == Small::Loop
    }

    /// Asks the killer on behalf of the queue, if it is to be asked for this task.
    pub(crate) fn kill_for_queue(&mut self, id: TaskId) -> bool {
        let Some((_, order)) = self.first_waiting().filter(|_| self.kills_for_queue(id)) else { return false };
        let nodes = self.task(id).map_or(NodeMask::NONE, |task: &Task| task.mems.allowed);
        self.kill_for(self.policy_of(id), id, nodes, order, Gfp::KERNEL) == OomOutcome::Progress
    }
}
