//! A thread's mark: the place that it is in as its owner, for everybody to see.

use core::sync::atomic::AtomicUsize as Number;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::steps::{AtomicUsize, give_up, relax};

/// Beside the address of a place, in the mark of a thread that a fork left behind inside of it. Places are aligned to more.
const GONE: usize = 1;

/// Where one thread is: the address of a place, or 0. Marks are never freed, so that anybody may look at one whose
/// thread is long gone.
///
/// A line of its own: the thread writes it twice for each use of a place.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Mark {
    pub(super) place: AtomicUsize,
    /// The processor that its thread was last seen on. The thread alone looks at it.
    pub(super) cpu: Number,
}

impl Mark {
    /// Whether its thread is nowhere. Only the thread itself may rely on the answer.
    #[inline(always)]
    pub(crate) fn is_nowhere(&self) -> bool {
        self.place.load(Relaxed) == 0
    }

    /// The processor that its thread was last seen on. Called by that thread alone.
    #[cfg(feature = "std")]
    #[inline(always)]
    pub(crate) fn cpu(&self) -> usize {
        self.cpu.load(Relaxed)
    }

    /// Its thread was seen on a processor. Called by that thread alone.
    pub(crate) fn seen_on(&self, cpu: usize) {
        self.cpu.store(cpu, Relaxed);
    }

    /// Its thread enters a place. Called by that thread alone.
    #[inline(always)]
    pub(crate) fn enter(&self, place: usize) {
        // Whoever sees it in another place sees what it did in the one before.
        self.place.store(place, Release);
    }

    /// Its thread leaves, and whoever waited for that sees what it did there. Called by that thread alone.
    #[inline(always)]
    pub(crate) fn leave(&self) {
        self.place.store(0, Release);
    }

    /// Waits until its thread is not in a place.
    pub(crate) fn wait_outside(&self, place: usize) {
        let mut tries = 0;
        while self.place.load(Acquire) == place {
            relax(tries);
            tries = tries.saturating_add(1);
        }
        if self.place.load(Relaxed) == place | GONE {
            give_up();
        }
    }

    /// The same, until enough is `over`. Whether its thread is outside.
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(super) fn is_outside_until(&self, place: usize, over: impl Fn() -> bool) -> bool {
        while self.place.load(Acquire) == place && !over() {
            relax(0);
        }
        self.place.load(Acquire) & !GONE != place
    }

    /// A fork has left its thread behind. Whether that was nowhere, so that others can have the mark.
    #[cfg(all(feature = "std", target_os = "linux", not(alloc_core_shuttle)))]
    pub(super) fn leave_behind(&self) -> bool {
        let at = self.place.load(Relaxed);
        if at != 0 {
            self.place.store(at | GONE, Relaxed);
        }
        at == 0
    }
}
