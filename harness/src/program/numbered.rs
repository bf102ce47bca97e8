//! Requests by their numbers: in a process that is started for it each is counted, and one fails, whatever its chain.
//!
//! Those of the program's first thread are counted apart and have negative numbers: a test's thread and the runner's, which waits
//! for it, ask in another order in each run.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU64};

use crate::chain::registers::Registers;
use crate::memory::header::Slot;
use crate::memory::record::Struck;
use crate::scope::shared::{Role, Scope};
use crate::scope::thread;

/// The number of the request that is to fail; 0 for none.
static WANTED: AtomicI64 = AtomicI64::new(0);
/// Of the first thread, and of all others.
static COUNTED: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

/// Has the request of this number fail, and none for 0.
pub(super) fn want(number: i64) {
    WANTED.store(number, Relaxed);
}

/// Tells how many requests there have been.
pub(super) fn tell(slot: &Slot) {
    for (told, counted) in slot.requests.iter().zip(&COUNTED) {
        told.store(counted.load(Relaxed), Relaxed);
    }
}

/// Counts a request: true if it is the one that is to fail.
///
/// What is not counted is what no sweep fails either: what a thread asks for that panics, or has panicked.
pub(super) fn met(scope: &Scope, chain: u32) -> bool {
    let Some(current) = thread::current().filter(|current| !current.is_panicking()) else { return false };
    let is_first = current.kernel_id.get() == std::process::id();
    let [of_first, of_others] = &COUNTED;
    let counted = if is_first { of_first } else { of_others };
    let number = (counted.fetch_add(1, Relaxed) + 1).cast_signed();
    let number = if is_first { -number } else { number };
    if scope.role == Role::Recorder
        && let Some(chain) = scope.campaign.chains().get(chain as usize)
    {
        let _ = chain.first.compare_exchange(0, number, Relaxed, Relaxed);
    }
    if number != WANTED.load(Relaxed) {
        return false;
    }
    let here = Registers::here();
    // Not what the seen sets say of it: they are what is checked.
    let frames = current.quietly(|| current.frames_of(here));
    let struck = Struck { frames, spawned_by: current.place.get().spawned_by, request: current.asked.get() };
    scope.slot().set_struck(struck);
    scope.fire()
}
