//! What a process holds besides memory: descriptors and threads.

use std::time::{Duration, Instant};

use super::process::Process;
use super::unix;

/// How long threads that the body did not wait for are given to end, or to free what it left with them.
const GRACE: Duration = Duration::from_millis(100);

/// Descriptors and threads that the process holds.
pub(crate) struct Held {
    descriptors: Option<usize>,
    threads: Option<usize>,
    /// Threads of other tests hold some of it.
    pub(crate) strangers: bool,
}

impl Held {
    pub(crate) fn now() -> Held {
        Held { descriptors: unix::descriptors_count(), threads: unix::threads(), strangers: false }
    }

    /// What this process holds, with a note of whether others use it as well.
    pub(crate) fn of(process: &Process<'_>) -> Held {
        Held { strangers: process.has_strangers(), ..Held::now() }
    }

    /// Whether the same descriptors are open and no thread came or went.
    pub(crate) fn same_as(&self, other: &Held) -> bool {
        self.descriptors == other.descriptors && self.threads == other.threads
    }

    pub(crate) fn descriptors_more_than(&self, before: &Held) -> i32 {
        match (self.descriptors, before.descriptors) {
            (Some(now), Some(before)) => now as i32 - before as i32,
            _ => 0,
        }
    }

    pub(crate) fn threads_more_than(&self, before: &Held) -> i32 {
        match (self.threads, before.threads) {
            (Some(now), Some(before)) => now as i32 - before as i32,
            _ => 0,
        }
    }

    /// Gives threads that are about to end the time to do so.
    pub(crate) fn wait_for_threads(&self) {
        let Some(before) = self.threads else { return };
        wait_until(|| unix::threads().is_none_or(|now| now <= before));
    }

    /// Where a pool's threads go on after the body, gives them the time to drop what it sent them: a job is often
    /// dropped only after its answer is received.
    pub(crate) fn wait_for_memory(&self, freed: impl Fn() -> bool) {
        let runner_and_test = 2;
        if self.threads.is_none_or(|threads| threads > runner_and_test) {
            wait_until(freed);
        }
    }
}

/// Waits until something is so, for [`GRACE`] at most.
pub(crate) fn wait_until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() && begun.elapsed() < GRACE {
        std::thread::sleep(Duration::from_micros(200));
    }
}
