//! What is written down of each chain and each injection: plain values that survive the process that wrote them.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicI64, AtomicU32};

use crate::chain::id::Id;

/// A place in one of the campaign's pools.
#[repr(C)]
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

/// What the code asked for when its chain was first seen.
#[repr(u32)]
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    #[default]
    Alloc,
    AllocZeroed,
    Realloc,
    /// Not a request: the place where a thread of the scope was spawned.
    Spawn,
    /// Not a request of memory: an alternative of a fail point.
    FailPoint,
    /// A request to an allocator that the code under test holds itself, in words of that allocator's.
    Told,
}

/// The size, alignment and, for a reallocation, old size of a request, in bytes; for an alternative of a fail point
/// its number, from 1, as its size, and as the old size how many there are.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    pub(crate) align: u32,
    pub(crate) size: u64,
    pub(crate) old_size: u64,
}

/// Where a chain stands in the plan.
pub(crate) mod state {
    /// Being written, or nothing yet.
    pub(crate) const EMPTY: u32 = 0;
    /// To be failed, by any worker.
    pub(crate) const PLANNED: u32 = 1;
    /// To be failed by a process that has not run the body before: a used one did not meet it.
    pub(crate) const PLANNED_FRESH: u32 = 2;
    /// To be failed once more with every live allocation accounted for: the balance was off.
    pub(crate) const PLANNED_ACCOUNT: u32 = 3;
    /// Being failed by the process in `Chain::slot`.
    pub(crate) const RUNNING: u32 = 4;
    /// Failed; the evidence is complete.
    pub(crate) const DONE: u32 = 5;
    /// Known, and not to be failed.
    pub(crate) const SKIPPED: u32 = 6;
    /// Met by a child outside of the plan; the director decides.
    pub(crate) const FOUND: u32 = 7;
    /// To be planned or not by who follows the campaign from outside.
    pub(crate) const PROPOSED: u32 = 8;
}

/// A chain number that names none.
pub(crate) const NONE: u32 = u32::MAX;

/// Why a chain is known and never failed.
#[repr(u32)]
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Quiet {
    #[default]
    No,
    /// First met while the thread panicked: std deadlocks or aborts on a failure there.
    Panicking,
    /// Inside std's backtrace capture, which holds a lock that its own failure path takes again.
    Backtrace,
    /// Only met inside recovery code, and the sweep's depth is 1.
    RecoveryOnly,
    /// The replay token names another chain.
    NotReplayed,
    /// The request says that it must not fail.
    Nofail,
    /// The same chain as an earlier record.
    Duplicate,
    /// Met behind a failure, where as many pairs were planned as may be.
    OverLimit,
}

/// What a chain is: written once, before its state leaves `EMPTY`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) id: Id,
    /// Module-relative return addresses, innermost first, recursion collapsed.
    pub(crate) frames: Span,
    pub(crate) request: Request,
    /// The number of the chain that spawned this thread, or [`NONE`].
    pub(crate) spawned_by: u32,
    /// For depth 2: the number of the chain whose failure leads here, or [`NONE`].
    pub(crate) after: u32,
    /// Of a fail point: its name, and what it is to return. Of a request that is told in words: those.
    pub(crate) point: [Span; 2],
    /// The innermost annotated call that it was first met in, or [`NONE`].
    pub(crate) site: u32,
}

/// Of a run that fails a request by its number: which one that was.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Struck {
    /// Where it stood, as an exact walk found it: module-relative return addresses, innermost first.
    pub(crate) frames: Span,
    /// The number of the chain that spawned its thread, or [`NONE`].
    pub(crate) spawned_by: u32,
    pub(crate) request: Request,
}

/// One chain of the plan.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Chain {
    /// One of [`state`].
    pub(crate) state: AtomicU32,
    /// The slot of the process that is running it.
    pub(crate) slot: AtomicU32,
    /// How often an attempt has begun.
    pub(crate) attempts: AtomicU32,
    /// How often something from outside killed the process that was at it.
    pub(crate) kills: AtomicU32,
    /// The place in `Verdict::ALL`, plus 1, of the bad verdict that it got beside other workers and is tried again
    /// for alone.
    pub(crate) suspected: AtomicU32,
    /// How many of its allocations a first run without a failure keeps for good; of a request to an allocator of the code's
    /// own, how many blocks any run without a failure does.
    pub(crate) retained: AtomicU32,
    /// Why it is not failed, as [`Quiet`] numbers it.
    pub(crate) quiet: AtomicU32,
    /// Of runs that count their requests: the number of the first one of this chain; 0 where none was met.
    pub(crate) first: AtomicI64,
    pub(crate) facts: UnsafeCell<Facts>,
    pub(crate) evidence: UnsafeCell<Evidence>,
}

