//! What became of one test's sweep, beside the outcomes of its chains.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::chains::chain_id::ChainId;
use crate::test_id::TestId;

/// One test that was swept, or could not be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Swept {
    pub(crate) test: TestId,
    /// The test binary's build id, in hexadecimal digits.
    pub(crate) build: String,
    pub(crate) ended: Ended,
    /// How its chains are found, in words.
    pub(crate) walker: String,
    /// Allocations of one run without a failure.
    pub(crate) allocations: u64,
    /// Runs without a failure until no new chain appeared.
    pub(crate) rounds: u32,
    /// The slowest run without a failure, in nanoseconds.
    pub(crate) nanos: u64,
    pub(crate) chains: Chains,
    /// At depth 2: the chains that are met only behind failures, once for each of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) second: Option<Second>,
    /// What else is to be known, a sentence an entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
}

/// How the sweep of a test ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Ended {
    /// Every planned chain was failed.
    Swept,
    /// It was stopped on the way: there are chains left.
    Stopped,
    /// It fails without a failure: how.
    BaselineFails(String),
    /// It does not end without a failure: where it stood.
    BaselineHangs(String),
    /// It differs from run to run: in what.
    Unstable(String),
    /// Failures are not delivered, or there is nothing to fail: why.
    NothingInjected(String),
    /// It could not be swept: why, and the cure.
    Refused(String),
}

/// The chains of a test by what was done with them.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Chains {
    /// All that its runs made.
    pub(crate) known: u32,
    /// Those that were to be failed in this run.
    pub(crate) planned: u32,
    /// Without a frame of the workspace's crates.
    pub(crate) out_of_scope: u32,
    /// Made by the test itself, not by the code that it tests.
    pub(crate) of_the_test: u32,
    /// Met only where nothing can be failed: inside of std's panics and backtraces.
    pub(crate) quiet: u32,
    /// In the ledger already, where only new ones are failed.
    pub(crate) seen_before: u32,
    /// Other shards'.
    pub(crate) other_shards: u32,
    /// Without a frame in what was changed (`--in-diff`), or not the one to be replayed.
    pub(crate) not_asked_for: u32,
}

/// Chains that are met only behind a failure, each counted behind every failure that leads to it.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Second {
    /// Those of the code under test that were met.
    pub(crate) met: u32,
    /// Those that were to be failed as well.
    pub(crate) planned: u32,
    /// Those that were not, as there were as many as may be (`--pairs-max`).
    pub(crate) left: u32,
    /// How many were met behind which first failure.
    pub(crate) behind: BTreeMap<ChainId, u32>,
}
