//! The hook: who is asked, before any work, whether a request shall fail.

use super::knob::Knob;
use crate::gfp::Gfp;
use crate::units::Order;

/// What a fault source can make fail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Capability {
    /// A request for pages (the kernel's `fail_page_alloc`).
    PageAlloc,
    /// A request for an object of a cache (the kernel's `failslab`).
    Slab,
}

/// The cache that an object is asked from, as a fault source sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CacheSite {
    /// The cache's name.
    pub name: &'static str,
    /// Bytes in an object.
    pub size: usize,
    /// Whether the cache is marked for sources that fail only marked ones.
    pub failslab: bool,
}

/// A task's own knobs, which every fault source can read.
#[derive(Debug, Default)]
pub struct TaskFaults {
    /// Sources that filter by task fail only those tasks that have this set.
    pub make_it_fail: Knob<bool>,
    /// The call that is to fail, counted down by every call; 0 is none.
    pub fail_nth: Knob<u64>,
}

/// One request, as a fault source sees it.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// What is asked for.
    pub capability: Capability,
    /// The caller's flags, as the scopes left them; for objects as they came, as scopes are applied to pages only.
    pub flags: Gfp,
    /// The order that is asked for, or that would hold the object.
    pub order: Order,
    /// The cache that is asked, for [`Capability::Slab`].
    pub cache: Option<CacheSite>,
    /// The knobs of the task that asks.
    pub task: &'a TaskFaults,
}

/// Decides which requests fail.
///
/// It is asked with no lock of the machine held, by any thread, and before any work is done: a failed request reclaims nothing, kills nobody and does not loop. A request with
/// NOFAIL is asked about, too; stock sources let it pass unless they are told otherwise.
pub trait FaultSource: Send + Sync {
    /// Whether this request fails.
    fn fails(&self, site: &Site<'_>) -> bool;
}
