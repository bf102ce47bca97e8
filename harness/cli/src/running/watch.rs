//! A test that is swept for one chain: whether it is met, what came of it, and which others are near to it.

use std::cell::RefCell;

use crate::chains::chain_id::ChainId;
use crate::chains::frame::{Frame, Owner};
use crate::chains::named::Named;
use crate::results::outcome::Outcome;
use crate::running::sweep::{Choice, Listener};

/// The innermost frame of the workspace.
pub(super) fn innermost(chain: &[Frame]) -> Option<&Frame> {
    chain.iter().find(|frame| frame.owner == Owner::Workspace)
}

/// Has only the recorded chain failed, and hears what is near to it.
pub(super) struct Watch<'a> {
    pub(super) recorded: &'a Outcome,
    /// Whether nothing is failed at all.
    pub(super) records_only: bool,
    pub(super) jobs: usize,
    pub(super) heard: RefCell<Heard>,
}

/// What was heard of a sweep.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) is_met: bool,
    /// The chains with the same innermost function of the workspace.
    pub(super) near: Vec<(ChainId, Named)>,
    /// With what was printed.
    pub(super) seen: Option<(Outcome, String)>,
}

impl Listener for Watch<'_> {
    fn choose(&self, id: ChainId, named: &Named) -> Choice {
        let mut heard = self.heard.borrow_mut();
        if id == self.recorded.id {
            heard.is_met = true;
            return if self.records_only { Choice::NotAskedFor } else { Choice::Fail };
        }
        if self.recorded.behind.as_ref().is_some_and(|first| first.id == id) {
            // Without the first failure nothing is met behind it.
            return Choice::Fail;
        }
        let function = |chain| innermost(chain).map(|frame| &frame.function);
        let own = function(&self.recorded.chain);
        if own.is_some() && function(&named.frames) == own {
            heard.near.push((id, named.clone()));
        }
        Choice::NotAskedFor
    }

    fn workers(&self) -> usize {
        self.jobs
    }

    fn planned(&self, _: usize) {}

    fn outcome(&self, outcome: Outcome, printed: &str) {
        if outcome.id == self.recorded.id {
            self.heard.borrow_mut().seen = Some((outcome, printed.to_owned()));
        }
    }
}
