//! The queues of those who wait without bound, one for each zone: pages that come free are handed to the first who may use them.
//!
//! A task has one ticket, and with it a place in the queue of every zone that it may use. What comes free in a zone is
//! offered along the zone's queue, in the order of the tickets. Whoever cannot be served yet claims as many pages as it asks
//! for, in each of its zones; those behind it get what is free beyond the claims. So nobody is overtaken for want of pages,
//! no page is kept from somebody by those who could not use it, and one who waits for neighbours to come together keeps
//! back no more than what it asks for.

use super::oom::OomOutcome;
use super::state::State;
use super::zone::{Zone, ZoneKind};
use crate::context::{Context, Place, Scope};
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::policy::Small;
use crate::task::{Task, TaskId, Ticket};
use crate::units::{FrameNumber, Order};

/// Whether a context may wait without bound: not where others wait for this task to free memory, or may not sleep at all.
fn may_wait_for_ever(context: Context) -> bool {
    let frees = context.frees_memory() || context.has(Scope::WriteOut) || context.has(Scope::Shrinking);
    context.place() == Place::Process && !frees
}

/// Whether a task is in the queue of a zone, if it is in any.
fn may_use(task: &Task, zone: &Zone) -> bool {
    task.mems.allowed.has(zone.node) && zone.kind <= ZoneKind::Normal
}

impl State {
    /// Puts a task at the end of the queues of all zones that it may use.
    ///
    /// # Errors
    /// When the task is unknown, already waits, or must not wait without bound; or the request is one that nothing serves.
    pub(crate) fn take_ticket(&mut self, id: TaskId, order: Order) -> Result<(), AllocError> {
        if order > self.policies.at(self.policy_of(id)).largest {
            return Err(AllocError::OrderTooBig);
        }
        let task = self.task(id).filter(|task| !task.exited).ok_or(AllocError::NoSuchTask)?;
        let most = self.zones.iter().filter(|zone| may_use(task, zone)).map(|zone| zone.managed).max();
        if order.pages() > most.unwrap_or(0) {
            return Err(AllocError::Impossible);
        }
        let number = self.begun;
        let task = self.task_mut(id).ok_or(AllocError::NoSuchTask)?;
        if task.ticket.is_some() || !may_wait_for_ever(task.context()) {
            return Err(AllocError::ForbiddenContext);
        }
        task.ticket = Some(Ticket { number, order, handed: None });
        self.begun += 1;
        self.waiting += 1;
        self.hand_over(None);
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

    /// Takes a task out of the queues; what was handed to it goes to the next.
    pub(crate) fn leave_queue(&mut self, id: TaskId) {
        match self.task_mut(id).and_then(|task| task.ticket.take()).map(|ticket| ticket.handed) {
            Some(Some(frame)) => self.give(frame),
            Some(None) => {
                self.waiting -= 1;
                self.hand_over(None);
            }
            None => {}
        }
    }

    /// The index and the ticket of the first behind a number to whom nothing was handed yet.
    fn next_waiting(&self, behind: Option<u64>) -> Option<(usize, Ticket)> {
        let tickets = self.tasks.iter().enumerate().filter_map(|(index, task)| Some((index, task.ticket?)));
        let waiting = tickets.filter(|(_, ticket)| ticket.handed.is_none() && Some(ticket.number) > behind);
        waiting.min_by_key(|(_, ticket)| ticket.number)
    }

    /// Hands blocks over along the queue of a zone, or of each.
    pub(crate) fn hand_over(&mut self, only: Option<usize>) {
        self.zones.iter_mut().for_each(|zone| zone.claimed = 0);
        let offered = |zone: &usize| only.is_none_or(|only| only == *zone);
        let (mut behind, mut served) = (None, false);
        for _ in 0..self.waiting {
            // Nothing is left for anybody, as nearly always behind the first.
            if !(0..self.zones.len()).filter(offered).any(|zone| self.zones[zone].has_unclaimed()) {
                break;
            }
            let Some((index, ticket)) = self.next_waiting(behind) else { break };
            behind = Some(ticket.number);
            let State { zones, zonelists, frames, tasks, .. } = self;
            let (task, order) = (&mut tasks[index], ticket.order);
            let Some(list) = zonelists.get(usize::from(task.options.node.0)) else { continue };
            let queues = || (0..).map_while(|place| list.at(place)).filter(offered);
            let mut take = |zone: &mut Zone| may_use(task, zone).then(|| zone.take_in_turn(frames, order)).flatten();
            let found = queues().find_map(|zone| take(&mut zones[zone]));
            if found.is_some() {
                task.ticket = Some(Ticket { handed: found, ..ticket });
                self.waiting -= 1;
                self.progress += 1;
                served = true;
                continue;
            }
            for zone in queues() {
                let claims = may_use(task, &zones[zone]);
                zones[zone].claimed += if claims { order.pages() } else { 0 };
            }
        }
        // Whoever was served claims nothing in the other zones any more.
        if served && only.is_some() {
            self.hand_over(None);
        }
    }

    /// Whether a task is the first in the queue of some zone, and its policy kills for its request.
    pub(crate) fn kills_for_queue(&self, id: TaskId) -> bool {
        let waits = |task: &Task| task.ticket.filter(|ticket| ticket.handed.is_none());
        let Some((task, ticket)) = self.task(id).and_then(|task| Some((task, waits(task)?))) else { return false };
        let policy = self.policies.at(self.policy_of(id));
        let kills = ticket.order <= policy.costly && policy.small == Small::Loop;
        let precedes = |other: &Task| waits(other).is_some_and(|before| before.number < ticket.number);
        let is_first = |zone: &Zone| !self.tasks.iter().any(|other| precedes(other) && may_use(other, zone));
        kills && self.zones.iter().any(|zone| may_use(task, zone) && is_first(zone))
    }

    /// Asks the killer on behalf of the queues, if it is to be asked for this task.
    pub(crate) fn kill_for_queue(&mut self, id: TaskId) -> bool {
        if !self.kills_for_queue(id) {
            return false;
        }
        let Some((nodes, ticket)) = self.task(id).and_then(|task| Some((task.mems.allowed, task.ticket?))) else {
            return false;
        };
        self.kill_for(self.policy_of(id), id, nodes, ticket.order, Gfp::KERNEL) == OomOutcome::Progress
    }
}