/// How an attempt's body ended.
#[repr(u32)]
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum End {
    #[default]
    Unknown,
    Returned,
    Panicked,
    /// `handle_alloc_error` was reached.
    Infallible,
    /// The process called `abort`, by itself or through a panic that could not unwind.
    Aborted,
    /// The process exited by itself with `code`.
    Exited,
    /// Signal `code` killed it.
    Signalled,
    /// The time limit passed.
    Hung,
}

/// What the body gave back.
#[repr(u32)]
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Gave {
    #[default]
    Nothing,
    Value,
    Error,
}

/// A body's result, as far as it can be compared between processes.
#[repr(C)]
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Outcome {
    pub(crate) gave: Gave,
    /// Whether the error satisfies the sweep's expectation; true where none was stated.
    pub(crate) expected: bool,
    pub(crate) digest: u64,
    pub(crate) text: Span,
}

impl Outcome {
    /// Whether two runs gave the same.
    pub(crate) fn same_as(&self, other: &Outcome) -> bool {
        self.gave == other.gave && self.digest == other.digest
    }
}

/// The first panic of a run.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Panic {
    pub(crate) count: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
    /// Whether its location is the test's own code, as far as its file tells.
    pub(crate) in_test: bool,
    /// Where it stood, if only the function can tell whose code that is.
    pub(crate) frames: Span,
    pub(crate) file: Span,
    pub(crate) message: Span,
}

/// How a run without a failure went after the one with it.
#[repr(u32)]
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Retry {
    /// Not run: the attempt ended the process, or the body cannot be repeated in one process.
    #[default]
    NotRun,
    /// Begun and not finished: what ended the process ended the retry.
    Begun,
    Same,
    Different,
    Panicked,
}

/// What one injection showed.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Evidence {
    /// How many failures were delivered.
    pub(crate) fired: u32,
    pub(crate) end: End,
    /// Exit status or signal, by `end`.
    pub(crate) code: i32,
    pub(crate) retry: Retry,
    pub(crate) outcome: Outcome,
    pub(crate) retried: Outcome,
    pub(crate) panic: Panic,
    /// Chains whose allocations were never freed: a place in the pool of leaks.
    pub(crate) leaks: Span,
    /// Descriptors left open; negative if too many were closed.
    pub(crate) fds: i32,
    /// Threads left running.
    pub(crate) threads: i32,
    /// The name of the invariant that did not hold.
    pub(crate) invariant: Span,
    /// What was done to freed memory, or what an allocator of the code's own found damaged in itself, in words.
    pub(crate) damage: Span,
    /// What was taken from such an allocator and never given back, in words.
    pub(crate) lost: Span,
    /// The same, by chains that took it: a place in the pool of leaks.
    pub(crate) lost_by: Span,
    /// Mode `forbid`: where recovery allocated.
    pub(crate) forbidden: Span,
    /// The recovery arms that ran because of the failure, the one that ran last at the end.
    pub(crate) arms: Span,
    /// The same of a program that is swept from outside: their identities, in words.
    pub(crate) ran: Span,
    /// Where the run stood when its time was over, when it called `abort`, or when it used freed memory.
    pub(crate) stood_in: Span,
    /// The end of what it printed to its standard error.
    pub(crate) stderr: Span,
    /// The C library reported a damaged heap before it ended the process.
    pub(crate) heap_report: bool,
    /// The process it happened in had been forked where other threads may have held locks.
    pub(crate) doubtful: bool,
    /// The balance was off once, and not again when the failure was repeated.
    pub(crate) retained_once: bool,
}

/// Allocations of one chain that an attempt left behind.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Leak {
    pub(crate) chain: u32,
    pub(crate) count: u32,
    pub(crate) bytes: u64,
}

/// How far a recorder came.
pub(crate) mod finished {
    /// It found that a failure is not delivered at all: the allocator is not installed.
    pub(crate) const CANARY_FAILED: u32 = 1;
    /// The first run panicked.
    pub(crate) const PANICKED: u32 = 2;
    /// The first run returned; the second did not.
    pub(crate) const ONCE: u32 = 3;
    pub(crate) const TWICE: u32 = 4;
}

/// Where a campaign stands, as its header says.
pub(crate) mod stage {
    /// A base process has found the sweep.
    pub(crate) const ATTACHED: u32 = 1;
    /// The baseline is known.
    pub(crate) const EXPLORING: u32 = 2;
    /// Every chain of the plan has its evidence, or there is trouble.
    pub(crate) const FINISHED: u32 = 3;
}
