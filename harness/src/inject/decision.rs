//! Whether a request of the scope fails.

use std::hint::black_box;

use crate::chain::quiet;
use crate::chain::registers::Registers;
use crate::chain::walker;
use crate::memory::record::{NONE, Request};
use crate::mode::Mode;
use crate::scope::phase;
use crate::scope::thread::ThreadScope;

/// The answer to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decision {
    /// Serve it; it is made by this chain, where the chain was asked for.
    Serve(u32),
    /// Fail it.
    Fail,
}

/// Decides on a request of a thread in a scope whose phase is not `OFF`.
#[inline]
pub(crate) fn decide(thread: &ThreadScope, request: Request) -> Decision {
    let scope = &*thread.scope;
    thread.balance.requested();
    let phase = scope.phase();
    let wanted = match phase {
        phase::WALK => true,
        phase::CANARY => return Decision::Fail,
        phase::AFTER => before_walk(thread) || scope.keeps_account(),
        _ => scope.keeps_account(),
    };
    // A chain begins with the address that this call returns to. There is one call, and nothing that would let the
    // compiler make two of it, so that one place of the program is one chain in every phase.
    let chain = if black_box(wanted) { thread.chain_here(request) } else { NONE };
    match black_box(phase) {
        phase::WALK => {
            if chain == scope.target() && chain != NONE && !std::thread::panicking() && scope.fire() {
                return Decision::Fail;
            }
            if scope.carries() && (scope.watch.met)(thread, chain) {
                return Decision::Fail;
            }
            Decision::Serve(chain)
        }
        phase::AFTER => after(thread, chain),
        _ => Decision::Serve(chain),
    }
}

/// What is to be done first on a request behind the failure; whether chains are looked for there.
#[cold]
fn before_walk(thread: &ThreadScope) -> bool {
    if thread.scope.is_first_after() {
        stop_if_infallible(thread);
    }
    thread.scope.deep
}

/// Decides on a request behind the failure, made by `chain` if that was asked for.
#[cold]
fn after(thread: &ThreadScope, chain: u32) -> Decision {
    let scope = &*thread.scope;
    if std::thread::panicking() {
        return Decision::Serve(chain);
    }
    if chain != NONE && chain == scope.target() && scope.fire() {
        return Decision::Fail;
    }
    match scope.mode {
        Mode::Once => Decision::Serve(chain),
        Mode::Sticky => Decision::Fail,
        Mode::Forbid => {
            forbidden(thread);
            Decision::Serve(chain)
        }
    }
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
