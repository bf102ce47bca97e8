//! What is counted of one point.

use crate::verdict::Verdict;

/// What runs and injections have shown of one point: sums and flags, which merge in any order.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Tally {
    /// Something evaluated what the arm deals with, or made the call.
    pub(crate) reached: bool,
    /// The arm ran, whatever the reason.
    pub(crate) ran: bool,
    /// How often one run of each sweep's body passes it without a failure: the call is made, or the arm runs.
    pub(crate) hits: u64,
    /// For a call: the chains that were first met in it.
    pub(crate) chains: u64,
    /// The verdicts of the injections in this call, or of those that the arm ran under, in the order of
    /// [`Verdict::ALL`].
    pub(crate) verdicts: [u64; Verdict::ALL.len()],
}

impl Tally {
    /// Adds what was counted elsewhere.
    pub(crate) fn merge(&mut self, other: &Tally) {
        self.reached |= other.reached;
        self.ran |= other.ran;
        self.hits = self.hits.saturating_add(other.hits);
        self.chains = self.chains.saturating_add(other.chains);
        for (sum, count) in self.verdicts.iter_mut().zip(other.verdicts) {
            *sum = sum.saturating_add(count);
        }
    }

    /// Adds an injection with this verdict.
    pub(crate) fn add(&mut self, verdict: Verdict) {
        if let Some(place) = Verdict::ALL.iter().position(|known| *known == verdict) {
            self.verdicts[place] = self.verdicts[place].saturating_add(1);
        }
    }

    /// The verdicts there were, and how many of each.
    pub(crate) fn verdicts(&self) -> impl Iterator<Item = (Verdict, u64)> + '_ {
        Verdict::ALL.into_iter().zip(self.verdicts).filter(|(_, count)| *count > 0)
    }

    /// How many injections there were.
    pub(crate) fn injections(&self) -> u64 {
        self.verdicts().fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Whether an injection ended well.
    pub(crate) fn ended_well(&self) -> bool {
        self.verdicts().any(|(verdict, _)| verdict.is_good())
    }
}
