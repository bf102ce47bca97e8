//! What came of one chain's failure, as the ledger keeps it and reports tell it.

use camino::Utf8PathBuf;
use firsthit::Verdict;
use serde::{Deserialize, Serialize};

use crate::chains::chain_id::ChainId;
use crate::chains::frame::Frame;
use crate::results::second_opinion::SecondOpinion;
use crate::results::verdict_word;
use crate::test_id::TestId;

/// One chain of one test, and what its failure showed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) id: ChainId,
    pub(crate) test: TestId,
    #[serde(with = "verdict_word")]
    pub(crate) verdict: Verdict,
    /// The identity of the build: the test binary's build id, in hexadecimal digits.
    pub(crate) build: String,
    pub(crate) request: Request,
    /// Innermost first, from the allocator's caller to the outermost function of the workspace.
    pub(crate) chain: Vec<Frame>,
    /// The same of the place that spawned the thread, if the workspace's code did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) spawned_by: Vec<Frame>,
    /// Of a second failure: the first one, behind which alone the chain is met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) behind: Option<First>,
    /// The function of std that was asked, and whether it can report a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<Asked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) panic: Option<Panic>,
    /// Where it stood when it hung, called abort, or used freed memory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stood: Vec<Frame>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) leaks: Vec<Leak>,
    /// The recovery arms of annotated code that ran because of the failure, by their identities.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) arms: Vec<String>,
    /// What was seen, a fact an entry; an entry may have several lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) evidence: Vec<String>,
    /// Of a finding: what a fresh process showed of the same failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) second_opinion: Option<SecondOpinion>,
}

impl Outcome {
    /// Whether somebody was asked again, and did not see the same.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        self.second_opinion.as_ref().is_some_and(|opinion| !opinion.confirms())
    }

    /// What was seen, and what the second opinion says where it does not confirm it, an entry each.
    pub(crate) fn facts(&self) -> Vec<String> {
        let doubt = self.second_opinion.as_ref().filter(|opinion| !opinion.confirms());
        self.evidence.iter().cloned().chain(doubt.map(SecondOpinion::sentence)).collect()
    }
}

/// A failure before the one that an outcome is of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct First {
    pub(crate) id: ChainId,
    pub(crate) request: Request,
    /// As of an outcome.
    pub(crate) chain: Vec<Frame>,
}

/// What was asked of the allocator when the chain was first met.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    /// The allocator's function: `malloc`, `calloc`, `realloc`, …
    pub(crate) function: String,
    /// Bytes that were asked for.
    pub(crate) size: u64,
    /// Bytes; 0 where the function takes none.
    pub(crate) align: u64,
    /// Of a reallocation: the bytes there were.
    #[serde(default)]
    pub(crate) old_size: u64,
}

/// The function of std through which memory was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// Its name as people say it: `Vec::push`.
    pub(crate) function: String,
    /// Whether its callers can see a failure.
    pub(crate) fallible: bool,
    /// The line of the nearest caller in the workspace.
    pub(crate) by: Option<Frame>,
}

/// The first panic behind the failure.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Panic {
    pub(crate) file: Option<Utf8PathBuf>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    /// What it said, as far as it was printed.
    pub(crate) message: Option<String>,
    /// Whether it is the test's own: its code stopped on what it was given.
    pub(crate) in_test: bool,
}

/// Memory that nothing refers to any more.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Leak {
    pub(crate) bytes: u64,
    /// In how many allocations.
    pub(crate) count: u64,
    /// Where they were made.
    pub(crate) chain: Vec<Frame>,
}
