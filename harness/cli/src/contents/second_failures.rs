//! The coverage of depth 2: of the chains that are met only behind a failure, how many failed there, too, in all and by recovery arm.

use std::collections::BTreeMap;

use firsthit::{SecondFailures, Verdict};

use crate::results::outcome::Outcome;
use crate::results::run_result::RunResult;
use crate::results::swept::{Second, Swept};

/// Of all tests together; nothing of a run of depth 1.
pub(crate) fn of<'a>(tests: &[Swept], outcomes: impl Iterator<Item = &'a Outcome>) -> Option<SecondFailures> {
    let of_tests: Vec<&Second> = tests.iter().filter_map(|test| test.second.as_ref()).collect();
    let sum = |count: fn(&Second) -> u32| of_tests.iter().map(|second| count(second) as usize).sum();
    let mut all =
        SecondFailures { met: sum(|second| second.met), left: sum(|second| second.left), ..Default::default() };
    for outcome in outcomes.filter(|outcome| outcome.behind.is_some()) {
        *count(&mut all, outcome) += 1;
    }
    (!of_tests.is_empty()).then_some(all)
}

/// By the identities of the arms that ran because of the first failure: what is met behind that is theirs.
pub(crate) fn by_arm(result: &RunResult, tests: &[Swept]) -> BTreeMap<String, SecondFailures> {
    let mut by_arm: BTreeMap<String, SecondFailures> = BTreeMap::new();
    let arms_of = |key| result.outcomes.get(&key).map(|first: &Outcome| first.arms.as_slice()).unwrap_or_default();
    let of_tests = tests.iter().filter_map(|test| Some((test, test.second.as_ref()?)));
    for (test, second) in of_tests {
        for (first, met) in &second.behind {
            for arm in arms_of((test.test.clone(), *first)) {
                by_arm.entry(arm.clone()).or_default().met += *met as usize;
            }
        }
    }
    for outcome in result.outcomes.values() {
        let Some(first) = &outcome.behind else { continue };
        for arm in arms_of((outcome.test.clone(), first.id)) {
            *count(by_arm.entry(arm.clone()).or_default(), outcome) += 1;
        }
    }
    for second in by_arm.values_mut() {
        second.left = second.met.saturating_sub(second.failed + second.unreached);
    }
    by_arm
}

fn count<'a>(second: &'a mut SecondFailures, outcome: &Outcome) -> &'a mut usize {
    if outcome.verdict == Verdict::Unreached { &mut second.unreached } else { &mut second.failed }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::outcome::First;
    use crate::results::plan::Plan;
    use crate::results::sample::{chain_id, outcome, swept, test_id};

    #[test]
    fn what_is_met_behind_a_failure_is_counted_in_all_and_by_the_arms_that_ran() {
        let mut first = outcome("a", 1, Verdict::Recovered);
        first.arms = vec!["arm".to_owned()];
        let behind = Some(First { id: first.id, request: first.request.clone(), chain: first.chain.clone() });
        let second = |chain, verdict| Outcome { behind: behind.clone(), ..outcome("a", chain, verdict) };
        let mut result = RunResult::new(Plan::new(BTreeMap::new(), None, Vec::new()));
        for outcome in [first, second(2, Verdict::Leaked), second(3, Verdict::Unreached)] {
            result.outcomes.insert((outcome.test.clone(), outcome.id), outcome);
        }
        let met = |counts: &[(u128, u32)]| counts.iter().map(|(chain, met)| (chain_id(*chain), *met)).collect();
        let told = Second { met: 5, planned: 2, left: 2, behind: met(&[(1, 4), (9, 1)]) };
        let tests = [Swept { second: Some(told), ..swept("a", 1) }, swept("b", 1)];
        assert_eq!(tests[0].test, test_id("a"));
        let all = of(&tests, result.outcomes.values()).unwrap();
        assert_eq!(all, SecondFailures { met: 5, failed: 1, unreached: 1, left: 2 });
        let arm = SecondFailures { met: 4, failed: 1, unreached: 1, left: 2 };
        assert_eq!(by_arm(&result, &tests), BTreeMap::from([("arm".to_owned(), arm)]));
        assert_eq!(of(&tests[1..], result.outcomes.values()), None);
    }
}
