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
    let number = *LOCK.lock().unwrap();
    std::io::stdout().lock().write_all(b"").unwrap();
    let _ = std::env::var_os("HOME_OF_NOBODY");
    let mut block: Vec<u8> = Vec::new();
    block.try_reserve_exact(black_box(12))?;
    black_box(block);
    black_box(number);
    Ok(0)
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
        let _ = black_box((std::backtrace::Backtrace::force_capture(), vec![0_u8; 1 << 20]));
    });
}

#[test]
fn another_thread_is_in_its_panic_hook_as_processes_are_forked() {
    again::passes(&mut again::command("held_locks::forked_while_a_hook_runs", 1));
}

#[test]
#[ignore = "run by `another_thread_is_in_its_panic_hook_as_processes_are_forked`"]
fn forked_while_a_hook_runs() {
    static IN_HOOK: AtomicBool = AtomicBool::new(false);
    // The lock of the hook is held for longer than the first fork is waited for.
    std::panic::set_hook(Box::new(|_| {
        IN_HOOK.store(true, Ordering::Release);
        std::thread::sleep(Duration::from_secs(5));
    }));
    std::thread::scope(|scope| {
        scope.spawn(|| std::panic::catch_unwind(|| panic!("of another test")));
        while !IN_HOOK.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        // On a thread that bears no test's name, so that no fresh process can be made to run the sweep by itself: this
        // one is forked, beside the thread in the hook.
        let report = scope.spawn(|| Sweep::new().workers(1).run(takes_locks)).join().unwrap();
        assert_eq!(report.trouble(), None, "{report}");
        assert_eq!(report.count(Verdict::Recovered), 1, "{report}");
        assert!(report.to_string().contains("beside the threads of other tests"), "{report}");
    });
}
