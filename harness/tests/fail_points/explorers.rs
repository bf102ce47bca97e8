//! Every explorer and every mode fails points as it fails allocations.

use std::hint::black_box;
use std::io::Write;

use firsthit::{Explorer, Mode, Report, Sweep, Verdict, fail_point};

use crate::{Given, Refusal, elsewhere, recovered, step};

const EXPLORERS: [Explorer; 4] = [Explorer::Worker, Explorer::Snapshot, Explorer::Process, Explorer::Inline];

fn alternatives() -> Given {
    fail_point!("alternatives", [Err(Refusal::Full), Ok(0), Err(Refusal::Busy)]);
    Ok(5)
}

fn body() -> Given {
    let mut sum = 0;
    for round in 0..black_box(3) {
        sum += step(round)?;
    }
    // Absorbed: the same with and without it.
    sum += step(9).unwrap_or(9);
    Ok(sum + alternatives()?)
}

const ONCE: [Verdict; 5] =
    [Verdict::Recovered, Verdict::Absorbed, Verdict::Recovered, Verdict::Swallowed, Verdict::Recovered];

fn swept(explorer: Explorer, mode: Mode) -> Report {
    Sweep::new().explorer(explorer).mode(mode).workers(2).run(body)
}

#[test]
fn every_explorer_comes_to_the_same_verdicts() {
    for (explorer, report) in EXPLORERS.map(|explorer| (explorer, swept(explorer, Mode::Once))) {
        if elsewhere() {
            continue;
        }
        assert_eq!((report.verdicts(), report.trouble()), (&ONCE[..], None), "{report}");
        assert!(report.to_string().contains(&format!("explored by {explorer}")), "{report}");
    }
}

#[test]
fn behind_the_failure_points_fail_too_where_it_is_sticky_and_with_their_first_alternative() {
    for report in EXPLORERS.map(|explorer| swept(explorer, Mode::Sticky)) {
        // What was absorbed meets another failure: the first alternative surfaces.
        let expected =
            [Verdict::Recovered, Verdict::Recovered, Verdict::Recovered, Verdict::Swallowed, Verdict::Recovered];
        assert!(elsewhere() || report.verdicts() == expected, "{report}");
    }
}

#[test]
fn points_are_not_forbidden_behind_a_failure() {
    for report in EXPLORERS.map(|explorer| swept(explorer, Mode::Forbid)) {
        assert!(elsewhere() || report.verdicts() == ONCE, "{report}");
    }
}

#[test]
fn what_ends_the_process_is_found_by_those_that_are_apart() {
    fn pointer(value: &u32) -> *const u32 {
        fail_point!("pointer", std::ptr::null());
        value
    }
    #[expect(unsafe_code, reason = "the bug that is to be found")]
    fn read() -> u32 {
        // SAFETY: none: the pointer may be null.
        unsafe { black_box(pointer(&7)).read_volatile() }
    }
    let apart = [Explorer::Worker, Explorer::Snapshot, Explorer::Process];
    // A null check of the compiler's own, in debug builds, panics and cannot unwind.
    let crashed = [Verdict::Crashed, Verdict::Panicked];
    for report in apart.map(|explorer| Sweep::new().explorer(explorer).run(read)) {
        assert!(elsewhere() || report.verdicts().len() == 1 && crashed.contains(&report.verdicts()[0]), "{report}");
    }
}

#[test]
fn a_snapshot_is_taken_for_each_alternative() {
    // The same in every process of the sweep.
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("snapshots-of-alternatives");
    let runs = |explorer| {
        std::fs::write(&path, "").unwrap();
        let report = Sweep::new().explorer(explorer).run(|| {
            let mut log = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
            log.write_all(b".").unwrap();
            drop(log);
            fail_point!("recovered", [Err(Refusal::Full), Err(Refusal::Busy), Err(Refusal::NoMemory)]);
            Ok(black_box(1))
        });
        recovered(&report, 3);
        std::fs::read(&path).unwrap().len()
    };
    let (by_workers, by_snapshots) = (runs(Explorer::Worker), runs(Explorer::Snapshot));
    std::fs::remove_file(&path).unwrap();
    // Workers run the body for each of the three; a run that is split is one for all of them.
    assert_eq!(by_workers, by_snapshots + 2);
}
