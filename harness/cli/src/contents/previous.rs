//! What has changed since another run: causes that are new, gone, or still there.

use std::collections::{BTreeMap, BTreeSet};

use firsthit::Verdict;

use crate::chains::chain_id::ChainId;
use crate::contents::cause::{Cause, Level};
use crate::results::run_result::RunResult;
use crate::results::swept::{Ended, Swept};
use crate::test_id::TestId;

/// The run before, and what became of its findings.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Previous {
    /// The name of that run.
    pub(crate) name: String,
    /// When it began, in microseconds since 1970.
    pub(crate) begun: u64,
    /// Its chains by what they came to.
    pub(crate) verdicts: BTreeMap<Verdict, usize>,
    pub(crate) trend: Trend,
    /// What ended badly in it, for what is told of findings that are gone.
    pub(crate) causes: Vec<Cause>,
}

/// Findings by whether the other run had them, as fingerprints of causes.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Trend {
    /// Findings now, and nothing that ended badly then.
    pub(crate) new: BTreeSet<ChainId>,
    /// Findings then that this run looked for and did not find.
    pub(crate) gone: BTreeSet<ChainId>,
    /// Findings now that ended badly then, too.
    pub(crate) same: BTreeSet<ChainId>,
    /// Findings then in tests that this run did not sweep, or not wholly.
    pub(crate) not_looked_for: BTreeSet<ChainId>,
}

impl Trend {
    /// Of the causes of two runs that the same expectations were held against.
    pub(crate) fn of(now: &[Cause], tests: &[Swept], then: &[Cause]) -> Trend {
        let known: BTreeSet<ChainId> = then.iter().map(|cause| cause.fingerprint).collect();
        let bad: BTreeSet<ChainId> = now.iter().map(|cause| cause.fingerprint).collect();
        let findings = |causes: &[Cause]| -> Vec<Cause> {
            causes.iter().filter(|cause| cause.level == Level::Finding).cloned().collect()
        };
        let mut trend = Trend::default();
        for cause in findings(now) {
            let place = if known.contains(&cause.fingerprint) { &mut trend.same } else { &mut trend.new };
            place.insert(cause.fingerprint);
        }
        let whole: BTreeSet<&TestId> = tests.iter().filter(|test| is_whole(test)).map(|test| &test.test).collect();
        // A finding that somebody expects by now is neither gone nor new.
        for cause in findings(then).iter().filter(|cause| !bad.contains(&cause.fingerprint)) {
            let looked_for = cause.chains.iter().all(|(test, _)| whole.contains(test));
            let place = if looked_for { &mut trend.gone } else { &mut trend.not_looked_for };
            place.insert(cause.fingerprint);
        }
        trend
    }
}

/// Whether every chain of the test was failed.
fn is_whole(test: &Swept) -> bool {
    let chains = &test.chains;
    test.ended == Ended::Swept && chains.seen_before == 0 && chains.other_shards == 0 && chains.not_asked_for == 0
}

/// How many chains came to what.
pub(crate) fn verdicts(result: &RunResult) -> BTreeMap<Verdict, usize> {
    let mut verdicts = BTreeMap::new();
    for outcome in result.outcomes.values() {
        *verdicts.entry(outcome.verdict).or_default() += 1;
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::cause::causes;
    use crate::expectations::apply::Standing;
    use crate::results::outcome::Outcome;
    use crate::results::sample::{outcome, swept};
    use crate::results::swept::Chains;

    #[test]
    fn findings_are_new_gone_the_same_or_were_not_looked_for() {
        let asks = |test: &str, number, function: &str| -> Outcome {
            let mut outcome = outcome(test, number, Verdict::Leaked);
            outcome.asked.as_mut().unwrap().function = function.to_owned();
            outcome
        };
        let with = |outcomes: &[Outcome], standing: Standing| causes(outcomes.iter().zip(std::iter::repeat(&standing)));
        let of = |outcomes: &[Outcome]| with(outcomes, Standing::Finding(None));
        let then = [asks("a", 1, "same"), asks("a", 2, "gone"), asks("b", 3, "other"), asks("c", 4, "shared")];
        let now = [asks("a", 5, "same"), asks("a", 6, "new")];
        let shared = Swept { chains: Chains { other_shards: 1, ..Chains::default() }, ..swept("c", 1) };
        let trend = Trend::of(&of(&now), &[swept("a", 2), shared], &of(&then));
        let counts = [&trend.new, &trend.gone, &trend.same, &trend.not_looked_for].map(BTreeSet::len);
        assert_eq!(counts, [1, 1, 1, 2]);
        // Known then, and no finding: it is not new when it becomes one.
        let known = with(&now, Standing::Expected(String::new()));
        let trend = Trend::of(&of(&now), &[swept("a", 2)], &known);
        assert!(trend.new.is_empty() && trend.gone.is_empty() && trend.same.len() == 2);
        let trend = Trend::of(&known, &[swept("a", 2)], &of(&now));
        assert_eq!(trend, Trend::default());
    }
}
