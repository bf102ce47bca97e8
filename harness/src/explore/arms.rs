//! The recovery arms that ran because of an injection, as its counts tell.

use std::sync::atomic::Ordering::Relaxed;

use crate::annotation::registry;
use crate::memory::campaign::Campaign;

/// Puts the arms that ran because of the failure into the evidence of the run that `slot` counted last.
///
/// An arm that ran behind the failure did so because of it if it was the first one to run, or ran more often than it
/// does without a failure.
pub(crate) fn note(campaign: &Campaign, slot: usize) {
    let counts = campaign.counts(slot).iter().zip(campaign.usual()).zip(registry::declared());
    let mut ran: Vec<(u32, u32)> = Vec::new();
    for (number, ((count, usual), declared)) in counts.enumerate() {
        if let Some(place) = count.last_after().filter(|_| !declared.point.kind.is_site())
            && (count.was_first() || count.ran.load(Relaxed) > usual.ran.load(Relaxed))
        {
            ran.push((place, number as u32));
        }
    }
    if ran.is_empty() {
        return;
    }
    ran.sort_unstable();
    let arms: Vec<u32> = ran.into_iter().map(|(_, number)| number).collect();
    let span = campaign.add_arms(&arms);
    campaign.header().slots[slot].update(|evidence| evidence.arms = span);
}
