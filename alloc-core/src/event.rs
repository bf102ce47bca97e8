//! What happened, in order: a ring of the last decisions, for tests and for people.

use alloc::boxed::Box;
use alloc::vec;

use crate::error::{AllocError, FreeError};
use crate::gfp::Gfp;
use crate::misuse::Misuse;
use crate::numa::mems::MemsStep;
use crate::numa::move_rules::MoveRule;
use crate::page::reclaim::ReclaimClass;
use crate::page::zone::ZoneKind;
use crate::task::TaskId;
use crate::units::{FrameNumber, NodeId, Order};

/// One decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// A request looked at a zone, and took its pages or did not.
    Looked {
        /// The zone's node.
        node: NodeId,
        /// The zone's kind.
        zone: ZoneKind,
        /// Whether the zone gave the pages.
        taken: bool,
    },
    /// The table of misuses has a row for the request.
    Misused(Misuse),
    /// The background reclaimers were woken.
    KswapdWoken,
    /// A pass of direct reclaim ended with so many pages freed.
    Reclaimed(u64),
    /// A request inside of vmalloc called a shrinker of a class that vmalloc's caller had forbidden.
    ReclaimedBeyondCaller(ReclaimClass),
    /// A lock of this name is held over requests that may call shrinkers of the class, and taken by such: see `ReclaimLock`.
    PossibleDeadlock {
        /// The lock's name.
        lock: &'static str,
        /// The class.
        class: ReclaimClass,
    },
    /// The task would wait for ever for a lock.
    LockHang {
        /// The lock's name.
        lock: &'static str,
        /// Who holds it.
        holder: TaskId,
    },
    /// A pass of compaction ended, which moved so many pages.
    Compacted(u64),
    /// The memory behind so many free pages was given back to the host, at the border of a budget.
    GivenBack(u64),
    /// The OOM notifiers were called, and gave so many pages back.
    OomNotified(u64),
    /// A task was killed.
    Killed(TaskId),
    /// The reaper took a victim's pages.
    Reaped(u64),
    /// The task's nodes moved by a step.
    Moved(MemsStep),
    /// A task whose moves are watched has broken a rule.
    BrokeMoveRule(MoveRule),
    /// The request looks again, because its task's nodes moved.
    Restarted,
    /// The request forgets its task's memory policy, whose nodes and those that the task may use no longer meet.
    PolicyForgotten,
    /// The request failed.
    Failed(AllocError),
    /// Requests for so many bytes failed so often in a row that a loop retries them: see
    /// [`Machine::retry_loops`](crate::Machine::retry_loops).
    OpenCodedNofail {
        /// The innermost named site that they are made in.
        site: Option<&'static str>,
        /// The size.
        bytes: usize,
    },
    /// The small requests of a site may fail from now on: see [`Machine::convert`](crate::Machine::convert).
    SitePromoted(&'static str),
    /// The recovery of a site left something behind, although its small requests may fail: from now on they loop again.
    SiteRelapsed(&'static str),
    /// A debugging cache found that somebody wrote where nobody may.
    ObjectBroken {
        /// The cache's name.
        cache: &'static str,
        /// Where the object is, in bytes from the start of memory.
        at: usize,
        /// What was written.
        what: &'static str,
    },
    /// A cache's handle was dropped while somebody had objects of it.
    CacheInUse {
        /// The cache's name.
        cache: &'static str,
        /// How many objects.
        live: usize,
    },
    /// A number was given back that is no block of that order, or no longer: its caller has a bug.
    BadFree(FrameNumber, FreeError),
}

/// A decision, and the request that it was made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// Counted from 0, by machine.
    pub number: u64,
    /// What was decided.
    pub kind: EventKind,
    /// The task that it concerns.
    pub task: TaskId,
    /// The order of the request, if there is one.
    pub order: Order,
    /// The flags of the request, if there is one.
    pub flags: Gfp,
}

/// Events that are kept.
const KEPT: usize = 1024;

/// The last events.
#[derive(Debug)]
pub(crate) struct Ring {
    slots: Box<[Option<Event>]>,
    next: u64,
}

impl Ring {
    pub(crate) fn new() -> Ring {
        Ring { slots: vec![None; KEPT].into_boxed_slice(), next: 0 }
    }

    /// Writes an event over the oldest one.
    pub(crate) fn note(&mut self, kind: EventKind, task: TaskId, order: Order, flags: Gfp) {
        let slot = self.next % KEPT as u64;
        self.slots[slot as usize] = Some(Event { number: self.next, kind, task, order, flags });
        self.next += 1;
    }

    /// The number of the next event.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The events from number `from` on, as far as they are still kept, oldest first.
    pub(crate) fn since(&self, from: u64) -> impl Iterator<Item = Event> {
        let begin = self.next.saturating_sub(KEPT as u64).max(from);
        (begin..self.next).filter_map(|number| self.slots[(number % KEPT as u64) as usize])
    }
}
