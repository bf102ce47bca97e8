//! Merging by its laws, on made-up results, and through files.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use firsthit::Verdict;

use super::error::MergeError;
use super::join::join;
use super::source::{Source, merge};
use crate::ledger::open::Ledger;
use crate::outputs::folder;
use crate::results::origin::Origin;
use crate::results::plan::{Plan, PlannedTest};
use crate::results::run_result::RunResult;
use crate::results::sample::{outcome, swept, test_id};
use crate::results::swept::{Chains, Ended, Swept};
use crate::shard::Shard;
use crate::stable_hash::StableHash;

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 += 1;
        StableHash::new().bytes(&self.0.to_le_bytes()).finish() % end
    }

    fn shuffled<T>(&mut self, mut items: Vec<T>) -> Vec<T> {
        for end in (1..items.len()).rev() {
            items.swap(end, usize::try_from(self.below(end as u64 + 1)).unwrap());
        }
        items
    }
}

fn plan(shard: Option<Shard>) -> Plan {
    let tests = ["a", "b", "c"].map(|name| PlannedTest { test: test_id(name), build: "b1".to_owned() });
    Plan::new(BTreeMap::from([("mode".to_owned(), "once".to_owned())]), shard, tests.to_vec())
}

/// What one machine finds, with every verdict.
fn whole(random: &mut Random) -> RunResult {
    let mut result = RunResult::new(plan(None));
    for test in ["a", "b", "c"] {
        let chains = random.below(40);
        for chain in 0..chains {
            let verdict = Verdict::ALL[usize::try_from(random.below(13)).unwrap()];
            let outcome = outcome(test, u128::from(chain), verdict);
            result.outcomes.insert((outcome.test.clone(), outcome.id), outcome);
        }
        let planned = u32::try_from(chains).unwrap();
        let chains = Chains { known: planned + 5, planned, out_of_scope: 3, quiet: 2, ..Chains::default() };
        result.swept.insert((test_id(test), 1), Swept { chains, ..swept(test, 0) });
    }
    result
}

/// What the machines of a split find of it.
fn split(whole: &RunResult, n: u32) -> Vec<RunResult> {
    let share = |k: u32| {
        let shard: Shard = format!("{k}/{n}").parse().unwrap();
        let mut result = RunResult::new(plan(Some(shard)));
        result.outcomes = whole.outcomes.clone();
        result.outcomes.retain(|(test, chain), _| shard.has(test, *chain));
        for ((test, _), swept) in &whole.swept {
            let planned = u32::try_from(result.outcomes.keys().filter(|(of, _)| of == test).count()).unwrap();
            let chains = Chains { planned, other_shards: swept.chains.planned - planned, ..swept.chains };
            result.swept.insert((test.clone(), k), Swept { chains, ..swept.clone() });
        }
        result
    };
    (1..=n).map(share).collect()
}

