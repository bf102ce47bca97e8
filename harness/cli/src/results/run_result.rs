//! What a run came to: its plan, the outcomes of its chains, and how each test's sweep ended.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::chains::chain_id::ChainId;
use crate::results::outcome::Outcome;
use crate::results::plan::Plan;
use crate::results::swept::{Chains, Ended, Second, Swept};
use crate::test_id::TestId;

/// One chain of one test.
pub(crate) type Key = (TestId, ChainId);

/// The result of a run, or of several that were merged.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct RunResult {
    pub(crate) plan: Plan,
    pub(crate) outcomes: BTreeMap<Key, Outcome>,
    /// By the test and the number of the shard.
    pub(crate) swept: BTreeMap<(TestId, u32), Swept>,
}

/// What a shard says of one test.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) shard: u32,
    #[serde(flatten)]
    pub(crate) swept: Swept,
}

impl RunResult {
    pub(crate) fn new(plan: Plan) -> RunResult {
        RunResult { plan, outcomes: BTreeMap::new(), swept: BTreeMap::new() }
    }

    /// The sweep of each test as if one machine had done all that is here, in the order of the tests.
    pub(crate) fn tests(&self) -> Vec<Swept> {
        let mut joined: BTreeMap<&TestId, Vec<&Swept>> = BTreeMap::new();
        for ((test, _), swept) in &self.swept {
            joined.entry(test).or_default().push(swept);
        }
        joined.into_values().filter_map(|parts| join(&parts)).collect()
    }

    /// What is not there of all that was planned, a sentence an entry; empty if the result is complete.
    pub(crate) fn missing(&self) -> Vec<String> {
        let plan = &self.plan;
        let mut missing = Vec::new();
        let absent: Vec<String> =
            (1..=plan.shards).filter(|k| !plan.runs.contains_key(k)).map(|k| format!("{k}/{}", plan.shards)).collect();
        if !absent.is_empty() {
            let (noun, it) = if absent.len() == 1 { ("shard", "its") } else { ("shards", "their") };
            missing.push(format!("{noun} {} missing: merge {it} results, too", absent.join(", ")));
        }
        for &shard in plan.runs.keys() {
            let whose = if plan.shards > 1 { format!("shard {shard}/{}: ", plan.shards) } else { String::new() };
            let tests: BTreeSet<&TestId> = plan.tests.iter().map(|planned| &planned.test).collect();
            for test in tests {
                match self.swept.get(&(test.clone(), shard)).map(|swept| &swept.ended) {
                    None => missing.push(format!("{whose}{test} was not swept: go on with --resume")),
                    Some(Ended::Stopped) => {
                        missing.push(format!("{whose}{test} was stopped: go on with --resume"));
                    }
                    Some(_) => {}
                }
            }
        }
        missing
    }
}

/// What the shards' parts of one test's sweep make together.
fn join(parts: &[&Swept]) -> Option<Swept> {
    let mut parts = parts.iter();
    let mut whole = (*parts.next()?).clone();
    for part in parts {
        if rank(&part.ended) > rank(&whole.ended) {
            whole.ended = part.ended.clone();
        }
        whole.allocations = whole.allocations.max(part.allocations);
        whole.rounds = whole.rounds.max(part.rounds);
        whole.nanos = whole.nanos.max(part.nanos);
        whole.chains = join_chains(whole.chains, part.chains);
        whole.second = join_second(whole.second.take(), part.second.as_ref());
        whole.notes.extend(part.notes.iter().filter(|note| !whole.notes.contains(note)).cloned().collect::<Vec<_>>());
    }
    Some(whole)
}

/// Which chains are left out is decided on every machine alike before they are shared, so only the shares add up.
fn join_chains(a: Chains, b: Chains) -> Chains {
    let shared = (a.planned.saturating_add(a.other_shards)).max(b.planned.saturating_add(b.other_shards));
    let planned = a.planned.saturating_add(b.planned);
    Chains {
        known: a.known.max(b.known),
        planned,
        out_of_scope: a.out_of_scope.max(b.out_of_scope),
        of_the_test: a.of_the_test.max(b.of_the_test),
        quiet: a.quiet.max(b.quiet),
        seen_before: a.seen_before.max(b.seen_before),
        other_shards: shared.saturating_sub(planned),
        not_asked_for: a.not_asked_for.max(b.not_asked_for),
    }
}

/// What is behind a failure is met by the machine that delivers that alone.
fn join_second(a: Option<Second>, b: Option<&Second>) -> Option<Second> {
    let Some(b) = b else { return a };
    let Some(mut a) = a else { return Some(b.clone()) };
    a.met = a.met.saturating_add(b.met);
    a.planned = a.planned.saturating_add(b.planned);
    a.left = a.left.saturating_add(b.left);
    for (first, met) in &b.behind {
        let sum = a.behind.entry(*first).or_default();
        *sum = sum.saturating_add(*met);
    }
    Some(a)
}

/// How bad an end is for the whole.
fn rank(ended: &Ended) -> u8 {
    match ended {
        Ended::Swept => 0,
        Ended::NothingInjected(_) => 1,
        Ended::Stopped => 2,
        Ended::Unstable(_) => 3,
        Ended::Refused(_) => 4,
        Ended::BaselineHangs(_) => 5,
        Ended::BaselineFails(_) => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample;

    fn planned(shards: &str, tests: &[&str]) -> Plan {
        let tests = tests
            .iter()
            .map(|name| crate::results::plan::PlannedTest { test: sample::test_id(name), build: "b1".to_owned() });
        Plan::new(BTreeMap::new(), Some(shards.parse().unwrap()), tests.collect())
    }

    #[test]
    fn shares_add_up_and_what_all_leave_out_does_not() {
        let part = |planned, other_shards| Swept {
            chains: Chains { known: 20, planned, other_shards, quiet: 4, ..Chains::default() },
            ..sample::swept("a", 0)
        };
        let mut result = RunResult::new(planned("1/3", &["a"]));
        result.swept.insert((sample::test_id("a"), 1), part(6, 10));
        result.swept.insert((sample::test_id("a"), 2), Swept { ended: Ended::Stopped, ..part(5, 11) });
        let two = result.tests();
        assert_eq!((two[0].chains.planned, two[0].chains.other_shards), (11, 5));
        assert_eq!(two[0].ended, Ended::Stopped);
        result.swept.insert((sample::test_id("a"), 3), part(5, 11));
        let whole = Chains { known: 20, planned: 16, quiet: 4, ..Chains::default() };
        assert_eq!(result.tests()[0].chains, whole);
    }

    #[test]
    fn what_is_missing_is_told() {
        let mut result = RunResult::new(planned("1/3", &["a", "b"]));
        result.swept.insert((sample::test_id("a"), 1), Swept { ended: Ended::Stopped, ..sample::swept("a", 1) });
        let told = result.missing();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with("shards 2/3, 3/3 missing"), "{told:?}");
        assert!(told[1].contains("1/3: demo a was stopped") && told[2].contains("demo b was not swept"), "{told:?}");

        let mut whole = RunResult::new(planned("1/1", &["a"]));
        whole.swept.insert((sample::test_id("a"), 1), sample::swept("a", 1));
        assert_eq!(whole.missing(), Vec::<String>::new());
    }
}
