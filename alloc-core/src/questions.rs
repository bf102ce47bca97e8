//! What can be asked about a machine: how it is, and what it has done.

use alloc::vec::Vec;

use crate::event::Event;
use crate::machine::Machine;
use crate::page::buddy::AuditError;
use crate::page::watermark::Watermarks;
use crate::page::zone::ZoneKind;
use crate::policy::Policy;
use crate::stats::Stats;
use crate::units::{NodeId, Order};

impl Machine {
    /// Looks at every frame and list of the machine, and at every slab: see [`Machine::audit_slabs`].
    ///
    /// # Errors
    /// The first thing that is not as it must be.
    pub fn audit(&self) -> Result<(), AuditError> {
        self.state().audit()?;
        self.audit_known_slabs().map_err(|error| AuditError { frame: error.frame(), what: error.what })
    }

    /// What the machine has done so far.
    pub fn stats(&self) -> Stats {
        self.state().stats.clone()
    }

    /// The number that the next event will have.
    pub fn next_event(&self) -> u64 {
        self.raw().events.next()
    }

    /// The events from a number on, oldest first, as far as they are still kept (the last 1,024 are).
    pub fn events_since(&self, number: u64) -> Vec<Event> {
        self.raw().events.since(number).collect()
    }

    /// The machine's policy. See [`Machine::current_policy`] for the one that requests follow at the moment.
    pub fn policy(&self) -> Policy {
        Policy::clone(&self.policy)
    }

    /// Free pages, of one node or of all.
    pub fn free_pages(&self, node: Option<NodeId>) -> u64 {
        self.state().free(node)
    }

    /// Free blocks of exactly one order, on all nodes.
    pub fn free_blocks(&self, order: Order) -> u64 {
        self.state().zones.iter().map(|zone| u64::from(zone.buddy.blocks(order))).sum()
    }

    /// The levels of a zone, or `None` if the machine has no such zone.
    pub fn watermarks(&self, node: NodeId, kind: ZoneKind) -> Option<Watermarks> {
        self.raw().zones.iter().find(|zone| zone.node == node && zone.kind == kind).map(|zone| zone.marks)
    }

    /// Why the machine has stopped, if it has.
    pub fn stopped(&self) -> Option<&'static str> {
        self.raw().dead
    }
}
