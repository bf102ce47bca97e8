//! Whether a request of the scope fails.

use std::hint::black_box;

use crate::chain::quiet;
use crate::chain::registers::Registers;
use crate::chain::walker;
use crate::memory::record::{End, NONE, Request};
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
    if phase == phase::CANARY {
        return Decision::Fail;
    }
    if phase == phase::AFTER && scope.is_first_after() {
        stop_if_infallible(thread);
    }
    let wanted = phase == phase::WALK || scope.keeps_account() || (phase == phase::AFTER && scope.deep);
    // One call for every phase: this function's return address is in the chain, and a second call in it would make
    // second chains of the same places. What a compiler cannot see through it cannot split.
    let chain = if black_box(wanted) { thread.chain_here(request) } else { NONE };
    match phase {
        phase::WALK | phase::AFTER if chain != NONE && chain == scope.target() => {
            if !std::thread::panicking() && scope.fire() { Decision::Fail } else { Decision::Serve(chain) }
        }
        phase::AFTER => after(thread, chain),
        _ => Decision::Serve(chain),
    }
}

/// Decides on a request behind the failure that is not to be failed itself.
#[cold]
fn after(thread: &ThreadScope, chain: u32) -> Decision {
    match thread.scope.mode {
        _ if std::thread::panicking() => Decision::Serve(chain),
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
        crate::explore::child::end_now(&thread.scope, End::Infallible);
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
