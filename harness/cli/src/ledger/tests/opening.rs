//! Files that are no ledger, and places where there cannot be one.

use std::fs;

use firsthit::Verdict;
use rusqlite::Connection;

use super::super::error::{LedgerError, LedgerErrorKind};
use super::super::open::Ledger;
use super::super::schema;
use super::{assert_sound, folder, plan};
use crate::results::sample::outcome;

fn refused(opened: Result<Ledger, LedgerError>, kind: fn(&LedgerErrorKind) -> bool, cure: &str) {
    let error = opened.err().expect("it must not open");
    let text = error.to_string();
    assert!(kind(&error.kind), "{error:?}");
    assert!(text.contains(cure) && text.contains(error.path.as_str()), "{text}");
}

#[test]
fn a_file_that_is_no_ledger_is_left_as_it_is() {
    let (_folder, path) = folder();
    let foreign = |kind: &LedgerErrorKind| matches!(kind, LedgerErrorKind::Foreign(_));
    let text = path.join("notes.txt");
    fs::write(&text, "x".repeat(5_000)).unwrap();
    refused(Ledger::open(&text), foreign, "move that file away");
    assert_eq!(fs::read(&text).unwrap(), "x".repeat(5_000).as_bytes());

    let database = path.join("browser.sqlite");
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE cookie (name TEXT)").unwrap();
    let before = fs::read(&database).unwrap();
    refused(Ledger::open(&database), foreign, "another program's database");
    refused(Ledger::read_unchanging(&database), foreign, "another program's database");
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[test]
fn a_newer_versions_ledger_is_left_as_it_is() {
    let (_folder, path) = folder();
    let path = path.join("ledger.sqlite");
    drop(Ledger::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", schema::VERSION + 1).unwrap();
    let newer = |kind: &LedgerErrorKind| *kind == LedgerErrorKind::Newer(schema::VERSION + 1);
    refused(Ledger::open(&path), newer, "update cargo-firsthit");
    refused(Ledger::open_to_read(&path), newer, "update cargo-firsthit");
    refused(Ledger::read_unchanging(&path), newer, "update cargo-firsthit");
}

#[test]
fn a_truncated_ledger_is_told_as_damaged() {
    let (_folder, path) = folder();
    let path = path.join("ledger.sqlite");
    let ledger = Ledger::open(&path).unwrap();
    let outcomes: Vec<_> = (0..200).map(|n| outcome("a", n, Verdict::Aborted)).collect();
    ledger.begin_run(&plan(&[])).unwrap().add(&outcomes).unwrap();
    drop(ledger);
    let whole = fs::read(&path).unwrap();
    assert!(whole.len() > 100_000);
    for kept in [50_000, 4_096, 5_000, 80] {
        fs::write(&path, &whole[..kept]).unwrap();
        refused(Ledger::open(&path), |kind| matches!(kind, LedgerErrorKind::Damaged(_)), "cargo firsthit merge");
        assert_eq!(fs::read(&path).unwrap(), &whole[..kept]);
    }
    // Nothing at all is what a crash leaves before the first write.
    fs::write(&path, "").unwrap();
    assert_sound(&Ledger::open(&path).unwrap());
}

#[test]
fn bytes_that_cannot_be_true_are_told_as_damage() {
    let (_folder, path) = folder();
    let path = path.join("ledger.sqlite");
    let ledger = Ledger::open(&path).unwrap();
    let run = ledger.begin_run(&plan(&[])).unwrap();
    run.add(&[outcome("a", 1, Verdict::Aborted)]).unwrap();
    ledger.connection().execute("UPDATE told SET outcome = '{'", []).unwrap();
    let error = ledger.outcomes(run.id()).unwrap_err();
    assert!(matches!(error.kind, LedgerErrorKind::Damaged(_)), "{error:?}");
    assert!(error.to_string().contains("an outcome"), "{error}");
}

#[test]
fn where_nothing_can_be_written_is_said_and_read_all_the_same() {
    let denied = |kind: &LedgerErrorKind| matches!(kind, LedgerErrorKind::Denied(_));
    // Nobody, the superuser neither, can make a file there.
    refused(Ledger::open("/proc/firsthit/ledger.sqlite".into()), denied, "CARGO_TARGET_DIR");
    refused(Ledger::open("/proc/ledger.sqlite".into()), denied, "CARGO_TARGET_DIR");
    let (_folder, path) = folder();
    refused(Ledger::open(&path), denied, "CARGO_TARGET_DIR");

    let path = path.join("a%2f?#.sqlite");
    refused(Ledger::open_to_read(&path), |kind| *kind == LedgerErrorKind::Absent, "sweep first");
    let ledger = Ledger::open(&path).unwrap();
    let run = ledger.begin_run(&plan(&[])).unwrap();
    run.add(&[outcome("a", 1, Verdict::Aborted)]).unwrap();
    // While the log holds what the file has not, the file alone would tell too little.
    refused(Ledger::read_unchanging(&path), denied, "has what is not in it yet");
    ledger.connection().pragma_update(None, "query_only", true).unwrap();
    let error = run.add(&[outcome("a", 2, Verdict::Aborted)]).unwrap_err();
    assert!(denied(&error.kind), "{error:?}");
    drop((run, ledger));

    for ledger in [Ledger::open_to_read(&path), Ledger::read_unchanging(&path)] {
        let ledger = ledger.unwrap();
        let run = ledger.latest_run().unwrap().unwrap();
        assert_eq!(ledger.outcomes(run).unwrap(), [outcome("a", 1, Verdict::Aborted)]);
    }
    let unchanging = Ledger::read_unchanging(&path).unwrap();
    assert!(denied(&unchanging.begin_run(&plan(&[])).err().unwrap().kind));
}
