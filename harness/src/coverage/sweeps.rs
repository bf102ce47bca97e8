//! What the sweeps of this process have shown of its points.

use std::sync::Mutex;
use std::sync::atomic::Ordering::{Acquire, Relaxed};

use super::tally::Tally;
use crate::annotation::registry::{self, Declared};
use crate::memory::campaign::Campaign;
use crate::memory::record::{Evidence, Facts, Kind, Quiet};
use crate::verdict::Verdict;

/// One of each point, at its number; empty until a sweep is over.
static TALLIES: Mutex<Vec<Tally>> = Mutex::new(Vec::new());

/// One injection: what was failed, what was seen, and what that is called.
pub(crate) type Injection<'a> = (&'a Facts, &'a Evidence, Verdict);

/// Adds what a campaign that is over has counted.
pub(crate) fn take<'a>(campaign: &Campaign, injections: impl Iterator<Item = Injection<'a>>) {
    let declared = registry::declared();
    if declared.is_empty() {
        return;
    }
    for (Declared { point, .. }, passed) in declared.iter().zip(campaign.passed()) {
        point.cell.seen.fetch_or(passed.load(Relaxed), Relaxed);
    }
    let Ok(mut tallies) = TALLIES.lock() else { return };
    tallies.resize(declared.len(), Tally::default());
    for (tally, usual) in tallies.iter_mut().zip(campaign.usual()) {
        tally.hits += u64::from(usual.passed.load(Relaxed));
    }
    for chain in campaign.chains() {
        let duplicate = chain.quiet.load(Acquire) == Quiet::Duplicate as u32;
        let facts = campaign.facts(chain).filter(|facts| facts.request.kind != Kind::Spawn && !duplicate);
        if let Some(tally) = facts.and_then(|facts| tallies.get_mut(facts.site as usize)) {
            tally.chains += 1;
        }
    }
    for (facts, evidence, verdict) in injections.filter(|(_, evidence, _)| evidence.fired > 0) {
        for point in campaign.arms(evidence.arms).into_iter().chain([facts.site]) {
            if let Some(tally) = tallies.get_mut(point as usize) {
                tally.add(verdict);
            }
        }
    }
}

/// What has been counted of each point; `None` if the process ends while another thread counts.
pub(crate) fn counted() -> Option<Vec<Tally>> {
    TALLIES.try_lock().ok().map(|tallies| tallies.clone())
}
