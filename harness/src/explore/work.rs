//! What a worker does: it takes chains of the plan and fails one after the other.

use std::sync::atomic::Ordering::{Relaxed, Release};

use super::attempt::{Attempted, attempt};
use super::canary;
use super::coverage;
use super::process::Process;
use super::unix::OUTPUT_KEPT;
use crate::memory::campaign::Campaign;
use crate::memory::record::{Evidence, finished, state};
use crate::oracle::judge::judge;

impl Process<'_> {
    /// Fails chains of the plan, `most` at the most, until none is left that this process can take.
    pub(crate) fn work(&self, most: usize) {
        let slot = self.scope.slot();
        if !canary::sings(&self.scope) {
            slot.finished.store(finished::CANARY_FAILED, Release);
            return;
        }
        let campaign = self.session.campaign;
        let mut used = false;
        for _ in 0..most {
            let Some(claimed) = claim(campaign, self.scope.slot_number(), used) else { return };
            if let Some(capture) = self.capture {
                capture.clear();
            }
            let go_on = self.fail(claimed, used);
            // What follows may kill this process.
            coverage::hand_over(campaign);
            slot.chain.store(0, Release);
            used = true;
            if !go_on {
                return;
            }
        }
    }

    /// Fails a chain and writes down what came of it; false if this process should not be used again.
    pub(crate) fn fail(&self, claimed: Claimed, used: bool) -> bool {
        let campaign = self.session.campaign;
        let chain = &campaign.chains()[claimed.number as usize];
        match attempt(self, claimed.number, claimed.account) {
            Attempted::NotMet if used => chain.state.store(state::PLANNED_FRESH, Release),
            Attempted::NotMet => campaign.complete(chain, Evidence::default()),
            Attempted::Unbalanced => chain.state.store(state::PLANNED_ACCOUNT, Release),
            Attempted::Complete(mut evidence) => {
                let baseline = campaign.header().baseline();
                let good = judge(&evidence, &baseline.outcome).is_good();
                if let (false, Some(capture)) = (good, self.capture) {
                    evidence.stderr = campaign.add_text(&capture.tail(OUTPUT_KEPT));
                }
                campaign.complete(chain, evidence);
                return good && !claimed.account && baseline.repeatable;
            }
        }
        campaign.header().baseline().repeatable
    }
}

/// A chain that this process is to fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claimed {
    pub(crate) number: u32,
    pub(crate) account: bool,
}

/// Takes the next chain of the plan; a process that has run the body before leaves those that need a fresh one.
pub(crate) fn claim(campaign: &Campaign, slot: usize, used: bool) -> Option<Claimed> {
    let chains = campaign.chains();
    let begin = campaign.header().cursor.load(Relaxed) as usize;
    let order = (0..chains.len()).map(|step| (begin + step) % chains.len());
    let wanted: &[u32] =
        if used { &[state::PLANNED] } else { &[state::PLANNED_FRESH, state::PLANNED_ACCOUNT, state::PLANNED] };
    for number in order {
        let chain = &chains[number];
        let found = chain.state.load(Relaxed);
        if wanted.contains(&found) && chain.state.compare_exchange(found, state::RUNNING, Release, Relaxed).is_ok() {
            let this = &campaign.header().slots[slot];
            chain.slot.store(slot as u32, Relaxed);
            chain.attempts.fetch_add(1, Relaxed);
            this.update(|evidence| *evidence = Evidence::default());
            this.chain.store(number as u32 + 1, Release);
            campaign.header().cursor.store(number as u32 + 1, Relaxed);
            return Some(Claimed { number: number as u32, account: found == state::PLANNED_ACCOUNT });
        }
    }
    None
}
