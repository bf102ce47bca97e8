//! Locks that other tests' threads hold when the sweep begins: no process of the sweep may wait for them.

use std::collections::TryReserveError;
use std::hint::black_box;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use firsthit::{Sweep, Verdict};

use crate::again;

static LOCK: Mutex<u32> = Mutex::new(0);
static OVER: AtomicBool = AtomicBool::new(false);

/// Takes the program's locks, and allocates once.
fn takes_locks() -> Result<u32, TryReserveError> {
    let number = LOCK.lock().unwrap().checked_rem(1).unwrap();
    std::io::stdout().lock().write_all(b"").unwrap();
    let _ = std::env::var_os("HOME_OF_NOBODY");
    let mut block: Vec<u8> = Vec::new();
    block.try_reserve_exact(black_box(12))?;
    black_box(block);
    Ok(number)
}

#[test]
fn other_tests_hold_locks_nearly_always() {
    again::passes(again::command("held_locks::hammered", 4).arg("--nocapture").env("RUST_BACKTRACE", "1"));
}

#[test]
#[ignore = "run by `other_tests_hold_locks_nearly_always`"]
fn hammered_sweeps() {
    // The others are at work by then.
    std::thread::sleep(Duration::from_millis(20));
    for _ in 0..5 {
        let report = Sweep::new().workers(2).run(takes_locks);
        assert_eq!(report.trouble(), None, "{report}");
        // `var_os` may copy the name into memory of its own, infallibly.
        let others = report.verdicts().iter().filter(|verdict| **verdict != Verdict::Recovered);
        assert!(others.into_iter().all(|verdict| *verdict == Verdict::Aborted), "{report}");
        assert_eq!(report.count(Verdict::Recovered), 1, "{report}");
    }
    OVER.store(true, Ordering::Relaxed);
}

fn until_over(mut work: impl FnMut()) {
    let begun = Instant::now();
    while !OVER.load(Ordering::Relaxed) && begun.elapsed() < Duration::from_secs(60) {
        work();
    }
}

#[test]
#[ignore = "run by `other_tests_hold_locks_nearly_always`"]
fn hammered_mutex() {
    until_over(|| {
        let mut held = LOCK.lock().unwrap();
        *held = held.wrapping_add(1);
        std::thread::sleep(Duration::from_micros(300));
    });
}

#[test]
#[ignore = "run by `other_tests_hold_locks_nearly_always`"]
fn hammered_streams() {
    until_over(|| {
        let (_out, _err) = (std::io::stdout().lock(), std::io::stderr().lock());
        std::thread::sleep(Duration::from_micros(300));
    });
}

#[test]
#[ignore = "run by `other_tests_hold_locks_nearly_always`"]
fn hammered_backtraces() {
    until_over(|| {
        drop(black_box(std::backtrace::Backtrace::force_capture()));
        black_box(vec![0_u8; 1 << 20]);
    });
}
