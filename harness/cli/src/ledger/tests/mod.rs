//! The ledger as one process uses it.

mod full;
mod opening;
mod processes;

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use firsthit::Verdict;
use rusqlite::params;
use tempfile::TempDir;

use super::find::FindError;
use super::open::Ledger;
use crate::results::outcome::Outcome;
use crate::results::plan::Plan;
use crate::results::run_result::RunResult;
use crate::results::sample::{chain_id, outcome, swept, test_id};
use crate::results::swept::{Ended, Swept};

fn folder() -> (TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().to_owned();
    (folder, path)
}

fn plan(options: &[(&str, &str)]) -> Plan {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Plan::new(options, None, Vec::new())
}

/// Nothing in the file contradicts itself.
fn assert_sound(ledger: &Ledger) {
    let told: Vec<String> = ledger.rows("PRAGMA integrity_check", &[], |row| row.get(0)).unwrap();
    assert_eq!(told, ["ok"]);
    let broken: Vec<i64> = ledger.rows("PRAGMA foreign_key_check", &[], |row| row.get(3)).unwrap();
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn what_was_added_is_there_and_the_latest_outcome_counts() {
    let (_folder, path) = folder();
    let ledger = Ledger::open(&path.join("a/b/ledger.sqlite")).unwrap();
    let first = ledger.begin_run(&plan(&[])).unwrap();
    first.add(&[outcome("a", 1, Verdict::Aborted), outcome("a", 2, Verdict::Recovered)]).unwrap();
    first.add(&[outcome("b", 1, Verdict::Leaked)]).unwrap();
    let second = ledger.begin_run(&plan(&[])).unwrap();
    let rebuilt = Outcome { build: "b2".to_owned(), ..outcome("a", 1, Verdict::Recovered) };
    second.add(std::slice::from_ref(&rebuilt)).unwrap();

    let known = ledger.known(&test_id("a")).unwrap();
    let expected = BTreeMap::from([(chain_id(1), Verdict::Recovered), (chain_id(2), Verdict::Recovered)]);
    assert_eq!(known, expected);
    assert_eq!(ledger.known(&test_id("c")).unwrap(), BTreeMap::new());
    assert_eq!(ledger.latest_run().unwrap(), Some(second.id()));
    assert_eq!(ledger.outcomes(second.id()).unwrap(), [rebuilt]);
    let firsts = ledger.outcomes(first.id()).unwrap();
    assert_eq!(firsts.len(), 3);
    assert!(firsts.contains(&outcome("a", 1, Verdict::Aborted)) && firsts.contains(&outcome("b", 1, Verdict::Leaked)));

    let history = ledger.history(&test_id("a"), chain_id(1)).unwrap();
    let told: Vec<(&str, Verdict)> = history.iter().map(|seen| (seen.build.as_str(), seen.verdict)).collect();
    assert_eq!(told, [("b1", Verdict::Aborted), ("b2", Verdict::Recovered)]);
    assert!(history[0].at < history[1].at && history[0].run != history[1].run);
    // Another build may well come to something else.
    assert_eq!(ledger.flapping().unwrap(), []);
    assert_sound(&ledger);
}

#[test]
fn the_same_outcome_of_many_builds_is_kept_once() {
    let (_folder, path) = folder();
    let ledger = Ledger::open(&path.join("ledger.sqlite")).unwrap();
    for build in ["b1", "b2", "b3"] {
        let run = ledger.begin_run(&plan(&[])).unwrap();
        run.add(&[Outcome { build: build.to_owned(), ..outcome("a", 1, Verdict::Aborted) }]).unwrap();
        assert_eq!(ledger.outcomes(run.id()).unwrap()[0].build, build);
    }
    let kept: Vec<i64> = ledger.rows("SELECT count(*) FROM told", params![], |row| row.get(0)).unwrap();
    assert_eq!(kept, [1]);
    assert_eq!(ledger.history(&test_id("a"), chain_id(1)).unwrap().len(), 3);
}

#[test]
fn a_chain_that_flaps_is_told_with_all_it_came_to() {
    let (_folder, path) = folder();
    let ledger = Ledger::open(&path.join("ledger.sqlite")).unwrap();
    let run = ledger.begin_run(&plan(&[])).unwrap();
    // In one call, in one run, and in another run.
    run.add(&[outcome("a", 1, Verdict::Leaked), outcome("a", 1, Verdict::Recovered)]).unwrap();
    assert_eq!(ledger.known(&test_id("a")).unwrap()[&chain_id(1)], Verdict::Recovered);
    run.add(&[outcome("a", 1, Verdict::Leaked), outcome("a", 2, Verdict::Aborted)]).unwrap();
    assert!(ledger.outcomes(run.id()).unwrap().contains(&outcome("a", 1, Verdict::Leaked)));
    assert_eq!(ledger.outcomes(run.id()).unwrap().len(), 2);
    let next = ledger.begin_run(&plan(&[])).unwrap();
    next.add(&[outcome("a", 1, Verdict::Hung), outcome("a", 2, Verdict::Aborted)]).unwrap();

    let flapping = ledger.flapping().unwrap();
    assert_eq!(flapping.len(), 1, "{flapping:?}");
    assert_eq!((flapping[0].chain, flapping[0].build.as_str()), (chain_id(1), "b1"));
    assert_eq!(flapping[0].verdicts, [Verdict::Recovered, Verdict::Leaked, Verdict::Hung]);
}

#[test]
fn a_run_that_did_not_end_is_found_again_with_what_it_has_done() {
    let (_folder, path) = folder();
    let ledger = Ledger::open(&path.join("ledger.sqlite")).unwrap();
    let plan = plan(&[("mode", "once")]);
    let digest = plan.digest();
    assert_eq!(ledger.last_unfinished(&digest).unwrap(), None);
    let run = ledger.begin_run(&plan).unwrap();
    run.add(&[outcome("a", 1, Verdict::Aborted), outcome("b", 1, Verdict::Leaked)]).unwrap();
    run.test_done(&swept("a", 1)).unwrap();
    run.test_done(&Swept { ended: Ended::Stopped, ..swept("b", 9) }).unwrap();
    drop((run, ledger));

    let ledger = Ledger::open(&path.join("ledger.sqlite")).unwrap();
    let id = ledger.last_unfinished(&digest).unwrap().unwrap();
    assert_eq!(ledger.last_unfinished("another").unwrap(), None);
    assert_eq!(ledger.plan(id).unwrap(), plan);
    let ended = |name| ledger.swept(id).unwrap().remove(&test_id(name)).map(|swept| swept.ended);
    assert_eq!((ended("a"), ended("b")), (Some(Ended::Swept), Some(Ended::Stopped)));
    assert_eq!(ledger.run_named(&plan.name()).unwrap(), Some(id));
    assert_eq!((ledger.runs().unwrap(), ledger.run_named("another").unwrap()), (vec![id], None));
    let run = ledger.run(id);
    run.test_done(&swept("b", 9)).unwrap();
    assert_eq!(ended("b"), Some(Ended::Swept));
    assert!(!ledger.is_finished(id).unwrap());
    run.finish().unwrap();
    assert!(ledger.is_finished(id).unwrap());
    assert_eq!(ledger.last_unfinished(&digest).unwrap(), None);
    // An older one that was left lying is not what is gone on with.
    ledger.begin_run(&Plan { begun: 1, ..self::plan(&[("mode", "once")]) }).unwrap();
    assert_eq!(ledger.last_unfinished(&digest).unwrap(), None);
}

#[test]
fn a_chain_is_found_by_the_first_digits_of_its_identity() {
    let (_folder, path) = folder();
    let ledger = Ledger::open(&path.join("ledger.sqlite")).unwrap();
    let run = ledger.begin_run(&plan(&[])).unwrap();
    let (a, b) = (outcome("a", 1, Verdict::Aborted), outcome("b", 1, Verdict::Leaked));
    let near = Outcome { id: crate::chains::chain_id::ChainId(chain_id(1).0 ^ 1), ..outcome("a", 1, Verdict::Hung) };
    let other = outcome("a", 2, Verdict::Panicked);
    run.add(&[a.clone(), b.clone(), near.clone(), other.clone()]).unwrap();

    assert_eq!(ledger.find(&other.id.short()).unwrap(), std::slice::from_ref(&other));
    assert_eq!(ledger.find(&other.id.to_string().to_uppercase()).unwrap(), [other]);
    assert_eq!(ledger.find(&a.id.to_string()).unwrap(), [a.clone(), b]);
    let error = ledger.find(&a.id.short()).unwrap_err();
    assert!(matches!(&error, FindError::Ambiguous(_, found) if found.len() == 3));
    let text = error.to_string();
    for part in [&a.id.to_string(), &near.id.to_string(), "aborted", "hung", "demo a", "give more digits"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(ledger.find("0123").unwrap_err().to_string().contains("no chain in the ledger begins with 0123"));
    for word in ["", "xyz", "%", &"0".repeat(33)] {
        assert!(matches!(ledger.find(word), Err(FindError::NotDigits(_))), "{word:?}");
    }
}

#[test]
fn ledgers_are_taken_over_in_any_order_and_twice() {
    let (_folder, path) = folder();
    let open = |name: &str| Ledger::open(&path.join(name)).unwrap();
    let (one, two) = (open("one"), open("two"));
    let run = one.begin_run(&plan(&[])).unwrap();
    run.add(&[outcome("a", 1, Verdict::Aborted), outcome("a", 1, Verdict::Leaked)]).unwrap();
    run.test_done(&Swept { ended: Ended::Stopped, ..swept("a", 2) }).unwrap();
    // The second knows the first's run up to here, and goes on with it.
    two.take_over(&one).unwrap();
    let same = two.run(two.latest_run().unwrap().unwrap());
    same.add(&[outcome("a", 2, Verdict::Recovered)]).unwrap();
    same.test_done(&swept("a", 2)).unwrap();
    same.finish().unwrap();
    let other = two.begin_run(&plan(&[])).unwrap();
    other.add(&[outcome("a", 1, Verdict::Aborted), outcome("b", 3, Verdict::Hung)]).unwrap();

    let told = |ledger: &Ledger| {
        let mut runs = BTreeSet::new();
        for id in ledger.rows("SELECT id FROM run", &[], |row| row.get(0).map(super::write::RunId)).unwrap() {
            let result = ledger.result(id).unwrap();
            let RunResult { plan, outcomes, swept } = result;
            runs.insert(format!("{} {} {outcomes:?} {swept:?}", plan.name(), ledger.is_finished(id).unwrap()));
        }
        let histories = [1, 2, 3].map(|n| ["a", "b"].map(|t| ledger.history(&test_id(t), chain_id(n)).unwrap()));
        (runs, histories, ledger.flapping().unwrap())
    };
    let (forth, back, again) = (open("forth"), open("back"), open("again"));
    forth.take_over(&one).unwrap();
    forth.take_over(&two).unwrap();
    back.take_over(&two).unwrap();
    back.take_over(&one).unwrap();
    again.take_over(&forth).unwrap();
    again.take_over(&back).unwrap();
    // What lies in the folder of a run that is known adds nothing.
    again.record(&two.result(same.id()).unwrap()).unwrap();
    assert_eq!(told(&forth), told(&back));
    assert_eq!(told(&forth), told(&again));
    assert_eq!(told(&forth), told(&two));
    assert_eq!(told(&forth).0.len(), 2);
    assert_sound(&again);
}
