//! What is to be explained: one injection, what was seen after it, and the line that shows it again.

use crate::symbols::Symbol;
use crate::verdict::Verdict;

/// A call chain, innermost function first, inlined functions expanded.
pub(crate) type Chain = Vec<Symbol>;

/// One injection and what it showed.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) verdict: Verdict,
    /// What failed.
    pub(crate) failed: What,
    /// Where it stood.
    pub(crate) chain: Chain,
    /// Where the thread was spawned that asked, if the test spawned it.
    pub(crate) spawned_by: Option<Chain>,
    /// The second chain that failed, inside the recovery from the first.
    pub(crate) second: Option<Chain>,
    /// What failed there, if it is no request of Rust's memory.
    pub(crate) second_failed: Option<What>,
    /// What was seen, a fact an entry; an entry may have several lines.
    pub(crate) evidence: Vec<String>,
    pub(crate) leaks: Vec<Leak>,
    /// Where it stood when its time was over, or where it used freed memory.
    pub(crate) stood: Option<Chain>,
    /// Where it allocated again although that was forbidden.
    pub(crate) forbidden: Option<Chain>,
    /// The command that repeats this injection and no other.
    pub(crate) replay: String,
}

/// What failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// A request of memory.
    Request(Request),
    Point(Point),
    /// A request to an allocator of the code's own, in words.
    Told(String),
}

/// An alternative of a fail point.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Point {
    pub(crate) name: String,
    /// The alternative's number, from 1.
    pub(crate) number: usize,
    /// How many the point has.
    pub(crate) count: usize,
    /// What it returns, as the source has it.
    pub(crate) text: String,
}

/// What was asked of the allocator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    /// Bytes asked for; for [`Kind::Realloc`], bytes there were.
    pub(crate) size: usize,
    pub(crate) align: usize,
    /// Bytes asked for by [`Kind::Realloc`].
    pub(crate) new_size: usize,
}

/// The allocator's function that was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Alloc,
    AllocZeroed,
    Realloc,
}

/// Memory that was never released, by where it was allocated.
#[derive(Clone, Debug)]
pub(crate) struct Leak {
    pub(crate) bytes: usize,
    /// How many allocations the bytes are in.
    pub(crate) count: usize,
    pub(crate) chain: Chain,
}
