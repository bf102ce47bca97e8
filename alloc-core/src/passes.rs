//! The passes of reclaim that threads make in a task's name: what one of them does binds no other.
//!
//! The kernel's task is one thread. Here threads may have one in common, as all of a program have whose allocator is a machine.

use alloc::vec::Vec;

use crate::page::reclaim::ReclaimClass;
use crate::sync::steps::me;

/// One thread's pass.
#[derive(Debug)]
struct Pass {
    thread: usize,
    /// The class of the shrinker that is being scanned.
    inside: Option<ReclaimClass>,
}

/// The passes that are under way in the name of one task, each thread's innermost last.
///
/// A request asks the surrounding process for no memory: there is room for [`AT_ONCE`] of them from the beginning. Only a task
/// that more threads reclaim for at a time gets more.
#[derive(Debug)]
pub(crate) struct Passes(Vec<Pass>);

/// Passes that a task has room for without asking for more.
const AT_ONCE: usize = 8;

impl Default for Passes {
    fn default() -> Passes {
        Passes(Vec::with_capacity(AT_ONCE))
    }
}

impl Passes {
    /// The calling thread begins a pass.
    pub(crate) fn begin(&mut self) {
        self.0.push(Pass { thread: me(), inside: None });
    }

    /// It ends its innermost one.
    pub(crate) fn end(&mut self) {
        let thread = me();
        if let Some(place) = self.0.iter().rposition(|pass| pass.thread == thread) {
            self.0.remove(place);
        }
    }

    /// Whether the calling thread makes one.
    #[inline]
    pub(crate) fn any_is_mine(&self) -> bool {
        !self.0.is_empty() && self.mine().is_some()
    }

    /// The class of the shrinker that the calling thread scans.
    pub(crate) fn inside(&self) -> Option<ReclaimClass> {
        self.mine()?.inside
    }

    /// The calling thread scans a shrinker of this class, or none.
    pub(crate) fn scans(&mut self, class: Option<ReclaimClass>) {
        let thread = me();
        if let Some(pass) = self.0.iter_mut().rfind(|pass| pass.thread == thread) {
            pass.inside = class;
        }
    }

    fn mine(&self) -> Option<&Pass> {
        let thread = me();
        self.0.iter().rfind(|pass| pass.thread == thread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_nest_and_their_innermost_counts() {
        let mut passes = Passes::default();
        assert!(!passes.any_is_mine());
        passes.begin();
        passes.scans(Some(ReclaimClass::Fs));
        passes.begin();
        assert_eq!(passes.inside(), None);
        passes.scans(Some(ReclaimClass::Io));
        assert_eq!(passes.inside(), Some(ReclaimClass::Io));
        passes.end();
        assert_eq!(passes.inside(), Some(ReclaimClass::Fs));
        passes.end();
        assert!(!passes.any_is_mine());
    }

    #[cfg(feature = "std")]
    #[test]
    fn a_pass_of_another_thread_is_not_mine() {
        let mut passes = Passes::default();
        std::thread::scope(|scope| {
            scope.spawn(|| passes.begin()).join().unwrap();
        });
        assert!(!passes.any_is_mine());
        passes.begin();
        passes.scans(Some(ReclaimClass::Io));
        passes.end();
        assert!(!passes.any_is_mine() && passes.0.len() == 1, "the other's is still there");
    }
}
