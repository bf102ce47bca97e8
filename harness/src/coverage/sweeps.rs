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
    count(campaign, injections, &mut tallies);
}

/// Counts the chains of each call, and the injections in it and those that an arm ran under.
fn count<'a>(campaign: &Campaign, injections: impl Iterator<Item = Injection<'a>>, tallies: &mut [Tally]) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::id::Id;
    use crate::memory::campaign::Sizes;
    use crate::memory::record::{NONE, Request, Span, state};

    #[test]
    fn what_was_not_failed_counts_for_no_point() {
        let campaign = Campaign::create(1024, Sizes { coverage: 0, points: 3 }).unwrap();
        let facts = |site| Facts {
            id: Id::EMPTY,
            frames: Span::default(),
            request: Request::default(),
            spawned_by: NONE,
            after: NONE,
            point: [Span::default(); 2],
            site,
        };
        for (quiet, site) in [(Quiet::No, 0), (Quiet::Duplicate, 0), (Quiet::No, 2), (Quiet::No, NONE)] {
            campaign.add_chain(state::PLANNED, quiet, facts(site)).unwrap();
        }
        let arms = campaign.add_arms(&[1]);
        let failed = Evidence { fired: 1, arms, ..Evidence::default() };
        let not_met = Evidence { fired: 0, ..failed };
        let (first, third) = (facts(0), facts(2));
        let injections = [
            (&first, &failed, Verdict::Recovered),
            (&third, &not_met, Verdict::Unreached),
            (&first, &failed, Verdict::Leaked),
        ];
        let mut tallies =
            [const { Tally { reached: false, ran: false, hits: 0, chains: 0, verdicts: [0; Verdict::ALL.len()] } }; 3];
        count(&campaign, injections.into_iter(), &mut tallies);
        assert_eq!(tallies.each_ref().map(|tally| (tally.chains, tally.injections())), [(1, 2), (0, 2), (1, 0)]);
        assert!(tallies[1].ended_well());
    }
}
