//! No frame-pointer walker: every walk here is exact, by the `backtrace` crate.
#![expect(unsafe_code, reason = "has the signatures of the walker it stands in for")]

use crate::chain::boundary::Boundary;
use crate::chain::id::Id;
use crate::memory::seen::Seen;

/// The walk met no chain that the set knows.
pub(crate) const MISS: u32 = u32::MAX;
/// The frame pointers do not lead to the boundary: the only answer here.
pub(crate) const BROKEN: u32 = u32::MAX - 1;

/// Nothing is kept for walks.
#[derive(Debug)]
pub(crate) struct Context;

impl Context {
    pub(crate) fn new(_boundary: Boundary, _seed: Id, _seen: &Seen<'_>) -> Context {
        Context
    }

    pub(crate) fn refresh(&mut self, _seen: &Seen<'_>) {}

    /// # Safety
    /// Nothing is asked of the caller.
    pub(crate) unsafe fn find(&self, _id: Id) -> u32 {
        MISS
    }

    pub(crate) fn raw(&self) -> Id {
        Id::EMPTY
    }

    /// # Safety
    /// Nothing is asked of the caller.
    pub(crate) unsafe fn walk(&mut self) -> u32 {
        BROKEN
    }
}

/// No frames: what stands on the stack is not known.
///
/// # Safety
/// Nothing is asked of the caller.
pub(crate) unsafe fn frames(_fp: usize, _sp: usize, _boundary: &Boundary, _out: &mut [usize]) -> Option<usize> {
    None
}
