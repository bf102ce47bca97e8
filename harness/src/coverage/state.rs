//! How far the tests of a recovery arm have come.

use super::tally::Tally;

/// What is known of a recovery arm, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum State {
    /// It ran because of a failure that ended well.
    Tested,
    /// It ran because of failures, and none of them ended well.
    OnlyBadly,
    /// It ran, and no failure that a sweep injected was the reason.
    OnlyWithoutInjection,
    /// What it deals with was evaluated, and never failed.
    NeverFailed,
    /// Nothing came there.
    NeverReached,
}

impl State {
    pub(crate) const ALL: [State; 5] =
        [State::Tested, State::OnlyBadly, State::OnlyWithoutInjection, State::NeverFailed, State::NeverReached];

    /// The state of an arm with this tally.
    pub(crate) fn of(tally: &Tally) -> State {
        match tally {
            tally if tally.ended_well() => State::Tested,
            tally if tally.injections() > 0 => State::OnlyBadly,
            Tally { ran: true, .. } => State::OnlyWithoutInjection,
            Tally { reached: true, .. } => State::NeverFailed,
            _ => State::NeverReached,
        }
    }

    /// In a sum: `3 tested`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            State::Tested => "tested",
            State::OnlyBadly => "ran only under failures that ended badly",
            State::OnlyWithoutInjection => "ran only without an injected failure",
            State::NeverFailed => "reached but never failed",
            State::NeverReached => "never reached",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Verdict;

    #[test]
    fn the_best_that_is_known_is_the_state() {
        let mut tally = Tally::default();
        assert_eq!(State::of(&tally), State::NeverReached);
        tally.reached = true;
        assert_eq!(State::of(&tally), State::NeverFailed);
        tally.ran = true;
        assert_eq!(State::of(&tally), State::OnlyWithoutInjection);
        tally.add(Verdict::Leaked);
        assert_eq!(State::of(&tally), State::OnlyBadly);
        tally.add(Verdict::Absorbed);
        assert_eq!(State::of(&tally), State::Tested);
    }
}
