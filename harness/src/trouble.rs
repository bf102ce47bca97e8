//! Why a sweep could not be carried through, and what to do about it.

use std::fmt;

/// Why a sweep could not be carried through. None of these says anything about the recovery code.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Trouble {
    /// The program's allocator is not this crate's, and no fail point is met, so that nothing can be failed.
    NotInstalled,
    /// The body allocates nothing on its threads, and meets no fail point.
    NothingToFail,
    /// The body fails without a failure being injected.
    BaselineFails(String),
    /// The body did not return within the time for a run without a failure.
    BaselineHangs(String),
    /// Two runs without a failure gave different results.
    Unstable(String),
    /// The operating system refused what the explorer needs.
    Refused(String),
    /// There were more chains than the sweep has room for.
    TooManyChains(String),
    /// An option has a value that it does not take.
    BadOption(String),
    /// The replay token names a chain that this sweep does not meet.
    NotReplayed(String),
    /// The processes that explore died again and again.
    Lost(String),
    /// The test owns threads, which a fork would not carry: not told to users, the next explorer is tried.
    #[doc(hidden)]
    OwnsThreads(String),
}

impl Trouble {
    /// The number under which another process is told of it, and the text.
    pub(crate) fn to_record(&self) -> (u32, &str) {
        use Trouble::{
            BadOption, BaselineFails, BaselineHangs, Lost, NotInstalled, NotReplayed, NothingToFail, OwnsThreads,
            Refused, TooManyChains, Unstable,
        };
        match self {
            NotInstalled => (1, ""),
            NothingToFail => (2, ""),
            BaselineFails(text) => (3, text),
            BaselineHangs(text) => (4, text),
            Unstable(text) => (5, text),
            Refused(text) => (6, text),
            TooManyChains(text) => (7, text),
            BadOption(text) => (8, text),
            NotReplayed(text) => (9, text),
            Lost(text) => (10, text),
            OwnsThreads(text) => (11, text),
        }
    }

    /// What another process told under `number`; `None` if it told nothing.
    pub(crate) fn from_record(number: u32, text: String) -> Option<Trouble> {
        Some(match number {
            0 => return None,
            1 => Trouble::NotInstalled,
            2 => Trouble::NothingToFail,
            3 => Trouble::BaselineFails(text),
            4 => Trouble::BaselineHangs(text),
            5 => Trouble::Unstable(text),
            6 => Trouble::Refused(text),
            7 => Trouble::TooManyChains(text),
            8 => Trouble::BadOption(text),
            9 => Trouble::NotReplayed(text),
            11 => Trouble::OwnsThreads(text),
            _ => Trouble::Lost(text),
        })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::NotInstalled => f.write_str(
                "nothing was injected: the program's global allocator is not firsthit's, and the body reaches no fail \
                 point\n  help: put this into the crate that is tested, or into the test's file:\n\n    #[cfg(test)]\n    \
                 #[global_allocator]\n    static ALLOC: firsthit::Alloc = firsthit::Alloc::system();\n",
            ),
            Trouble::NothingToFail => f.write_str(
                "nothing was injected: the body made no allocation on its own threads and reached no fail point\n  \
                 help: call the code that allocates inside of the body; on a thread pool, enter a `firsthit::Handle` \
                 where the work runs; an optimised build may have removed allocations whose result nobody uses (return \
                 it, or use `std::hint::black_box`)",
            ),
            Trouble::BaselineFails(how) => {
                write!(f, "the body fails without a failure being injected: {how}\n  help: make it pass first")
            }
            Trouble::BaselineHangs(how) => write!(
                f,
                "the body did not return, without a failure being injected: {how}\n  help: a longer limit can be set \
                 with `time_limit` or FIRSTHIT_TIMEOUT_MS"
            ),
            Trouble::Unstable(how) => write!(
                f,
                "unstable: {how}\n  help: return only what is the same in every run (no addresses, times or orders of a \
                 HashMap), and seed what is random"
            ),
            Trouble::Refused(what) => f.write_str(what),
            Trouble::TooManyChains(what) => f.write_str(what),
            Trouble::BadOption(what) => f.write_str(what),
            Trouble::NotReplayed(what) => f.write_str(what),
            Trouble::Lost(what) => f.write_str(what),
            Trouble::OwnsThreads(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Trouble {}
