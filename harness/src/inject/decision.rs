//! Whether a request of the scope fails.

use crate::chain::quiet;
use crate::chain::registers::Registers;
use crate::chain::walker;
use crate::memory::record::NONE;
use crate::mode::Mode;
use crate::scope::shared::phase;
use crate::scope::thread::ThreadScope;

/// Whether a request's chain has to be known, in a phase that is not `WALK`.
#[inline(always)]
pub(crate) fn walks(thread: &ThreadScope, phase: u32) -> bool {
    let counts = phase == phase::COUNT;
    if counts { thread.scope.keeps_account() } else { walks_after(thread, phase) }
}

#[cold]
#[inline(never)]
fn walks_after(thread: &ThreadScope, phase: u32) -> bool {
    let scope = &*thread.scope;
    if phase == phase::AFTER && thread.makes_failure.get() {
        return scope.keeps_account();
    }
    if phase == phase::AFTER && scope.shares_std && scope.is_first_after() {
        stop_if_infallible(thread);
    }
    phase == phase::AFTER && (scope.deep || scope.keeps_account())
}

/// Whether a request of the thread's fails, which is then taken out of the balance: one of a chain that the scope minds,
/// or in a phase behind `WALK`.
#[cold]
#[inline(never)]
pub(crate) fn fails(thread: &ThreadScope, phase: u32, chain: u32) -> bool {
    // What is met on the way may ask for memory itself.
    let asked = thread.asked.get();
    let fails = is_to_fail(thread, phase, chain);
    if fails {
        thread.balance.took_not(asked);
        thread.failed.set(true);
    }
    fails
}

fn is_to_fail(thread: &ThreadScope, phase: u32, chain: u32) -> bool {
    if thread.makes_failure.get() {
        return false;
    }
    phase == phase::CANARY || strikes(thread, phase, chain) || phase == phase::AFTER && fails_after(thread)
}

/// Whether the scope's failure is delivered at the end of `chain`.
pub(crate) fn strikes(thread: &ThreadScope, phase: u32, chain: u32) -> bool {
    let scope = &*thread.scope;
    if chain != NONE && phase >= phase::WALK && !thread.is_panicking() {
        if scope.is_target(chain) && scope.fire() {
            return true;
        }
        if phase == phase::AFTER && scope.deep {
            thread.quietly(|| scope.note_pair(chain));
        }
    }
    phase == phase::WALK && scope.carries() && (scope.watch.met)(scope, chain)
}

/// Whether what can fail does so because something failed before it.
pub(crate) fn goes_on(thread: &ThreadScope, phase: u32) -> bool {
    phase == phase::AFTER && thread.scope.mode == Mode::Sticky && !thread.is_panicking()
}

fn fails_after(thread: &ThreadScope) -> bool {
    if thread.is_panicking() {
        return false;
    }
    if thread.scope.mode == Mode::Forbid {
        forbidden(thread);
    }
    thread.scope.mode == Mode::Sticky
}

/// The first allocation behind a failure of an infallible caller is std's, for its message: with `RUST_BACKTRACE`
/// set it would go on to symbolise a backtrace for 100 ms, and what happened is known already.
#[inline(never)]
fn stop_if_infallible(thread: &ThreadScope) {
    let here = Registers::here();
    let infallible = thread.quietly(|| {
        let mut frames = vec![0; 4096];
        let walked = walker::exact(here, &thread.place.get().boundary, &mut frames);
        walked.is_some_and(|(count, _)| quiet::reports_alloc_error(&frames[..count]))
    });
    if infallible {
        (thread.scope.watch.infallible)(&thread.scope);
    }
}

/// Notes a request of memory behind the failure, where the mode forbids it.
#[cfg(feature = "alloc-core")]
pub(crate) fn note_forbidden(thread: &ThreadScope, phase: u32) {
    if phase == phase::AFTER && thread.scope.mode == Mode::Forbid && !std::thread::panicking() {
        forbidden(thread);
    }
}

/// Keeps the first place that allocates although the mode forbids it.
#[inline(never)]
fn forbidden(thread: &ThreadScope) {
    let here = Registers::here();
    let known = thread.scope.slot().evidence().forbidden.len > 0;
    if !known {
        thread.quietly(|| {
            let span = thread.frames_of(here);
            thread.scope.slot().update(|evidence| evidence.forbidden = span);
        });
    }
}
