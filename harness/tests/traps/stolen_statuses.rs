//! A test that waits for any child, or for none at all, takes the statuses of the sweep's: verdicts stay right.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use firsthit::{Explorer, Sweep};

use crate::{again, forest};

static OVER: AtomicBool = AtomicBool::new(false);

/// Two tests side by side in a process of their own: what one takes from the other stays there.
#[test]
fn another_test_waits_for_any_child() {
    for explorer in ["worker", "process"] {
        let mut command = again::command("stolen_statuses::thief", 2);
        again::passes(command.env("FIRSTHIT_EXPLORER", explorer));
    }
}

#[test]
#[ignore = "run by `another_test_waits_for_any_child`"]
fn thief_waits() {
    let begun = Instant::now();
    while !OVER.load(Ordering::Relaxed) && begun.elapsed() < Duration::from_secs(60) {
        // SAFETY: waits for a child, if there is one, and keeps nothing.
        unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) };
        std::thread::yield_now();
    }
}

#[test]
#[ignore = "run by `another_test_waits_for_any_child`"]
fn thief_swept() {
    forest::check(&Sweep::new().workers(2).run(forest::walk));
    OVER.store(true, Ordering::Relaxed);
}

/// A program that ignores the deaths of its children has no statuses at all, and neither have those it starts.
#[test]
fn deaths_of_children_are_ignored() {
    again::alone("stolen_statuses::ignoring");
}

#[test]
#[ignore = "run by `deaths_of_children_are_ignored`"]
fn ignoring() {
    // SAFETY: this test has its process for itself.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    for explorer in [Explorer::Worker, Explorer::Process] {
        forest::check(&Sweep::new().explorer(explorer).workers(2).run(forest::walk));
    }
}

/// The body itself waits for whatever child there is.
#[test]
fn the_body_waits_for_any_child() {
    let report = Sweep::new().workers(2).run(|| {
        // SAFETY: waits for a child, if there is one, and keeps nothing.
        unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) };
        forest::walk()
    });
    forest::check(&report);
}
