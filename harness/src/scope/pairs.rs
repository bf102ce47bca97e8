//! Pairs of chains: one that failed, and one of recovery code that is met behind that failure. Depth 2 fails each pair once.

use super::shared::Scope;
use crate::chain::id::Id;
use crate::memory::campaign::Campaign;
use crate::memory::record::{Chain, Facts, Kind, NONE, Quiet, state};
use crate::memory::seen::Inserted;

use std::sync::atomic::Ordering::Relaxed;

/// By what a chain is told from all others of the plan: its own identity, and behind a failure that of the chain that failed.
pub(crate) fn key(campaign: &Campaign, facts: &Facts) -> Id {
    let first = campaign.chains().get(facts.after as usize).and_then(|chain| campaign.facts(chain));
    first.map_or(facts.id, |first| Id::EMPTY.with(first.id.lo).with(first.id.hi).with(facts.id.lo).with(facts.id.hi))
}

impl Scope {
    /// Whether `chain` is the next to fail. A chain of recovery code has a record for each failure that it is met behind, of
    /// which a walk finds any.
    pub(crate) fn is_target(&self, chain: u32) -> bool {
        let target = self.target();
        chain == target || self.fired() == 1 && target != NONE && self.are_one(chain, target)
    }

    fn are_one(&self, one: u32, other: u32) -> bool {
        let [one, other] = [one, other].map(|number| self.campaign.chains().get(number as usize));
        let id = |chain: Option<&Chain>| chain.and_then(|chain| self.campaign.facts(chain)).map(|facts| facts.id);
        id(one).is_some_and(|id_of_one| id(other) == Some(id_of_one))
    }

    /// Reports that a chain is met behind the first failure, if only recovery code meets it, and nobody has met it behind this one.
    pub(crate) fn note_pair(&self, chain: u32) {
        if !self.deep || self.fired() != 1 {
            return;
        }
        let Some(known) = self.campaign.chains().get(chain as usize) else { return };
        let Some(facts) = self.campaign.facts(known) else { return };
        let first = self.first_target();
        let quiet = known.quiet.load(Relaxed);
        // What was met in a retry, or behind two failures, was not reported then.
        let was_late = quiet == Quiet::RecoveryOnly as u32;
        let is_beside = facts.after == NONE || facts.request.kind == Kind::Spawn;
        let is_quiet = [Quiet::Panicking, Quiet::Backtrace, Quiet::Nofail].iter().any(|reason| quiet == *reason as u32);
        if is_beside || is_quiet || facts.after == first && !was_late {
            return;
        }
        let facts = Facts { after: first, ..facts };
        let key = key(&self.campaign, &facts);
        let is_new = || !matches!(self.remembers(key, chain), Inserted::Present(_));
        if self.campaign.stable().find(key).is_none() && is_new() {
            // A second record of one pair is found out by the director. Where there is no room, the campaign says so.
            let _ = self.campaign.add_chain(state::FOUND, Quiet::No, facts);
        }
    }
}
