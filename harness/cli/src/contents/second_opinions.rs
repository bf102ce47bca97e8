//! How many findings fresh processes have confirmed, and how many not.

use serde::Serialize;

use crate::contents::cause::{Cause, Level};
use crate::in_words::several;

/// Findings by what was said of them in a fresh process.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct SecondOpinions {
    pub(crate) confirmed: usize,
    pub(crate) unconfirmed: usize,
    /// Of none of their chains.
    pub(crate) not_asked: usize,
}

impl SecondOpinions {
    pub(crate) fn of(causes: &[Cause]) -> SecondOpinions {
        let mut counts = SecondOpinions::default();
        for cause in causes.iter().filter(|cause| cause.level == Level::Finding) {
            let count = match &cause.second_opinion {
                Some(opinion) if opinion.confirms() => &mut counts.confirmed,
                Some(_) => &mut counts.unconfirmed,
                None => &mut counts.not_asked,
            };
            *count += 1;
        }
        counts
    }

    /// `3 findings: 2 confirmed in a fresh process, 1 unconfirmed`; nothing where nobody was asked.
    pub(crate) fn told(&self) -> Option<String> {
        let SecondOpinions { confirmed, unconfirmed, not_asked } = *self;
        let parts = [
            (confirmed, "confirmed in a fresh process"),
            (unconfirmed, "unconfirmed"),
            (not_asked, "not tried in a fresh process"),
        ];
        let told = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        let told: Vec<String> = told.collect();
        let findings = several(confirmed + unconfirmed + not_asked, "finding", "findings");
        (confirmed + unconfirmed > 0).then(|| format!("{findings}: {}", told.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use firsthit::Verdict;

    use super::*;
    use crate::contents::cause::causes;
    use crate::expectations::apply::Standing;
    use crate::results::outcome::Outcome;
    use crate::results::sample::outcome;
    use crate::results::second_opinion::SecondOpinion;

    #[test]
    fn findings_are_counted_by_cause_and_only_where_somebody_was_asked() {
        let of = |verdict, second_opinion| Outcome { second_opinion, ..outcome("a", 1, verdict) };
        let unreached = || Some(SecondOpinion::Unreached);
        let all = [
            (of(Verdict::Leaked, None), Standing::Finding(None)),
            // Another chain of the same cause: one opinion does for both.
            (of(Verdict::Leaked, Some(SecondOpinion::Same)), Standing::Finding(None)),
            (of(Verdict::Hung, unreached()), Standing::Finding(None)),
            (of(Verdict::Crashed, None), Standing::Finding(None)),
            (of(Verdict::Panicked, unreached()), Standing::Passed),
        ];
        let counted = |all: &[(Outcome, Standing)]| {
            SecondOpinions::of(&causes(all.iter().map(|(outcome, standing)| (outcome, standing))))
        };
        let counts = counted(&all);
        assert_eq!(counts, SecondOpinions { confirmed: 1, unconfirmed: 1, not_asked: 1 });
        let told = "3 findings: 1 confirmed in a fresh process, 1 unconfirmed, 1 not tried in a fresh process";
        assert_eq!(counts.told().as_deref(), Some(told));
        assert_eq!(counted(&all[3..]).told(), None);
    }
}
