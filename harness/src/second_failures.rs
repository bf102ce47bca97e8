//! The coverage of depth 2: of the chains that are met behind a failure, how many failed there, too, and behind which arms.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering::{Acquire, Relaxed};

use crate::memory::campaign::Campaign;
use crate::memory::record::{Kind, NONE, Quiet, state};

/// What became of the pairs of a first failure and a chain that is met only behind it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct SecondFailures {
    /// How many pairs were met.
    pub met: usize,
    /// Those of which both failed in one run.
    pub failed: usize,
    /// Those that were tried, and of which the second chain was not met again.
    pub unreached: usize,
    /// Those that were not tried, since there were more than [`Sweep::pairs_max`](crate::Sweep::pairs_max), or the sweep was cut short.
    pub left: usize,
}

/// The pairs of a campaign, as far as they count.
fn pairs(campaign: &Campaign) -> impl Iterator<Item = (u32, SecondFailures)> {
    campaign.chains().iter().filter_map(|chain| {
        let facts = campaign.facts(chain).filter(|facts| facts.after != NONE && facts.request.kind != Kind::Spawn)?;
        let one = SecondFailures { met: 1, ..SecondFailures::default() };
        let counted = match chain.state.load(Acquire) {
            state::DONE if campaign.evidence(chain).fired > 1 => SecondFailures { failed: 1, ..one },
            state::DONE => SecondFailures { unreached: 1, ..one },
            state::SKIPPED if chain.quiet.load(Relaxed) == Quiet::OverLimit as u32 => SecondFailures { left: 1, ..one },
            state::EMPTY | state::SKIPPED => return None,
            _ => SecondFailures { left: 1, ..one },
        };
        Some((facts.after, counted))
    })
}

impl SecondFailures {
    /// Of all pairs of a campaign.
    pub(crate) fn of(campaign: &Campaign) -> SecondFailures {
        pairs(campaign).fold(SecondFailures::default(), |sum, (_, one)| sum.and(one))
    }

    /// By the recovery arms that ran because of the first failure, which is what the chains behind it are of.
    pub(crate) fn by_arm(campaign: &Campaign) -> BTreeMap<u32, SecondFailures> {
        let mut by_arm: BTreeMap<u32, SecondFailures> = BTreeMap::new();
        for (first, one) in pairs(campaign) {
            let Some(first) = campaign.chains().get(first as usize) else { continue };
            for arm in campaign.arms(campaign.evidence(first).arms) {
                let sum = by_arm.entry(arm).or_default();
                *sum = sum.and(one);
            }
        }
        by_arm
    }

    fn and(self, other: SecondFailures) -> SecondFailures {
        SecondFailures {
            met: self.met + other.met,
            failed: self.failed + other.failed,
            unreached: self.unreached + other.unreached,
            left: self.left + other.left,
        }
    }
}

impl fmt::Display for SecondFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SecondFailures { met, failed, unreached, left } = self;
        match met {
            0 => return f.write_str("no chain is met behind a failure alone"),
            1 => write!(f, "{failed} of 1 chain that is met behind a failure failed there, too")?,
            _ => write!(f, "{failed} of {met} chains that are met behind a failure failed there, too")?,
        }
        if *unreached > 0 {
            write!(f, ", {unreached} not met again")?;
        }
        if *left > 0 { write!(f, ", {left} left") } else { Ok(()) }
    }
}
