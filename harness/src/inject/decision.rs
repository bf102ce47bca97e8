//! Whether a request of the scope fails.


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
///
/// The chain is asked for in one place, whatever the phase: the return address into this function stands in every chain,
/// and one chain must be the same with and without a failure before it.
#[inline]
pub(crate) fn decide(thread: &ThreadScope, request: Request) -> Decision {
    let scope = &*thread.scope;
    thread.balance.requested();
    let asks = match scope.phase() {
        phase::WALK => true,
        phase::AFTER => asks_after(thread),
        phase::CANARY => false,
        _ => scope.keeps_account(),
    };
    let chain = if asks { thread.chain_here(request) } else { NONE };
    // Read again: with the value from above known on each path, the call could be made once for each of them.
    match scope.phase() {
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
        phase::CANARY => Decision::Fail,
        _ => Decision::Serve(chain),
    }
}

/// Whether the chain of a request behind the failure is asked for.
#[cold]
fn asks_after(thread: &ThreadScope) -> bool {
    let scope = &*thread.scope;
    if scope.is_first_after() {
        stop_if_infallible(thread);
    }
    scope.deep || scope.keeps_account()
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