fn joined(results: &[RunResult], force: bool) -> RunResult {
    let path = Utf8Path::new("x");
    let results: Vec<(&Utf8Path, &RunResult)> = results.iter().map(|result| (path, result)).collect();
    join(&results, force).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn shards_make_the_whole_in_any_order_and_twice() {
    let mut random = Random(1);
    for round in 0..40 {
        let whole = whole(&mut random);
        let n = u32::try_from(1 + random.below(5)).unwrap();
        let parts = split(&whole, n);
        assert_eq!(parts.iter().map(|part| part.outcomes.len()).sum::<usize>(), whole.outcomes.len());
        let again = usize::try_from(random.below(u64::from(n))).unwrap();
        let twice = random.shuffled(parts.iter().cloned().chain([parts[again].clone()]).collect());
        let merged = joined(&twice, false);
        assert_eq!(merged.outcomes, whole.outcomes, "round {round}");
        assert_eq!(merged.tests(), whole.tests(), "round {round}");
        assert_eq!(merged.missing(), Vec::<String>::new(), "round {round}");
        // In steps, with a merged one among them.
        let (left, right) = twice.split_at(usize::try_from(random.below(u64::from(n))).unwrap() + 1);
        let left = joined(left, false);
        let right = if right.is_empty() { left.clone() } else { joined(right, false) };
        assert_eq!(joined(&[right, left], false), merged, "round {round}");
        assert_eq!(joined(&[merged.clone(), merged.clone()], false), merged, "round {round}");
    }
}

#[test]
fn results_that_contradict_each_other_are_joined_alike_in_every_order() {
    let mut random = Random(2);
    for round in 0..40 {
        let mut results = Vec::new();
        for _ in 0..3 {
            let mut result = RunResult::new(plan(Some("1/2".parse().unwrap())));
            result.plan.options.insert("mode".to_owned(), random.below(3).to_string());
            result.plan.tests[0].build = format!("b{}", random.below(2));
            result.plan.whole = random.below(2) == 0;
            result.plan.origin = Origin::of(vec![random.below(3).to_string()], None, &[]);
            for _ in 0..random.below(20) {
                let verdict = Verdict::ALL[usize::try_from(random.below(13)).unwrap()];
                let mut outcome = outcome("a", u128::from(random.below(6)), verdict);
                outcome.request.size = random.below(2);
                result.outcomes.insert((outcome.test.clone(), outcome.id), outcome);
            }
            let ended = if random.below(2) == 0 { Ended::Stopped } else { Ended::Swept };
            let swept = Swept { ended, nanos: random.below(3), ..swept("a", 1) };
            result.swept.insert((test_id("a"), 1), swept);
            results.push(result);
        }
        let [a, b, c] = [0, 1, 2].map(|n| joined(&results[n..=n], true));
        let forth = joined(&[joined(&[a.clone(), b.clone()], true), c.clone()], true);
        let back = joined(&[c.clone(), joined(&[b.clone(), a.clone()], true)], true);
        let other = joined(&[joined(&[a.clone(), c], true), b.clone(), a], true);
        assert_eq!(forth, back, "round {round}");
        assert_eq!(forth, other, "round {round}");
        assert_eq!(forth.plan.whole, results.iter().all(|result| result.plan.whole), "round {round}");
        // The worst that any of them saw.
        for (key, outcome) in &forth.outcomes {
            let seen = results.iter().filter_map(|result| result.outcomes.get(key)).map(|outcome| outcome.verdict);
            assert_eq!(Some(outcome.verdict), seen.max(), "round {round}");
        }
        let finished = results.iter().any(|result| result.swept[&(test_id("a"), 1)].ended == Ended::Swept);
        assert_eq!(forth.swept[&(test_id("a"), 1)].ended == Ended::Swept, finished, "round {round}");
    }
}

#[test]
fn what_is_not_of_the_same_is_refused_and_named() {
    let base = RunResult::new(plan(Some("1/2".parse().unwrap())));
    let refused = |change: &dyn Fn(&mut Plan), told: &[&str]| {
        let mut other = base.clone();
        change(&mut other.plan);
        let results = [(Utf8Path::new("one"), &base), (Utf8Path::new("two"), &other)];
        for results in [results, [results[1], results[0]]] {
            let text = join(&results, false).unwrap_err().to_string();
            told.iter().chain(&["one", "two"]).for_each(|part| assert!(text.contains(part), "{part} is not in {text}"));
        }
        join(&results, true).is_ok()
    };
    let build = |plan: &mut Plan| plan.tests[1].build = "b2".to_owned();
    assert!(refused(&build, &["the build of demo b differs", "b1 in one", "b2 in two", "--force"]));
    let option = |plan: &mut Plan| drop(plan.options.insert("mode".to_owned(), "sticky".to_owned()));
    assert!(refused(&option, &["the option mode differs", "\"once\" in one", "\"sticky\" in two", "--force"]));
    assert!(refused(&|plan: &mut Plan| plan.options.clear(), &["the option mode", "not said in two", "--force"]));
    assert!(refused(&|plan: &mut Plan| plan.tool = "9.9.9".to_owned(), &["version", "9.9.9 in two", "--force"]));
    // Chains that were split in another way make no whole, whatever one says.
    assert!(!refused(&|plan: &mut Plan| plan.shards = 3, &["the split", "3 shards in two", "split alike"]));
    assert!(matches!(join(&[], false), Err(MergeError::Nothing)));
}

#[test]
fn folders_and_ledgers_are_merged_and_what_is_missing_is_told() {
    let place = tempfile::tempdir().unwrap();
    let place = Utf8Path::from_path(place.path()).unwrap();
    let whole = whole(&mut Random(3));
    let parts = split(&whole, 3);
    let result_folder = |part: &RunResult| -> Utf8PathBuf {
        let path = place.join(part.plan.name());
        let ledger = Ledger::open(&path.join("ledger.sqlite")).unwrap();
        let run = ledger.begin_run(&part.plan).unwrap();
        run.add(&part.outcomes.values().cloned().collect::<Vec<_>>()).unwrap();
        part.swept.values().for_each(|swept| run.test_done(swept).unwrap());
        run.finish().unwrap();
        folder::write(&path.join("run"), part).unwrap();
        path
    };
    let folders: Vec<Utf8PathBuf> = parts.iter().map(result_folder).collect();
    // The same by its folder, by the run alone, and by the ledger alone.
    let named = [folders[0].clone(), folders[1].join("run"), folders[2].join("ledger.sqlite"), folders[0].join("run")];
    let read = |paths: &[Utf8PathBuf]| -> Vec<Source> {
        paths.iter().map(|path| Source::read(path).unwrap_or_else(|error| panic!("{error}"))).collect()
    };
    let into = place.join("merged");
    let two = merge(&read(&named[..2]), &into, false).unwrap();
    assert_eq!(two.missing(), ["shard 3/3 missing: merge its results, too"]);
    // What was merged is a result itself.
    let paths: Vec<Utf8PathBuf> = [into.clone()].into_iter().chain(named.iter().rev().cloned()).collect();
    let merged = merge(&read(&paths), &into, false).unwrap();
    assert_eq!((&merged.outcomes, merged.tests()), (&whole.outcomes, whole.tests()));
    assert_eq!(merged.missing(), Vec::<String>::new());
    assert_eq!(folder::read(&into.join("run")).unwrap(), merged);

    let ledger = Ledger::open(&into.join("ledger.sqlite")).unwrap();
    for ((test, chain), outcome) in &whole.outcomes {
        // However it came there, it was seen once.
        let history = ledger.history(test, *chain).unwrap();
        assert_eq!(history.len(), 1, "{test} {chain}");
        assert_eq!(history[0].verdict, outcome.verdict);
    }
    assert_eq!(ledger.flapping().unwrap(), []);

    let error = Source::read(place).err().unwrap().to_string();
    assert!(error.contains("there is no result in") && error.contains("target/firsthit"), "{error}");
    std::fs::write(
        place.join("notes"),
        "text that is no database, and long enough to have a header, of 100 bytes ".repeat(3),
    )
    .unwrap();
    let error = Source::read(&place.join("notes")).err().unwrap().to_string();
    assert!(error.contains("is not a ledger of firsthit"), "{error}");
}
