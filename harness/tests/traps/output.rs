//! What the test has printed appears once, what the processes of the sweep print does not, however much it is.

use std::collections::TryReserveError;
use std::hint::black_box;

use firsthit::{Explorer, Report, Sweep, Verdict};

use crate::{again, forest};

fn reserved(bytes: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut block = Vec::new();
    block.try_reserve_exact(black_box(bytes))?;
    Ok(block)
}

/// Two chains that recover and one that does not, in code that prints a line before each of them.
fn chatters() -> Result<(), TryReserveError> {
    for bytes in [1, 2] {
        eprintln!("the child says {bytes}");
        println!("the child says {bytes}");
    }
    let first = reserved(3)?;
    let second = black_box(reserved(4))?;
    eprintln!("the child has both");
    let third = forest::fails_badly();
    black_box((first, second, third));
    Ok(())
}

#[track_caller]
fn check(report: &Report) {
    assert_eq!(report.trouble(), None, "{report}");
    assert_eq!((report.count(Verdict::Recovered), report.count(Verdict::Panicked)), (2, 1), "{report}");
    let text = report.to_string();
    let printed = text.split("printed:\n").nth(1).unwrap_or_else(|| panic!("{text}"));
    assert!(printed.trim_start().starts_with("the child says 1"), "{printed:?}");
    assert!(printed.contains("the child has both"), "{printed:?}");
    assert!(!text.contains('\0'), "{text:?}");
    // One worker was at all three chains: the finding has the output of its own run and its retry, no more.
    assert!(printed.matches("the child has both").count() <= 2, "{printed:?}");
}

#[test]
fn a_line_begun_before_the_sweep_appears_once() {
    for explorer in ["worker", "process"] {
        let mut command = again::command("output::prints_a_part_of_a_line", 1);
        let command = command.args(["--exact", "--nocapture"]).env("FIRSTHIT_EXPLORER", explorer);
        let output = again::passes(command);
        assert_eq!(output.matches("a part of a line").count(), 1, "{output}");
        assert!(output.contains("a part of a line, and the rest"), "{output}");
        assert!(!output.contains("the child"), "{output}");
    }
}

#[test]
#[ignore = "run by `a_line_begun_before_the_sweep_appears_once`"]
fn prints_a_part_of_a_line() {
    print!("a part of a line");
    check(&Sweep::new().workers(1).run(chatters));
    println!(", and the rest");
}

/// In a replay the children print where the user sees it.
#[test]
fn a_line_begun_before_a_replay_appears_once() {
    let mut command = again::command("output::prints_before_a_replay", 1);
    let output = again::passes(command.args(["--exact", "--nocapture"]));
    let token = output.split("FIRSTHIT_REPLAY=").nth(1).and_then(|rest| rest.split(' ').next());
    let mut command = again::command("output::prints_before_a_replay", 1);
    let command = command.args(["--exact", "--nocapture"]).env("FIRSTHIT_REPLAY", token.unwrap());
    let output = again::passes(command);
    assert_eq!(output.matches("a part of a line").count(), 1, "{output}");
    assert!(output.contains("the child has both"), "{output}");
    assert!(output.contains("1 chain failed"), "{output}");
}

#[test]
#[ignore = "run by `a_line_begun_before_a_replay_appears_once`"]
fn prints_before_a_replay() {
    print!("a part of a line");
    let report = Sweep::new().workers(1).run(chatters);
    println!("\n{report}");
    assert_eq!(report.count(Verdict::Panicked), 1, "{report}");
}

/// Prints four megabytes in a run.
fn shouts() -> Result<usize, TryReserveError> {
    let line = [b'x'; 1023];
    let line = std::str::from_utf8(&line).unwrap();
    for _ in 0..2048 {
        eprintln!("{line}");
        println!("{line}");
    }
    reserved(5).map(|block| block.capacity())
}

fn megabytes(explorer: Option<Explorer>) {
    let mut sweep = Sweep::new();
    if let Some(explorer) = explorer {
        sweep = sweep.explorer(explorer);
    }
    let report = sweep.run(shouts);
    assert_eq!(report.trouble(), None, "{report}");
    assert_eq!(report.count(Verdict::Recovered), 1, "{report}");
    assert!(
        report.verdicts().iter().all(|verdict| [Verdict::Recovered, Verdict::Aborted].contains(verdict)),
        "{report}"
    );
}

#[test]
fn megabytes_of_a_fresh_base() {
    megabytes(None);
}

#[test]
fn megabytes_of_fresh_processes() {
    megabytes(Some(Explorer::Process));
}

#[test]
fn megabytes_of_a_forked_base() {
    let shown = again::alone("output::megabytes_alone");
    assert!(shown.len() < 10_000, "{} bytes", shown.len());
    // Where the runner captures the output, its buffer in memory takes it.
    again::passes(again::command("output::megabytes_alone", 1).arg("--exact"));
}

#[test]
#[ignore = "run by `megabytes_of_a_forked_base`"]
fn megabytes_alone() {
    megabytes(None);
}
