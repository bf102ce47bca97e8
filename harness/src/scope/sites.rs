//! The annotated calls that a thread is in, so that a failure is known by the innermost of them.

use std::cell::Cell;

use crate::memory::record::NONE;

/// Calls further in than this are counted, and not known.
const DEPTH_MAX: usize = 32;

/// The calls that a thread is in, outermost first.
///
/// Code that is left by unwinding does not say so: what it was in is forgotten when a call around it comes back, or
/// when the run ends.
#[derive(Debug)]
pub(crate) struct Sites {
    depth: Cell<u32>,
    open: [Cell<u32>; DEPTH_MAX],
}

impl Default for Sites {
    fn default() -> Sites {
        Sites { depth: Cell::new(0), open: [const { Cell::new(NONE) }; DEPTH_MAX] }
    }
}

impl Sites {
    /// A call is made; how many there were around it.
    pub(crate) fn enter(&self, point: u32) -> u32 {
        let depth = self.depth.get();
        if let Some(place) = self.open.get(depth as usize) {
            place.set(point);
        }
        self.depth.set(depth.saturating_add(1));
        depth
    }

    /// The call around which there were `depth` has come back.
    pub(crate) fn leave_to(&self, depth: u32) {
        self.depth.set(self.depth.get().min(depth));
    }

    /// The innermost `count` calls are not made after all.
    pub(crate) fn abandon(&self, count: u32) {
        self.depth.set(self.depth.get().saturating_sub(count));
    }

    /// A new run begins.
    pub(crate) fn leave_all(&self) {
        self.depth.set(0);
    }

    /// The innermost call, or [`NONE`].
    pub(crate) fn innermost(&self) -> u32 {
        let last = self.depth.get().checked_sub(1);
        last.and_then(|last| self.open.get(last as usize)).map_or(NONE, Cell::get)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_call_is_known_on_every_way_out() {
        let sites = Sites::default();
        assert_eq!(sites.innermost(), NONE);
        let outer = sites.enter(7);
        let inner = sites.enter(8);
        assert_eq!((outer, inner, sites.innermost()), (0, 1, 8));
        sites.leave_to(inner);
        assert_eq!(sites.innermost(), 7);
        sites.enter(9);
        sites.enter(10);
        sites.abandon(2);
        assert_eq!(sites.innermost(), 7);
        // What unwinding left behind goes with the call around it, and nothing goes twice.
        sites.enter(11);
        sites.leave_to(outer);
        sites.leave_to(5);
        sites.abandon(3);
        assert_eq!(sites.innermost(), NONE);
    }

    #[test]
    fn calls_too_far_in_are_counted_and_not_known() {
        let sites = Sites::default();
        for point in 0..40 {
            assert_eq!(sites.enter(point), point);
        }
        assert_eq!(sites.innermost(), NONE);
        sites.leave_to(32);
        assert_eq!(sites.innermost(), 31);
    }
}
