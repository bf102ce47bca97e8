//! Several who write at once, and writers that are killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use camino::Utf8Path;
use firsthit::Verdict;

use super::super::open::Ledger;
use super::{assert_sound, folder, plan};
use crate::results::outcome::Outcome;
use crate::results::sample::outcome;
use crate::stable_hash::StableHash;

/// Where a child of these tests finds the ledger it is to write.
const PATH: &str = "FIRSTHIT_TEST_LEDGER";
/// What a writer calls its test.
const WRITER: &str = "FIRSTHIT_TEST_WRITER";

const BATCH: u128 = 20;

fn batch(writer: &str, number: u128) -> Vec<Outcome> {
    (0..BATCH).map(|n| outcome(writer, number * BATCH + n, Verdict::Aborted)).collect()
}

/// Adds batches, and says of each that it was confirmed.
fn write_batches(path: &Utf8Path, writer: &str, count: u128, mut confirmed: impl FnMut(u128)) {
    let run = Ledger::open(path).unwrap().begin_run(&plan(&[])).unwrap();
    for number in 0..count {
        run.add(&batch(writer, number)).unwrap();
        confirmed(number);
    }
    run.finish().unwrap();
}

/// The same in a process of its own, which prints the numbers of the batches that were confirmed.
fn child(test: &str, path: &Utf8Path, writer: &str) -> Child {
    let name = format!("ledger::tests::processes::{test}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &name, "--nocapture", "--test-threads=1"]).env(PATH, path).env(WRITER, writer);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

/// Whether this process is such a child; if so it has done its work.
fn was_a_child(count: u128) -> bool {
    let (Ok(path), Ok(writer)) = (std::env::var(PATH), std::env::var(WRITER)) else { return false };
    let mut out = std::io::stdout();
    write_batches(Utf8Path::new(&path), &writer, count, |number| {
        writeln!(out, "\nconfirmed {number}").unwrap();
        out.flush().unwrap();
    });
    true
}

#[test]
fn processes_and_threads_write_at_once_and_all_of_it_is_there() {
    if was_a_child(100) {
        return;
    }
    let (_folder, path) = folder();
    let path = path.join("ledger.sqlite");
    // Nobody has made the file yet: all of them try to.
    let own = "processes_and_threads_write_at_once_and_all_of_it_is_there";
    let children = ["p1", "p2"].map(|writer| child(own, &path, writer));
    thread::scope(|scope| {
        for writer in ["t1", "t2"] {
            let path = &path;
            scope.spawn(move || write_batches(path, writer, 100, |_| {}));
        }
        // Who reads meanwhile sees whole batches, and never waits for long.
        let ledger = Ledger::open(&path).unwrap();
        for _ in 0..50 {
            for writer in ["t1", "p1"] {
                let seen = ledger.known(&crate::results::sample::test_id(writer)).unwrap().len() as u128;
                assert_eq!(seen % BATCH, 0, "{writer}");
            }
        }
    });
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let ledger = Ledger::open(&path).unwrap();
    assert_sound(&ledger);
    for writer in ["p1", "p2", "t1", "t2"] {
        assert_eq!(
            ledger.known(&crate::results::sample::test_id(writer)).unwrap().len() as u128,
            100 * BATCH,
            "{writer}"
        );
    }
    let finished: Vec<i64> =
        ledger.rows("SELECT count(*) FROM run WHERE ended IS NOT NULL", &[], |row| row.get(0)).unwrap();
    assert_eq!(finished, [4]);
}

#[test]
fn many_who_make_the_same_ledger_at_once_all_have_it() {
    let (_folder, path) = folder();
    for round in 0..10 {
        let path = path.join(format!("{round}.sqlite"));
        let start = std::sync::Barrier::new(8);
        thread::scope(|scope| {
            for writer in 0..8 {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    write_batches(path, &format!("w{writer}"), 1, |_| {});
                });
            }
        });
        let runs: Vec<i64> =
            Ledger::open(&path).unwrap().rows("SELECT count(*) FROM run", &[], |row| row.get(0)).unwrap();
        assert_eq!(runs, [8]);
    }
}

#[test]
fn a_writer_that_is_killed_leaves_all_that_it_was_told_is_there() {
    if was_a_child(u128::MAX) {
        return;
    }
    let (_folder, path) = folder();
    let path = path.join("ledger.sqlite");
    let mut late = 0;
    for round in 0..100_u64 {
        let writer = format!("w{round}");
        let mut child = child("a_writer_that_is_killed_leaves_all_that_it_was_told_is_there", &path, &writer);
        let random = StableHash::new().bytes(&round.to_le_bytes()).bytes(path.as_str().as_bytes()).finish();
        let killed_after = usize::try_from(random % 8).unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let number = |line: String| line.strip_prefix("confirmed ").and_then(|number| number.parse::<u128>().ok());
        let mut confirmed = lines.map_while(Result::ok).filter_map(number);
        let mut last = None;
        for _ in 0..killed_after {
            last = confirmed.next();
        }
        // Anywhere inside of the next additions.
        thread::sleep(Duration::from_micros(random >> 32 & 0x7ff));
        child.kill().unwrap();
        child.wait().unwrap();
        // What was said before the end came.
        last = confirmed.last().or(last);
        let whole = last.map_or(0, |last| (last + 1) * BATCH);

        let ledger = Ledger::open(&path).unwrap();
        assert_sound(&ledger);
        let there = ledger.known(&crate::results::sample::test_id(&writer)).unwrap();
        assert!(there.len() as u128 >= whole, "{writer}: {whole} were confirmed, {} are there", there.len());
        assert_eq!(there.len() as u128 % BATCH, 0, "{writer}: half a batch");
        late += u32::from(there.len() as u128 > whole || whole > 0);
        // The other ways out: a ledger that stays open, and one that is closed and tidied.
        if round % 2 == 0 {
            std::mem::forget(ledger);
        }
    }
    assert!(late > 50, "only {late} writers were killed while they wrote");
}
