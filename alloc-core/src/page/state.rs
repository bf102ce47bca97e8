//! Everything that a machine knows, behind one lock: frames, zones, tasks, counts.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::backed::Backed;
use super::buddy::{AuditError, Buddy};
use super::frame::{self, FrameTable};
use super::movable::Movables;
use super::reclaim::ReclaimClass;
use super::watermark::{Mark, Right};
use super::zone::{Zone, ZoneKind};
use super::zonelist::Zonelist;
use crate::budget::Budgets;
use crate::calls::{Policies, PolicyId};
use crate::epochs::Epochs;
use crate::error::{AllocError, FreeError};
use crate::event::{EventKind, Ring};
use crate::gfp::Gfp;
use crate::host::arena::Arena;
use crate::ledger::Converted;
use crate::lock_order::LockOrder;
use crate::misuse::Misuse;
use crate::numa::node_mask::NodeMask;
use crate::policy::Policy;
use crate::retries::{Retried, Retries};
use crate::sites::SiteId;
use crate::stats::Stats;
use crate::task::{Task, TaskId};
use crate::units::{FrameNumber, NodeId, Order};

/// The state of a machine. No code of the machine's users runs while it is locked.
#[derive(Debug)]
pub(crate) struct State {
    /// Shared with the machine, which reads it without the lock: it never changes.
    pub(crate) policy: Arc<Policy>,
    /// Those that requests follow: the machine's, and those of scopes.
    pub(crate) policies: Policies,
    pub(crate) frames: FrameTable,
    pub(crate) zones: Box<[Zone]>,
    /// By node.
    pub(crate) zonelists: Box<[Zonelist]>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) locks: LockOrder,
    pub(crate) budgets: Budgets,
    /// The nodes of each cpuset.
    pub(crate) cpusets: Vec<NodeMask>,
    pub(crate) movables: Movables,
    pub(crate) stats: Stats,
    pub(crate) events: Ring,
    /// Whether some zone has more frames than may be used at once.
    pub(crate) has_budget: bool,
    /// Failures in a row.
    pub(crate) retries: Retries,
    /// How far call sites are on their way to may fail.
    pub(crate) converted: Converted,
    /// Whether looks at zones are noted, too.
    pub(crate) traces_looks: bool,
    /// Counts everything that can help somebody who waits.
    pub(crate) progress: u64,
    /// The background reclaimers that were woken and have not run, as a mask of nodes.
    pub(crate) kswapd_wanted: NodeMask,
    /// What the shrinkers last said that they hold.
    pub(crate) reclaimable: u64,
    /// Whether an OOM notifier was ever registered.
    pub(crate) notifies_oom: bool,
    /// The request that has the killer's lock.
    pub(crate) oom_holder: Option<u64>,
    /// Requests that were begun.
    pub(crate) begun: u64,
    /// Tasks in the queues to whom nothing was handed yet.
    pub(crate) waiting: u32,
    /// Requests on their slow path, and passes of reclaim under way.
    pub(crate) slow: u32,
    /// Threads that sleep until something moves.
    pub(crate) sleepers: u32,
    /// The background reclaimers that are at it.
    pub(crate) kswapd_running: NodeMask,
    /// Whether somebody became a victim since the reaper was last woken.
    pub(crate) reap_wanted: bool,
    /// Whether processors may have free pages at hand, which the zones do not know of.
    pub(crate) at_hand: bool,
    /// Whether a look failed at a zone of which blocks are at hand: it might not have, with everything collected.
    pub(crate) missed: bool,
    /// Turned whenever a task changes.
    pub(crate) epochs: Arc<Epochs>,
    /// Why the machine has stopped.
    pub(crate) dead: Option<&'static str>,
}

