//! Recovery code runs in children only: a build that measures coverage must count it all the same.
//!
//! The counters of this test are put by hand where `-C instrument-coverage` puts those it makes; `tests/coverage.rs`
//! shows the same of a crate that is built with it.

use std::collections::TryReserveError;
use std::hint::black_box;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use firsthit::{Sweep, Verdict};

use crate::again;

macro_rules! counter {
    ($name:ident) => {
        #[used]
        // SAFETY: the section holds words that are counters, and this is one.
        #[unsafe(link_section = "__llvm_prf_cnts")]
        static $name: AtomicU64 = AtomicU64::new(0);
    };
}

counter!(BEFORE);
counter!(RECOVERED);
counter!(REPEATED);

/// One chain that recovers, one that aborts behind a count of its own.
fn counts() -> Result<(), TryReserveError> {
    REPEATED.fetch_add(1, Relaxed);
    let mut block: Vec<u8> = Vec::new();
    if let Err(error) = block.try_reserve_exact(black_box(7)) {
        RECOVERED.fetch_add(1, Relaxed);
        return Err(error);
    }
    let before = std::mem::replace(&mut block, Vec::with_capacity(black_box(9)));
    black_box((before, block));
    Ok(())
}

/// One test: the counters are the program's, whoever counts.
#[test]
fn children_count_for_the_parent() {
    for explorer in ["worker", "process"] {
        for threads in [1, 2] {
            let mut command = again::command("coverage::counters", threads);
            again::passes(command.env("FIRSTHIT_EXPLORER", explorer));
        }
    }
}

#[test]
#[ignore = "run by `children_count_for_the_parent`"]
fn counters() {
    let counters = [&BEFORE, &RECOVERED, &REPEATED];
    BEFORE.fetch_add(1, Relaxed);
    let report = Sweep::new().workers(2).run(counts);
    assert_eq!((report.count(Verdict::Recovered), report.count(Verdict::Aborted)), (1, 1), "{report}");
    let [before, recovered, repeated] = counters.map(|counter| counter.load(Relaxed));
    assert_eq!((before, recovered), (1, 1), "the injection's path, once, and nothing of the test's twice");
    // Recorded in at least two rounds of two runs; then a run and its retry, and a run that aborts.
    assert!((7..=30).contains(&repeated), "{repeated}");
}

#[test]
#[ignore = "run by `children_count_for_the_parent`"]
fn counters_beside() {
    std::thread::sleep(std::time::Duration::from_millis(300));
}
