//! The fixed part of a campaign: where it stands, what its baseline is, what each of its processes is doing.
#![expect(unsafe_code, reason = "reads and writes cells that the campaign's processes take turns with")]

use std::cell::UnsafeCell;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::record::{Evidence, Outcome, Span, Struck};
use super::seen::Control;

/// How many processes can run attempts of one sweep at a time.
pub(crate) const SLOTS: usize = 64;
/// How many modules (the program and its libraries) frames can refer to.
pub(crate) const MODULES: usize = 256;
/// The fixed part of a campaign; every field is zero at the start.
#[repr(C)]
pub(crate) struct Header {
    pub(super) magic: AtomicU64,
    pub(super) chains_max: AtomicU32,
    pub(super) coverage: AtomicU32,
    /// How many points annotated code of the program declares.
    pub(super) points: AtomicU32,
    /// Raised by every base process: raw addresses of another one mean nothing to it.
    pub(crate) epoch: AtomicU32,
    /// Where the campaign stands: see `explore::director`.
    pub(crate) stage: AtomicU32,
    pub(crate) trouble: AtomicU32,
    trouble_text: UnsafeCell<Span>,
    /// Set if the base was forked beside other threads, whose locks its children may find held.
    pub(crate) doubtful: AtomicU32,
    /// Chains at which frame pointers leave frames out, and every hit is walked exactly.
    pub(crate) ambiguous: AtomicU32,
    /// Set if allocations are not failed: the program's allocator is another one.
    pub(crate) allocations_pass: AtomicU32,
    /// Set if a run that was split did not end as the baseline does.
    pub(crate) disturbed: AtomicU32,
    /// Where the search for the next chain of the plan begins.
    pub(crate) cursor: AtomicU32,
    pub(super) chains: AtomicU32,
    pub(super) frames: AtomicU32,
    pub(super) text: AtomicU32,
    pub(super) leaks: AtomicU32,
    pub(super) arms: AtomicU32,
    /// Injections of which the arms that ran found no room.
    pub(crate) arms_lost: AtomicU32,
    /// Set once a pool had no room.
    pub(super) full: AtomicU32,
    /// Walks that did not arrive at the boundary: their allocations could not be told apart.
    pub(crate) too_deep: AtomicU32,
    /// How many objects of a machine's caches a run without a failure keeps.
    pub(crate) usual_objects: AtomicU32,
    /// How many descriptors a run of a program without a failure leaves open.
    pub(crate) usual_descriptors: AtomicU32,
    /// The recovery arms that run in one, in words: where that stands in the pool of texts, and how long it is.
    pub(crate) usual_arms: AtomicU64,
    pub(crate) follower: Follower,
    /// The baseline, once it is known.
    pub(crate) baseline: UnsafeCell<Baseline>,
    pub(super) raw: Control,
    pub(super) stable: Control,
    pub(crate) modules: [ModuleName; MODULES],
    pub(crate) slots: [Slot; SLOTS],
}

/// What somebody who follows the campaign from outside asks of it, and how the two wake each other.
#[repr(C)]
pub(crate) struct Follower {
    /// Set if there is one: what could be planned is proposed to it.
    pub(crate) follows: AtomicU32,
    /// How many processes may be at work.
    pub(crate) workers: AtomicU32,
    /// Nothing more will be planned.
    pub(crate) closed: AtomicU32,
    /// The longest time of a run, in milliseconds; 0: derived from the baseline.
    pub(crate) limit_ms: AtomicU32,
    /// How many failures a run gets; 0: one.
    pub(crate) depth: AtomicU32,
    /// The number of the [`Walker`](crate::chain::walker::Walker) to be used; 0: the fastest that fits.
    pub(crate) walker: AtomicU32,
    /// Rung for the director, when something is planned, closed, or changed.
    pub(crate) bell: AtomicU32,
    /// Rung for the follower, when something is proposed, completed or over.
    pub(crate) news: AtomicU32,
}

/// A module that frames refer to.
#[repr(C)]
pub(crate) struct ModuleName {
    /// Its identity, or 0 for a free place.
    pub(crate) id: AtomicU64,
    /// Set once `path` is written.
    pub(crate) named: AtomicU32,
    pub(crate) path: UnsafeCell<Span>,
}

