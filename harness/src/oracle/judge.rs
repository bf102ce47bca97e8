//! The judge: evidence of one injection in, one verdict out.

use crate::memory::record::{End, Evidence, Gave, Outcome, Retry};
use crate::verdict::Verdict;

/// The verdict that `evidence` supports, given what the body gives without a failure.
///
/// Several things can be true of one attempt; the one that ended it, or did the most harm, names it,
/// and the finding's text tells the rest.
pub(crate) fn judge(evidence: &Evidence, baseline: &Outcome) -> Verdict {
    if evidence.fired == 0 {
        // What ended a run before any failure was delivered is not the recovery code's doing.
        return if evidence.end == End::Unknown { Verdict::Unreached } else { Verdict::Unstable };
    }
    let ended = match evidence.end {
        End::Infallible => Some(Verdict::Aborted),
        End::Hung => Some(Verdict::Hung),
        End::Aborted if evidence.panic.count > 0 => Some(Verdict::Panicked),
        End::Signalled if heap_was_corrupted(evidence) => Some(Verdict::Corrupted),
        End::Aborted | End::Signalled | End::Exited | End::Unknown => Some(Verdict::Crashed),
        End::Panicked if !evidence.panic.in_test => Some(Verdict::Panicked),
        End::Panicked | End::Returned => None,
    };
    if let Some(ended) = ended {
        return ended;
    }
    if evidence.invariant.len > 0 || evidence.damage.len > 0 {
        return Verdict::Corrupted;
    }
    if matches!(evidence.retry, Retry::Begun | Retry::Different | Retry::Panicked) {
        return Verdict::Unusable;
    }
    if evidence.leaks.len > 0 || evidence.fds > 0 || evidence.threads > 0 || evidence.lost.len > 0 {
        return Verdict::Leaked;
    }
    if evidence.forbidden.len > 0 {
        return Verdict::Allocated;
    }
    result(evidence, baseline)
}

fn result(evidence: &Evidence, baseline: &Outcome) -> Verdict {
    let given = &evidence.outcome;
    match given.gave {
        // The test's own unwrap or assertion stopped on what the code returned.
        Gave::Nothing => Verdict::Recovered,
        Gave::Error if given.expected => Verdict::Recovered,
        Gave::Value if given.same_as(baseline) => Verdict::Absorbed,
        Gave::Error | Gave::Value => Verdict::Swallowed,
    }
}

/// Whether the C library ended the process because it found its heap damaged.
fn heap_was_corrupted(evidence: &Evidence) -> bool {
    evidence.heap_report
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::record::{Panic, Span};

    const BASELINE: Outcome = Outcome { gave: Gave::Value, expected: true, digest: 1, text: Span { start: 0, len: 0 } };
    const SOME: Span = Span { start: 0, len: 1 };

    fn returned(outcome: Outcome) -> Evidence {
        Evidence { fired: 1, end: End::Returned, retry: Retry::Same, outcome, ..Evidence::default() }
    }

    fn error() -> Evidence {
        returned(Outcome { gave: Gave::Error, digest: 9, ..BASELINE })
    }

    fn ended(end: End) -> Evidence {
        Evidence { fired: 1, end, ..Evidence::default() }
    }

    #[test]
    fn each_kind_of_evidence_has_its_verdict() {
        let panicked = |in_test| Evidence {
            panic: Panic { count: 1, in_test, ..Panic::default() },
            retry: Retry::Same,
            ..ended(End::Panicked)
        };
        let table = [
            (error(), Verdict::Recovered),
            (returned(BASELINE), Verdict::Absorbed),
            (returned(Outcome { digest: 2, ..BASELINE }), Verdict::Swallowed),
            (returned(Outcome { gave: Gave::Error, expected: false, ..BASELINE }), Verdict::Swallowed),
            (ended(End::Infallible), Verdict::Aborted),
            (ended(End::Hung), Verdict::Hung),
            (ended(End::Signalled), Verdict::Crashed),
            (ended(End::Exited), Verdict::Crashed),
            (ended(End::Aborted), Verdict::Crashed),
            (Evidence { panic: Panic { count: 2, ..Panic::default() }, ..ended(End::Aborted) }, Verdict::Panicked),
            (Evidence { heap_report: true, ..ended(End::Signalled) }, Verdict::Corrupted),
            (panicked(false), Verdict::Panicked),
            (panicked(true), Verdict::Recovered),
            (Evidence { invariant: SOME, ..error() }, Verdict::Corrupted),
            (Evidence { damage: SOME, ..error() }, Verdict::Corrupted),
            (Evidence { lost: SOME, ..error() }, Verdict::Leaked),
            (Evidence { retry: Retry::Different, ..error() }, Verdict::Unusable),
            (Evidence { retry: Retry::Panicked, ..error() }, Verdict::Unusable),
            (Evidence { retry: Retry::Begun, ..error() }, Verdict::Unusable),
            (Evidence { leaks: SOME, ..error() }, Verdict::Leaked),
            (Evidence { fds: 1, ..error() }, Verdict::Leaked),
            (Evidence { threads: 1, ..error() }, Verdict::Leaked),
            (Evidence { forbidden: SOME, ..error() }, Verdict::Allocated),
            (Evidence { retry: Retry::NotRun, ..error() }, Verdict::Recovered),
            (Evidence { fired: 0, ..ended(End::Unknown) }, Verdict::Unreached),
            (Evidence { fired: 0, ..ended(End::Signalled) }, Verdict::Unstable),
        ];
        for (evidence, verdict) in table {
            assert_eq!(judge(&evidence, &BASELINE), verdict, "{evidence:?}");
        }
    }
}
