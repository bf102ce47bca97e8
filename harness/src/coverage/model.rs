//! All points of one program or of many, and what is known of them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use super::entry::Entry;
use super::id::PointId;
use super::state::State;

/// Points by their identities.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Model {
    pub(crate) entries: BTreeMap<PointId, Entry>,
}

/// How many there are of what.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Totals {
    pub(crate) sites: usize,
    /// Sites that were called.
    pub(crate) sites_reached: usize,
    /// Sites in which something was failed.
    pub(crate) sites_failed: usize,
    /// All arms, the excused ones included.
    pub(crate) arms: usize,
    /// Arms that are not excused, in the order of [`State::ALL`].
    pub(crate) states: [usize; State::ALL.len()],
    pub(crate) excused: usize,
}

impl Totals {
    /// Arms that ran because of a failure that ended well.
    pub(crate) fn tested(&self) -> usize {
        self.states[State::Tested as usize]
    }

    /// Arms that are to be tested.
    pub(crate) fn wanted(&self) -> usize {
        self.arms - self.excused
    }

    /// Tested arms of those that are to be, in per cent, rounded down.
    pub(crate) fn percent(&self) -> usize {
        (self.tested() * 100).checked_div(self.wanted()).unwrap_or(100)
    }
}

impl Model {
    /// Adds a point, or what is known of it.
    pub(crate) fn add(&mut self, id: PointId, entry: Entry) {
        match self.entries.entry(id) {
            Slot::Vacant(place) => {
                place.insert(entry);
            }
            Slot::Occupied(mut known) => known.get_mut().merge(entry),
        }
    }

    /// Adds what another model knows: the order in which models are added makes no difference.
    pub(crate) fn merge(&mut self, other: Model) {
        for (id, entry) in other.entries {
            self.add(id, entry);
        }
    }

    pub(crate) fn arms(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().filter(|entry| !entry.is_site())
    }

    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for entry in self.entries.values() {
            if entry.is_site() {
                totals.sites += 1;
                totals.sites_reached += usize::from(entry.tally.reached);
                totals.sites_failed += usize::from(entry.tally.injections() > 0);
                continue;
            }
            totals.arms += 1;
            if entry.is_excused() {
                totals.excused += 1;
            } else {
                totals.states[entry.state() as usize] += 1;
            }
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::sample::{Random, entry, id};

    /// Merging in any order and any grouping comes to the same.
    #[test]
    fn the_order_of_merging_makes_no_difference() {
        for seed in 1..200 {
            let mut random = Random(seed);
            let models: Vec<Model> = (0..6)
                .map(|_| {
                    let mut model = Model::default();
                    for _ in 0..random.below(12) {
                        model.add(id(random.below(8)), entry(&mut random));
                    }
                    model
                })
                .collect();
            let merged = |order: &mut dyn Iterator<Item = &Model>| {
                let mut sum = Model::default();
                order.for_each(|model| sum.merge(model.clone()));
                sum
            };
            let all = merged(&mut models.iter());
            assert_eq!(merged(&mut models.iter().rev()), all);
            let cut = random.below(7) as usize;
            let (left, right) = (merged(&mut models[..cut].iter()), merged(&mut models[cut..].iter()));
            assert_eq!(merged(&mut [&left, &right].into_iter()), all);
            assert_eq!(merged(&mut [&right, &left].into_iter()), all);
        }
    }
}
