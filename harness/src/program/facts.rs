//! What a program's sweep tells who follows it: how far it is, what runs are like, its chains, and what came of each.

use std::path::PathBuf;

/// How far a program's sweep has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// The program has not come to its `main`.
    Starting,
    /// It runs without a failure.
    Recording,
    /// What is planned is failed.
    Exploring,
    /// Nothing more happens.
    Finished,
}

/// A return address: which module it lies in, and how far behind that module's load base, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Address {
    /// The number of one of [`Followed::modules`]; `None` for code outside of any.
    pub module: Option<usize>,
    /// In bytes.
    pub offset: u64,
}

/// A file with code that the program has loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Module {
    /// Of its build id.
    pub build: u64,
    /// Where it was loaded from.
    pub path: PathBuf,
}

/// What runs without a failure are like.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Baseline {
    /// The status that they exit with.
    pub status: i32,
    /// The end of what they print, where the status is not 0.
    pub printed: String,
    /// Allocations of one run.
    pub allocations: u64,
    /// How many there were until no new chain appeared.
    pub rounds: u32,
    /// Whether that came to pass: if not, which chains there are differs from run to run.
    pub settled: bool,
    /// The slowest.
    pub nanos: u64,
    /// Threads beside the first.
    pub threads: u32,
    /// How chains are found.
    pub walker: &'static str,
}

/// The allocator's function that was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Function {
    /// `malloc`, or with an alignment its kin.
    Malloc,
    /// `calloc`.
    Calloc,
    /// `realloc`.
    Realloc,
    /// None: the place where a thread was spawned.
    Spawn,
}

/// One call chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chain {
    /// The same in every process of one build.
    pub id: [u64; 2],
    /// Return addresses, innermost first, recursion collapsed.
    pub frames: Vec<Address>,
    /// What it ends in.
    pub function: Function,
    /// Bytes that were asked for.
    pub size: u64,
    /// In bytes; 0 where none was asked for.
    pub align: u64,
    /// The number of the chain that spawned its thread.
    pub spawned_by: Option<usize>,
    /// Why it cannot be failed, if it cannot.
    pub quiet: bool,
}

/// Where a chain stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Being written.
    Unknown,
    /// [`Followed::plan`] or [`Followed::leave_out`] decide on it.
    Proposed,
    /// To be failed, or being failed.
    Planned,
    /// Not to be failed.
    LeftOut,
    /// Met only behind a failure, or a second record of another one: no chain of runs without a failure.
    Beside,
    /// [`Followed::evidence`] tells what came of it.
    Done,
}

/// How a run with a failure ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The failure was not delivered: the chain was not met.
    NotMet,
    /// It exited with this status.
    Exited(i32),
    /// It ended with this status past all that runs when a program exits, by `_exit`.
    Left(i32),
    /// It called `abort`.
    Aborted,
    /// This signal killed it.
    Killed(i32),
    /// Its time was over.
    Hung,
    /// It ended, and nobody knows how.
    Untold,
}

/// What was seen of one failure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// How the run ended.
    pub ending: Ending,
    /// How many panics were raised behind the failure.
    pub panics: u32,
    /// Where the first of them was raised, innermost first.
    pub panicked_in: Vec<Address>,
    /// Where it stood when it aborted or hung, or used freed memory.
    pub stood_in: Vec<Address>,
    /// Descriptors left open beyond those of runs without a failure.
    pub descriptors: u32,
    /// Memory that nothing refers to any more: the chain that made it, in how many blocks, and their bytes.
    pub leaks: Vec<(usize, u32, u64)>,
    /// What was done to memory that had been freed behind the failure, in words; empty if nothing was.
    pub damage: String,
    /// The end of what it printed.
    pub printed: String,
    /// The C library found its heap damaged.
    pub heap_report: bool,
    /// The recovery arms that ran with the failure and do not run without one, by their identities; none of a run with very
    /// many.
    pub arms: Vec<String>,
}
