//! Results joined so that neither order nor repetition matters.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use camino::Utf8Path;

use super::error::MergeError;
use crate::results::outcome::Outcome;
use crate::results::plan::{Plan, PlannedTest};
use crate::results::run_result::RunResult;
use crate::results::swept::{Ended, Swept};
use crate::test_id::TestId;

/// Joins results; of one chain the worst outcome counts, so that nothing that was found is lost.
///
/// # Errors
///
/// There are none, or they are of different builds, options or versions and it is not forced, or of different splits.
pub(crate) fn join(results: &[(&Utf8Path, &RunResult)], force: bool) -> Result<RunResult, MergeError> {
    let Some(((first_path, first), others)) = results.split_first() else { return Err(MergeError::Nothing) };
    let mut builds: BTreeMap<&TestId, (&Utf8Path, &str)> = BTreeMap::new();
    for (path, result) in results {
        compare((first_path, &first.plan), (path, &result.plan), force)?;
        // A result that was forced before has tests of two builds.
        let planned = result.plan.tests.iter().map(|PlannedTest { test, build }| (test, build));
        for (test, build) in planned.filter(|_| !force) {
            let (known_path, known) = *builds.entry(test).or_insert((path, build));
            if known != build {
                let what = format!("the build of {test}");
                return Err(different(&what, (known_path, known), (path, build), true));
            }
        }
    }
    let mut joined = RunResult::new(first.plan.clone());
    take(&mut joined, first);
    for (_, result) in others {
        join_plans(&mut joined.plan, &result.plan);
        take(&mut joined, result);
    }
    Ok(joined)
}

/// Whether two plans are of the same.
fn compare(one: (&Utf8Path, &Plan), other: (&Utf8Path, &Plan), force: bool) -> Result<(), MergeError> {
    let split = |plan: &Plan| format!("{} shards", plan.shards);
    if one.1.shards != other.1.shards {
        return Err(different("the split", (one.0, &split(one.1)), (other.0, &split(other.1)), false));
    }
    if force {
        return Ok(());
    }
    if one.1.tool != other.1.tool {
        let what = "the version of cargo-firsthit";
        return Err(different(what, (one.0, &one.1.tool), (other.0, &other.1.tool), true));
    }
    for name in one.1.options.keys().chain(other.1.options.keys()) {
        let value =
            |plan: &Plan| plan.options.get(name).map_or_else(|| "not said".to_owned(), |value| format!("{value:?}"));
        let (mine, others) = (value(one.1), value(other.1));
        if mine != others {
            return Err(different(&format!("the option {name}"), (one.0, &mine), (other.0, &others), true));
        }
    }
    Ok(())
}

fn different(what: &str, one: (&Utf8Path, &str), other: (&Utf8Path, &str), can_be_forced: bool) -> MergeError {
    let of = |(path, value): (&Utf8Path, &str)| (path.to_owned(), value.to_owned());
    MergeError::Different { what: what.to_owned(), one: of(one), other: of(other), can_be_forced }
}

/// Of what differs (it was forced, then) the greater value stays, whichever came first.
fn join_plans(joined: &mut Plan, plan: &Plan) {
    joined.schema = joined.schema.max(plan.schema);
    if plan.tool > joined.tool {
        joined.tool.clone_from(&plan.tool);
    }
    joined.begun = joined.begun.min(plan.begun);
    joined.whole &= plan.whole;
    if plan.origin > joined.origin {
        joined.origin.clone_from(&plan.origin);
    }
    for (name, value) in &plan.options {
        let known = joined.options.entry(name.clone()).or_insert_with(|| value.clone());
        if value > known {
            known.clone_from(value);
        }
    }
    for (shard, names) in &plan.runs {
        joined.runs.entry(*shard).or_default().extend(names.iter().cloned());
    }
    joined.tests.extend(plan.tests.iter().cloned());
    joined.tests.sort();
    joined.tests.dedup();
}

fn take(joined: &mut RunResult, result: &RunResult) {
    for (key, outcome) in &result.outcomes {
        put(joined.outcomes.entry(key.clone()), outcome, is_worse);
    }
    for (key, swept) in &result.swept {
        put(joined.swept.entry(key.clone()), swept, is_further);
    }
}

fn put<K: Ord, V: Clone + PartialEq>(entry: Entry<'_, K, V>, value: &V, wins: impl Fn(&V, &V) -> bool) {
    match entry {
        Entry::Vacant(place) => {
            place.insert(value.clone());
        }
        Entry::Occupied(mut place) => {
            if place.get() != value && wins(value, place.get()) {
                place.insert(value.clone());
            }
        }
    }
}

/// Whether an outcome counts over another of the same chain: the worse one, then one with a second opinion; among equals the
/// text decides, for order must not.
fn is_worse(one: &Outcome, other: &Outcome) -> bool {
    let text = |outcome| serde_json::to_string(outcome).unwrap_or_default();
    let opinions = || one.second_opinion.cmp(&other.second_opinion);
    one.verdict.cmp(&other.verdict).then_with(opinions).then_with(|| text(one).cmp(&text(other))).is_gt()
}

/// Whether what is said of a test counts over what else the same shard said of it: not what was stopped on the way.
fn is_further(one: &Swept, other: &Swept) -> bool {
    let went_on = |swept: &Swept| swept.ended != Ended::Stopped;
    let text = |swept| serde_json::to_string(swept).unwrap_or_default();
    went_on(one).cmp(&went_on(other)).then_with(|| text(one).cmp(&text(other))).is_gt()
}
