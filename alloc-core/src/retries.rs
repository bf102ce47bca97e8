//! Failures in a row: the same task, site and size again and again, as in a retry loop that somebody wrote instead of NOFAIL.
//!
//! Only failures are watched, and what is served while some are: whoever never fails pays nothing. The tables have room for a
//! few rows; the one that was used least recently makes room for a new one.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

use crate::sites::SiteId;
use crate::units::TaskId;

/// Rows of failures that are watched at a time.
const RUNS: usize = 16;

/// Loops that are told apart; further ones are counted and noted each time that they are found.
const FOUND: usize = 32;

/// What is retried: at which chain of sites, how much, and whether as an area of vmalloc.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Retried {
    pub(crate) site: Option<SiteId>,
    pub(crate) bytes: usize,
    pub(crate) area: bool,
}

/// Failures in a row.
#[derive(Clone, Copy, Debug)]
struct Run {
    task: TaskId,
    what: Retried,
    failures: u32,
    /// When it was used last.
    used: u64,
}

/// A loop that was found, and the longest row of failures in it.
#[derive(Clone, Copy, Debug)]
struct Found {
    what: Retried,
    longest: u32,
}

/// The rows of failures that are watched, and the loops that were found.
#[derive(Debug, Default)]
pub(crate) struct Retries {
    runs: [Option<Run>; RUNS],
    found: [Option<Found>; FOUND],
    clock: u64,
    /// Whether any row is watched: shared with those who do not lock the machine's state.
    watched: Arc<AtomicBool>,
}

/// A retry loop written by hand: a chain of sites in which requests for one size failed more often in a row than the policy
/// lets pass ([`Policy::retries_max`](crate::Policy::retries_max)).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct RetryLoop {
    /// The names of the sites, outermost first; empty outside of all.
    pub chain: Vec<&'static str>,
    /// The size that was asked for: that of the block of pages, also where it was to hold objects, or of the area of vmalloc.
    pub bytes: usize,
    /// Failures in the longest row of them.
    pub failures: u32,
}

impl fmt::Display for RetryLoop {
    /// `fsck > read_block: 4096 bytes failed 100 times in a row: say NOFAIL, so that the machine can help`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, name) in self.chain.iter().enumerate() {
            write!(f, "{}{name}", if place == 0 { "" } else { " > " })?;
        }
        let place = if self.chain.is_empty() { "outside of all sites" } else { "" };
        let (bytes, failures) = (self.bytes, self.failures);
        write!(f, "{place}: {bytes} bytes failed {failures} times in a row: say NOFAIL, so that the machine can help")
    }
}

impl Retries {
    /// Whether any row is watched, for those who do not lock the machine's state.
    pub(crate) fn watched(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.watched)
    }

    /// Notes a failure; whether it is the one by which a loop is found.
    pub(crate) fn failed(&mut self, task: TaskId, what: Retried, most: u32) -> bool {
        self.clock += 1;
        let used = self.clock;
        let known = self.runs.iter().position(|run| run.is_some_and(|run| run.task == task && run.what == what));
        let oldest = || (0..RUNS).min_by_key(|at| self.runs[*at].map_or(0, |run| run.used)).unwrap_or(0);
        let slot = &mut self.runs[known.unwrap_or_else(oldest)];
        let before = slot.filter(|_| known.is_some()).map_or(0, |run| run.failures);
        let failures = before.saturating_add(1);
        *slot = Some(Run { task, what, failures, used });
        self.watched.store(true, Relaxed);
        failures > most && self.note(what, failures)
    }

    /// Keeps a loop; whether it is new.
    fn note(&mut self, what: Retried, failures: u32) -> bool {
        if let Some(found) = self.found.iter_mut().flatten().find(|found| found.what == what) {
            found.longest = found.longest.max(failures);
            return false;
        }
        if let Some(slot) = self.found.iter_mut().find(|found| found.is_none()) {
            *slot = Some(Found { what, longest: failures });
        }
        true
    }

    /// A request was served: if it failed before, the row has ended.
    pub(crate) fn served(&mut self, task: TaskId, what: Retried) {
        if !self.watched.load(Relaxed) {
            return;
        }
        for slot in &mut self.runs {
            slot.take_if(|run| run.task == task && run.what == what);
        }
        self.watched.store(self.runs.iter().any(Option::is_some), Relaxed);
    }

    /// The loops that were found: what is retried, and how often in a row.
    pub(crate) fn found(&self) -> impl Iterator<Item = (Retried, u32)> {
        self.found.iter().flatten().map(|found| (found.what, found.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHAT: Retried = Retried { site: None, bytes: 4096, area: false };

    #[test]
    fn row_071_many_rows_at_once_do_not_grow_the_table_and_the_oldest_makes_room() {
        let mut retries = Retries::default();
        let task = TaskId(1);
        let sized = |bytes| Retried { bytes, ..WHAT };
        assert!((0..RUNS).all(|bytes| !retries.failed(task, sized(bytes), 2)));
        assert!(!retries.failed(task, sized(0), 2), "the first is used again");
        assert!(!retries.failed(task, sized(RUNS), 2), "it takes the place of the second");
        assert!(retries.failed(task, sized(0), 2) && !retries.failed(task, sized(0), 2), "told once");
        assert!(!retries.failed(task, sized(1), 1), "its row was given up");
        assert!(retries.failed(TaskId(2), sized(1), 0), "a task's row is its own");
        assert_eq!(retries.found().collect::<Vec<_>>(), [(sized(0), 4), (sized(1), 1)]);
    }

    #[test]
    fn row_071_what_is_served_ends_its_row_and_only_that() {
        let mut retries = Retries::default();
        let watched = retries.watched();
        let (task, other) = (TaskId(1), Retried { bytes: 8192, ..WHAT });
        for _ in 0..10 {
            assert!(!retries.failed(task, WHAT, 2) && !retries.failed(task, WHAT, 2));
            retries.served(TaskId(2), WHAT);
            retries.served(task, other);
            retries.served(task, Retried { area: true, ..WHAT });
            assert!(watched.load(Relaxed));
            retries.served(task, WHAT);
            assert!(!watched.load(Relaxed));
        }
        assert!(!retries.failed(task, WHAT, 2) && !retries.failed(task, WHAT, 2));
        assert!(retries.failed(task, WHAT, 2));
    }
}
