//! Whether a request of the scope fails.

use crate::chain::quiet;
use crate::chain::registers::Registers;
use crate::chain::walker;
use crate::memory::record::{NONE, Request};
use crate::mode::Mode;
use crate::scope::shared::phase;
use crate::scope::thread::ThreadScope;

/// The answer to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Decision {
    /// Serve it; it is made by this chain, where the chain was asked for.
    Serve(u32),
    /// Fail it.
    Fail,
}

/// Decides on a request of a thread in a scope whose phase is this one, and not `OFF`.
#[inline(always)]
pub(crate) fn decide(thread: &ThreadScope, phase: u32, request: Request) -> Decision {
    let scope = &*thread.scope;
    thread.balance.requested();
    if phase == phase::AFTER && scope.is_first_after() {
        stop_if_infallible(thread);
    }
    let walks = match phase {
        phase::WALK => true,
        phase::AFTER => scope.deep || scope.keeps_account(),
        phase::CANARY => return Decision::Fail,
        _ => scope.keeps_account(),
    };
    let chain = if walks { thread.chain_here(request) } else { NONE };
    if chain != NONE && chain == scope.target() && phase >= phase::WALK && !std::thread::panicking() && scope.fire() {
        return Decision::Fail;
    }
    if phase == phase::WALK && scope.carries() && (scope.watch.met)(scope, chain) {
        return Decision::Fail;
    }
    if phase == phase::AFTER { after(thread, chain) } else { Decision::Serve(chain) }
}

/// Decides on a request behind the failure that is not to fail by its chain.
#[cold]
#[inline(never)]
fn after(thread: &ThreadScope, chain: u32) -> Decision {
    if std::thread::panicking() {
        return Decision::Serve(chain);
    }
    match thread.scope.mode {
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
