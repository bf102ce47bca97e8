//! Made-up outcomes and sweeps for tests.

use camino::Utf8PathBuf;
use firsthit::Verdict;

use crate::chains::chain_id::ChainId;
use crate::chains::frame::{Frame, Owner};
use crate::results::outcome::{Asked, Outcome, Request};
use crate::results::swept::{Chains, Ended, Swept};
use crate::test_id::TestId;

pub(crate) fn test_id(name: &str) -> TestId {
    TestId { binary: "demo".to_owned(), name: name.to_owned() }
}

/// An identity with the number in its first digits, as hashes have theirs everywhere.
pub(crate) fn chain_id(number: u128) -> ChainId {
    ChainId(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
}

pub(crate) fn frame(function: &str, file: &str, line: u32, owner: Owner) -> Frame {
    Frame { function: function.to_owned(), file: Some(Utf8PathBuf::from(file)), line: Some(line), column: None, owner }
}

/// A push in the given line of `demo::store::insert`, behind a function of std.
pub(crate) fn outcome(test: &str, chain: u128, verdict: Verdict) -> Outcome {
    let by = frame("demo::store::insert", "src/store.rs", 12, Owner::Workspace);
    Outcome {
        id: chain_id(chain),
        test: test_id(test),
        verdict,
        build: "b1".to_owned(),
        request: Request { function: "malloc".to_owned(), size: 64, align: 0, old_size: 0 },
        chain: vec![
            frame("alloc::vec::Vec<T,A>::push", "/rustc/library/alloc/src/vec/mod.rs", 2500, Owner::Std),
            by.clone(),
            frame("demo::load", "src/lib.rs", 40, Owner::Workspace),
        ],
        spawned_by: Vec::new(),
        behind: None,
        asked: Some(Asked { function: "Vec::push".to_owned(), fallible: false, by: Some(by) }),
        panic: None,
        stood: Vec::new(),
        leaks: Vec::new(),
        arms: Vec::new(),
        evidence: vec![format!("chain {chain} ended")],
        second_opinion: None,
    }
}

pub(crate) fn swept(test: &str, planned: u32) -> Swept {
    Swept {
        test: test_id(test),
        build: "b1".to_owned(),
        ended: Ended::Swept,
        walker: "frame pointers".to_owned(),
        allocations: 100,
        rounds: 2,
        nanos: 1_000,
        chains: Chains { known: planned, planned, ..Chains::default() },
        second: None,
        notes: Vec::new(),
    }
}
