//! How often a point of annotated code was passed in one run, and which arms ran behind a failure.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

/// In [`Count::after`]: it was the first arm to run behind a failure, on the thread that it was delivered to.
const FIRST: u32 = 1 << 31;

/// One point in one run of one process.
#[repr(C)]
#[derive(Default, Debug)]
pub(crate) struct Count {
    /// How often the call was made, or what the arm deals with was evaluated.
    pub(crate) passed: AtomicU32,
    /// How often the arm ran.
    pub(crate) ran: AtomicU32,
    /// For an arm: which one it was, from 1, when it last ran behind the failure; 0 if it did not.
    after: AtomicU32,
}

impl Count {
    /// The arm runs behind the failure, as the arm number `place` to do so.
    pub(crate) fn ran_after(&self, place: u32, first: bool) {
        let mark = if first { FIRST } else { 0 };
        let _ = self.after.fetch_update(Relaxed, Relaxed, |before| Some(before & FIRST | mark | place & !FIRST));
    }

    /// For an arm that ran behind the failure: the place of its last run among all of them.
    pub(crate) fn last_after(&self) -> Option<u32> {
        Some(self.after.load(Relaxed) & !FIRST).filter(|place| *place != 0)
    }

    /// Whether it was the first arm to run behind a failure.
    pub(crate) fn was_first(&self) -> bool {
        self.after.load(Relaxed) & FIRST != 0
    }

    /// Starts anew with what `other` has.
    pub(crate) fn set(&self, other: &Count) {
        self.passed.store(other.passed.load(Relaxed), Relaxed);
        self.ran.store(other.ran.load(Relaxed), Relaxed);
        self.after.store(other.after.load(Relaxed), Relaxed);
    }

    /// Keeps the greater numbers of the two.
    pub(crate) fn raise(&self, other: &Count) {
        self.passed.fetch_max(other.passed.load(Relaxed), Relaxed);
        self.ran.fetch_max(other.ran.load(Relaxed), Relaxed);
    }
}