impl State {
    pub(crate) fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(id.0 as usize)
    }

    /// A task that is about to be changed: what was remembered of it is old from now on.
    pub(crate) fn task_mut(&mut self, id: TaskId) -> Option<&mut Task> {
        self.epochs.turn(id);
        self.tasks.get_mut(id.0 as usize)
    }

    /// The policy that requests of a task follow at the moment.
    pub(crate) fn policy_of(&self, id: TaskId) -> PolicyId {
        let inside = self.task(id).filter(|task| !task.calls.is_empty());
        inside.map_or(PolicyId::OWN, |task| task.calls.policy(task.is_in_interrupt()))
    }

    /// The chain of sites that requests of a task are made in at the moment.
    pub(crate) fn site_of(&self, id: TaskId) -> Option<SiteId> {
        let inside = self.task(id).filter(|task| !task.calls.is_empty());
        inside.and_then(|task| task.calls.site(task.is_in_interrupt()))
    }

    /// The node that a frame lies on.
    pub(crate) fn node_of(&self, frame: FrameNumber) -> NodeId {
        let zone = self.frames.get(frame.0).and_then(|entry| self.zones.get(usize::from(entry.zone)));
        zone.map_or(NodeId(0), |zone| zone.node)
    }

    /// The nodes that the machine has.
    pub(crate) fn online(&self) -> NodeMask {
        let nodes = (0..self.zonelists.len() as u8).map(|node| NodeMask::of(&[NodeId(node)]));
        nodes.fold(NodeMask::NONE, NodeMask::union)
    }

    /// Whether nobody waits for what comes free, so that processors may keep it at hand.
    pub(crate) fn is_at_ease(&self) -> bool {
        self.slow == 0 && self.sleepers == 0 && self.waiting == 0 && self.dead.is_none() && !self.traces_looks
    }

    /// Whether the background reclaimers have nothing to do.
    pub(crate) fn is_kswapd_idle(&self) -> bool {
        self.kswapd_wanted.union(self.kswapd_running) == NodeMask::NONE
    }

    /// Whether a zone's free lists alone have what any first look at it asks for.
    pub(crate) fn is_plentiful(&self, zone: usize) -> bool {
        self.zones[zone].free() >= self.zones[zone].plenty()
    }

    /// All pages, free or not.
    pub(crate) fn managed(&self) -> u64 {
        self.zones.iter().map(|zone| zone.managed).sum()
    }

    /// Free pages, of one node or of all.
    pub(crate) fn free(&self, node: Option<NodeId>) -> u64 {
        let zones = self.zones.iter().filter(|zone| node.is_none_or(|node| node == zone.node));
        zones.map(Zone::free).sum()
    }

    /// The highest kind of zone that is at or below `kind`, or the lowest that the machine has.
    pub(crate) fn highest(&self, kind: ZoneKind) -> ZoneKind {
        let kinds = || self.zones.iter().map(|zone| zone.kind);
        kinds().filter(|have| *have <= kind).max().or_else(|| kinds().min()).unwrap_or(ZoneKind::Normal)
    }

    /// Reports that a lock can deadlock with reclaim.
    pub(crate) fn report_deadlock(&mut self, lock: &'static str, class: ReclaimClass, task: TaskId, flags: Gfp) {
        self.stats.possible_deadlocks += 1;
        self.stats.warnings += 1;
        self.events.note(EventKind::PossibleDeadlock { lock, class }, task, Order::ZERO, flags);
    }

    /// Looks at the locks that a task holds while it makes a request that may call shrinkers.
    pub(crate) fn check_locks(&mut self, task: TaskId, flags: Gfp) {
        let mut found = [None; 8];
        let mut slots = found.iter_mut();
        self.locks.note_request(task, flags, |lock, class| {
            if let Some(slot) = slots.next() {
                *slot = Some((lock, class));
            }
        });
        for (lock, class) in found.into_iter().flatten() {
            self.report_deadlock(lock, class, task, flags);
        }
    }

    /// Notes a misuse of flags.
    pub(crate) fn note_misuse(&mut self, misuse: Misuse, task: TaskId, order: Order, flags: Gfp) {
        self.stats.warnings += u64::from(!flags.contains(Gfp::NOWARN));
        self.stats.undisciplined += u64::from(misuse == Misuse::LargeWithoutFallback);
        self.events.note(EventKind::Misused(misuse), task, order, flags);
    }

    /// Gives a block back whose entry says how large it is.
    pub(crate) fn give(&mut self, frame: FrameNumber) {
        let entry = self.frames.at(frame.0);
        let pages = entry.order.pages();
        if let Some(budget) = entry.budget.take() {
            self.budgets.at(budget).uncharge(pages);
        }
        self.stats.freed_pages += pages;
        self.progress += 1;
        self.put_back(frame);
    }

    /// Puts a block back on its free list.
    pub(crate) fn put_back(&mut self, frame: FrameNumber) {
        let index = usize::from(self.frames.at(frame.0).zone);
        let zone = &mut self.zones[index];
        zone.buddy.give(&mut self.frames, frame);
        if zone.passed != 0 {
            self.epochs.turn_all(core::mem::take(&mut zone.passed));
        }
        if self.waiting > 0 {
            self.hand_over(Some(index));
        }
    }

    /// Gives a block back if it is what its owner says.
    pub(crate) fn give_checked(
        &mut self,
        frame: FrameNumber,
        order: Order,
        state: frame::State,
    ) -> Result<(), FreeError> {
        Buddy::check(&self.frames, frame, order, state, Order::LIMIT)?;
        self.give(frame);
        Ok(())
    }

    /// Gives back all user pages of the task at an index of the table, and says how many.
    pub(crate) fn free_user_pages(&mut self, index: usize) -> u64 {
        let mut list = core::mem::replace(&mut self.tasks[index].user_pages, frame::FrameList::EMPTY);
        let pages = u64::from(list.len());
        while let Some(frame) = list.pop(&mut self.frames) {
            self.give(frame);
        }
        self.progress += 1;
        pages
    }

    /// Counts the failure of a request for an object, and notes it.
    pub(crate) fn note_failure(&mut self, error: AllocError, task: TaskId, order: Order, flags: Gfp, quiet: bool) {
        self.stats.failures += 1;
        self.stats.injected += u64::from(error == AllocError::Injected);
        let site = self.site_of(task);
        self.stats.sites.note_failure(site, error == AllocError::Injected);
        self.stats.warnings += u64::from(!quiet);
        self.events.note(EventKind::Failed(error), task, order, flags);
        let over = matches!(error, AllocError::Dead | AllocError::TaskKilled | AllocError::NoSuchTask);
        if !quiet && !over {
            self.watch_failure(task, Retried { site, bytes: order.bytes(), area: false }, order, flags);
        }
    }

    /// Notes one more failure in a row, and tells the loop that is found by it.
    pub(crate) fn watch_failure(&mut self, task: TaskId, what: Retried, order: Order, flags: Gfp) {
        let most = self.policies.at(self.policy_of(task)).retries_max;
        if self.retries.failed(task, what, most) {
            self.stats.retry_loops += 1;
            let mut names = [""];
            let named = self.stats.sites.names(what.site, &mut names) > 0;
            let kind = EventKind::OpenCodedNofail { site: named.then_some(names[0]), bytes: what.bytes };
            self.events.note(kind, task, order, flags);
        }
    }

    /// Whether some zone of the nodes would admit a request if everything reclaimable were free, or as things are.
    pub(crate) fn could_admit(
        &self,
        nodes: NodeMask,
        order: Order,
        highest: ZoneKind,
        right: Right,
        more: u64,
    ) -> bool {
        let mut zones = self.zones.iter().filter(|zone| nodes.has(zone.node) && zone.kind <= highest);
        zones.any(|zone| zone.would_admit(order, highest, Mark::Min, right, more))
    }

    /// Whether all zones of a node have what the background reclaimer works for.
    pub(crate) fn is_balanced(&self, node: NodeId) -> bool {
        let mut zones = self.zones.iter().filter(|zone| zone.node == node);
        zones.all(|zone| zone.free() >= zone.marks.high)
    }

    /// Gives memory back that stands behind free pages, in zones where it stands behind more than it may.
    pub(crate) fn give_back_beyond_budget(&mut self, arena: &Arena) {
        let mut given = 0;
        for zone in &mut self.zones {
            let (end, beyond) = (zone.buddy.end(), |backed: &&mut Backed| backed.count() > backed.border());
            if let Some(backed) = zone.backed.as_mut().filter(beyond) {
                self.stats.given_back_batches += 1;
                given += backed.give_back(&self.frames, end, |frame, order| arena.release(frame, order));
            }
        }
        if given > 0 {
            self.stats.given_back += given;
            self.events.note(EventKind::GivenBack(given), TaskId(0), Order::ZERO, Gfp::NONE);
        }
    }

    /// Looks at everything.
    pub(crate) fn audit(&self) -> Result<(), AuditError> {
        self.zones.iter().try_for_each(|zone| zone.buddy.audit(&self.frames))?;
        for (zone, backed) in self.zones.iter().filter_map(|zone| Some((zone, zone.backed.as_ref()?))) {
            let used = zone.buddy.frames() - zone.buddy.free();
            let audited = backed.audit(&self.frames, zone.buddy.end(), used);
            audited.map_err(|what| AuditError { frame: FrameNumber(zone.buddy.end() - 1), what })?;
        }
        self.audit_movables().map_err(|(frame, what)| AuditError { frame, what })?;
        for (id, task) in self.tasks.iter().enumerate() {
            let theirs = task.user_pages.iter(&self.frames).filter(|frame| {
                let entry = self.frames.get(*frame);
                entry.is_some_and(|entry| entry.state == frame::State::User && entry.owner == id as u32)
            });
            if theirs.count() != task.user_pages.len() as usize {
                let what = "a task's list of user pages does not hold its pages";
                return Err(AuditError { frame: FrameNumber(0), what });
            }
        }
        Ok(())
    }
}