/// What a run without a failure is like.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Baseline {
    pub(crate) outcome: Outcome,
    /// The slowest recorded run.
    pub(crate) nanos: u64,
    /// Allocations of one run in the scope.
    pub(crate) allocations: u64,
    /// Of runs that count their requests the fewest and the most: of the first thread, and of all others.
    pub(crate) requests: [[u64; 2]; 2],
    /// Runs it took until no new chain appeared.
    pub(crate) rounds: u32,
    /// Whether there was a run in which no new chain appeared.
    pub(crate) settled: bool,
    /// The second run in one process gives what the first gave.
    pub(crate) repeatable: bool,
    /// Threads that the body spawns.
    pub(crate) threads: u32,
    /// The number of the [`Walker`](crate::chain::walker::Walker).
    pub(crate) walker: u32,
    /// The number of the [`Explorer`](crate::Explorer), and why it was chosen.
    pub(crate) explorer: u32,
    pub(crate) reason: Span,
}

/// What one child is doing, for the process that watches it.
#[repr(C)]
pub(crate) struct Slot {
    pub(crate) pid: AtomicU32,
    /// The number of the chain it runs, plus 1; 0 between attempts.
    pub(crate) chain: AtomicU32,
    /// When the run began, in nanoseconds of the monotonic clock; 0 between runs.
    pub(crate) began: AtomicU64,
    /// The kernel's number of the thread that runs the body: not the process's first where a test runner started it.
    pub(crate) thread: AtomicU32,
    /// Evidence in the making; moved to the chain when it is complete.
    evidence: UnsafeCell<Evidence>,
    /// For recorders: the outcomes of the two runs, how far they came, and what the first one took.
    outcomes: UnsafeCell<[Outcome; 2]>,
    /// The request that failed, where one does by its number.
    struck: UnsafeCell<Struck>,
    pub(crate) finished: AtomicU32,
    pub(crate) allocations: AtomicU64,
    /// How many requests were counted: of the first thread, and of all others.
    pub(crate) requests: [AtomicU64; 2],
    pub(crate) nanos: AtomicU64,
    pub(crate) threads: AtomicU32,
}

impl Header {
    /// The baseline; the director writes it before it raises the stage that lets others read it.
    pub(crate) fn baseline(&self) -> Baseline {
        // SAFETY: written once, by the director, before the stage that readers wait for.
        unsafe { *self.baseline.get() }
    }

    /// Writes down why the campaign cannot go on; the first reason stays.
    pub(crate) fn set_trouble(&self, trouble: u32, text: Span) {
        if self.trouble.load(Acquire) == 0 {
            // SAFETY: only the base process writes, once, and readers look at `trouble` first.
            unsafe { *self.trouble_text.get() = text };
            self.trouble.store(trouble, Release);
        }
    }

    /// Forgets the trouble of an explorer that could not go on, for another one to begin.
    pub(crate) fn begin_again(&self) {
        self.trouble.store(0, Release);
        self.stage.store(0, Release);
    }

    /// The text that came with the trouble.
    pub(crate) fn trouble_text(&self) -> Span {
        // SAFETY: written before `trouble` was.
        unsafe { *self.trouble_text.get() }
    }

    /// Writes the baseline.
    pub(crate) fn set_baseline(&self, baseline: Baseline) {
        // SAFETY: only the director writes, before any child that reads exists.
        unsafe { *self.baseline.get() = baseline };
    }
}

impl Slot {
    /// The outcomes of a recorder's two runs.
    pub(crate) fn outcomes(&self) -> [Outcome; 2] {
        // SAFETY: read by the director after the recorder's death.
        unsafe { *self.outcomes.get() }
    }

    /// Keeps the outcomes of a recorder's two runs.
    pub(crate) fn set_outcomes(&self, outcomes: [Outcome; 2]) {
        // SAFETY: written by the child that owns the slot.
        unsafe { *self.outcomes.get() = outcomes };
    }

    /// The request that failed by its number.
    #[cfg(feature = "preload")]
    pub(crate) fn struck(&self) -> Struck {
        // SAFETY: read by who has started the child, after its death.
        unsafe { *self.struck.get() }
    }

    /// Keeps the request that is about to fail by its number.
    #[cfg(feature = "preload")]
    pub(crate) fn set_struck(&self, struck: Struck) {
        // SAFETY: written by the child that owns the slot, by the one thread that has counted to the number.
        unsafe { *self.struck.get() = struck };
    }

    /// The evidence in the making.
    pub(crate) fn evidence(&self) -> Evidence {
        // SAFETY: read by the child that owns the slot, or by the director after that child's death.
        unsafe { *self.evidence.get() }
    }

    /// Changes the evidence in the making.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Evidence)) {
        // SAFETY: written by the child that owns the slot, or by the director after that child's death.
        change(unsafe { &mut *self.evidence.get() });
    }
}
