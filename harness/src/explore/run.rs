//! One run of the body in this process, inside the scope.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::unix;
use crate::memory::record::{Gave, Outcome};
use crate::outcome::Description;
use crate::scope::shared::{Scope, phase};
use crate::scope::thread::{Origin, kernel_id};

/// What the body gave back, before it is put into the campaign.
pub(crate) struct Observed {
    pub(crate) error: bool,
    /// Whether the error is one that the sweep expects.
    pub(crate) expected: bool,
    pub(crate) description: Description,
}

/// The body with its result's type erased: it calls the function it is given as soon as the user's code has
/// returned, observes the result, and drops it.
pub(crate) type Body<'a> = dyn Fn(&dyn Fn()) -> Observed + 'a;

/// How a run ended, if it did not end the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ran {
    Returned(Outcome),
    Panicked,
}

/// Runs the body with the scope's allocations in `phase`, until it returns or panics.
///
/// What the run leaves behind shows in the scope's balance: its result, or the panic's payload, is dropped inside.
pub(crate) fn run(scope: &Arc<Scope>, body: &Body<'_>, phase: u32) -> Ran {
    let slot = scope.slot();
    scope.count_anew();
    slot.thread.store(kernel_id(), Relaxed);
    slot.began.store(unix::now(), Relaxed);
    let ran = scope.enter(Origin::SWEEP, || {
        scope.set_phase(phase);
        let caught = catch_unwind(AssertUnwindSafe(|| body(&|| scope.set_phase(phase::COUNT))));
        scope.set_phase(phase::COUNT);
        caught.map_err(drop)
    });
    scope.set_phase(phase::OFF);
    slot.nanos.store(unix::now() - slot.began.load(Relaxed), Relaxed);
    slot.began.store(0, Relaxed);
    match ran {
        Ok(observed) => Ran::Returned(Outcome {
            gave: if observed.error { Gave::Error } else { Gave::Value },
            expected: observed.expected,
            digest: observed.description.digest(),
            text: scope.campaign.add_text(observed.description.shown()),
        }),
        Err(()) => Ran::Panicked,
    }
}
