//! Backtraces under injection: std holds a lock while it makes them, and nothing may be failed under it.

use std::backtrace::Backtrace;
use std::collections::TryReserveError;
use std::hint::black_box;
use std::time::{Duration, Instant};

use firsthit::{Sweep, Verdict};

use crate::{again, forest};

/// Captures a backtrace, panics and catches it, allocates fallibly and infallibly.
fn traced() -> Result<usize, TryReserveError> {
    let backtrace = Backtrace::force_capture();
    let caught = std::panic::catch_unwind(|| {
        if black_box(true) {
            std::panic::panic_any(7_u32);
        }
    });
    let mut block: Vec<u8> = Vec::new();
    block.try_reserve_exact(black_box(12))?;
    let boxed = black_box(Box::new(black_box(3_usize)));
    drop(black_box((backtrace, caught.is_err(), block)));
    Ok(*boxed)
}

#[test]
fn under_every_setting() {
    for setting in ["0", "1", "full"] {
        for (explorer, threads) in [("worker", 1), ("worker", 2), ("process", 1)] {
            let mut command = again::command("backtraces::alone", threads);
            let command = command.env("RUST_BACKTRACE", setting).env("FIRSTHIT_EXPLORER", explorer);
            again::passes(command.arg("--nocapture"));
        }
    }
}

#[test]
#[ignore = "run by `under_every_setting`"]
fn alone() {
    let report = Sweep::new().workers(2).run(traced);
    assert_eq!(report.trouble(), None, "{report}");
    assert_eq!(report.count(Verdict::Hung), 0, "{report}");
    assert_eq!((report.count(Verdict::Recovered), report.count(Verdict::Aborted)), (1, 1), "{report}");
    assert_eq!(report.verdicts().len(), 2, "{report}");
    assert!(report.to_string().contains("met only while panicking: not failed"), "{report}");
    assert!(report.to_string().contains("inside std's backtrace capture: not failed"), "{report}");
}

#[test]
#[ignore = "run by `under_every_setting`"]
fn alone_no_longer() {
    std::thread::sleep(Duration::from_millis(300));
}

/// Printing a backtrace takes std a tenth of a second; sixteen chains that abort must not each wait for it.
#[test]
fn chains_that_abort_print_none() {
    for setting in ["0", "1"] {
        let mut command = again::command("backtraces::aborting", 1);
        let output = again::passes(command.args(["--exact", "--nocapture"]).env("RUST_BACKTRACE", setting));
        println!("RUST_BACKTRACE={setting}: {output}");
    }
}

#[test]
#[ignore = "run by `chains_that_abort_print_none`"]
fn aborting() {
    let begun = Instant::now();
    let report = Sweep::new().workers(1).run(forest::walk);
    forest::check(&report);
    println!("{} chains in {:?}", report.verdicts().len(), begun.elapsed());
}
