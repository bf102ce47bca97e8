//! What a thread of a scope counts when it passes a point of annotated code.

use std::sync::atomic::Ordering::Relaxed;

use super::shared::Scope;
use super::thread;
use crate::memory::counts::Count;

/// Counts a point that this thread passes, if that means anything at the moment.
///
/// `what` is what the point has seen by that; `ran`, that it is an arm, which runs.
/// Takes no lock, allocates nothing and does not panic.
pub(crate) fn count(point: u32, what: u8, ran: bool) {
    let Some((thread, _)) = thread::observed() else { return };
    let scope = &*thread.scope;
    let Some(passed) = scope.campaign.passed().get(point as usize) else { return };
    if passed.load(Relaxed) & what != what {
        passed.fetch_or(what, Relaxed);
    }
    let Some(count) = scope.counts().get(point as usize) else { return };
    count.passed.fetch_add(1, Relaxed);
    if ran {
        count.ran.fetch_add(1, Relaxed);
        if scope.fired() > 0 {
            let place = scope.arms_after.fetch_add(1, Relaxed) + 1;
            count.ran_after(place, thread.failed.replace(false));
        }
    }
}

/// This thread makes an annotated call: the thread's mark, and how many such calls are around it.
pub(crate) fn enter(point: u32) -> (usize, u32) {
    thread::current().map_or((0, 0), |thread| ((&raw const *thread).addr(), thread.sites.enter(point)))
}

/// The call of which [`enter`] said this has come back, perhaps on another thread.
pub(crate) fn leave(mark: usize, depth: u32) {
    if let Some(thread) = thread::current().filter(|thread| (&raw const **thread).addr() == mark) {
        thread.sites.leave_to(depth);
    }
}

/// The innermost `depth` calls of this thread are not made after all.
pub(crate) fn abandon(depth: u32) {
    if let Some(thread) = thread::current() {
        thread.sites.abandon(depth);
    }
}

impl Scope {
    fn counts(&self) -> &[Count] {
        self.campaign.counts(self.slot_number())
    }

    /// A run begins.
    pub(crate) fn count_anew(&self) {
        self.counts().iter().for_each(|count| count.set(&Count::default()));
    }

    /// This process was split off another one and goes on in `slot`, with what the run has counted so far.
    pub(crate) fn count_on_in(&self, slot: usize) {
        for (new, count) in self.campaign.counts(slot).iter().zip(self.counts()) {
            new.set(count);
        }
    }

    /// The run was a first one without a failure: this is how often points are passed in one.
    pub(crate) fn keep_usual(&self) {
        for (usual, count) in self.campaign.usual().iter().zip(self.counts()) {
            usual.raise(count);
        }
    }
}
