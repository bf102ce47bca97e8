//! Call sites: the chains of named places that requests were made from, and the what was asked for there.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU32;

use crate::gfp::Gfp;
use crate::units::Order;

/// Requests by order; those beyond [`Order::LIMIT`] count with it.
pub(crate) type Orders = [u64; Order::LIMIT.index() + 1];

/// Chains that a machine tells apart. Requests of further ones count for the chain that they go on from.
const CHAINS_MAX: usize = 4096;

/// The number of a chain of sites, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct SiteId(NonZeroU32);

impl SiteId {
    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// One chain of sites: a site, and the chain that it was entered from.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Chain {
    name: &'static str,
    from: Option<SiteId>,
    orders: Orders,
    outcome: Outcome,
}

/// What is counted of a chain besides orders, and of requests outside of all sites.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) failures: u64,
    pub(crate) injected: u64,
    /// The most bytes that were asked for at once.
    pub(crate) bytes_max: usize,
    pub(crate) old_names: OldNames,
}

/// Requests that said KERNEL: see [`Machine::conversion`](crate::Machine::conversion).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct OldNames {
    pub(crate) pages: u64,
    pub(crate) objects: u64,
}

/// The requests that were made inside of named sites, by chain: see [`Machine::site`](crate::Machine::site).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sites {
    chains: Vec<Chain>,
    /// The chains by what they are.
    known: BTreeMap<(Option<SiteId>, &'static str), SiteId>,
    /// Outside of all sites.
    outside: Outcome,
}

/// The requests of one chain of sites.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SiteOrders {
    /// The names of the sites, outermost first.
    pub chain: Vec<&'static str>,
    /// Requests that were made right in the innermost one, by order; those beyond [`Order::LIMIT`] count with it.
    pub orders: [u64; Order::LIMIT.index() + 1],
    /// Requests of any kind that failed there, injected failures included. What the core itself makes up for counts as well:
    /// the first attempts of kvmalloc, and of caches that would like a larger slab.
    pub failures: u64,
    /// Failures that a fault source ordered.
    pub injected: u64,
    /// The most bytes that were asked for at once of vmalloc, or of kvmalloc if that was more than a page; whether they were
    /// given or not. Blocks of pages are told by their orders.
    pub bytes_max: usize,
}

impl SiteOrders {
    /// Requests in all.
    pub fn requests(&self) -> u64 {
        self.orders.iter().sum()
    }
}

impl fmt::Display for SiteOrders {
    /// The chain, and the numbers of requests of each order: `fsck > read_block: 12 of order 0, 1 of order 3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, name) in self.chain.iter().enumerate() {
            write!(f, "{}{name}", if place == 0 { "" } else { " > " })?;
        }
        let mut before = ": ";
        for (order, requests) in self.orders.iter().enumerate().filter(|(_, requests)| **requests > 0) {
            write!(f, "{before}{requests} of order {order}")?;
            before = ", ";
        }
        Ok(())
    }
}

impl Sites {
    /// Every chain that was entered, in the order in which they were entered first.
    pub fn chains(&self) -> impl Iterator<Item = SiteOrders> {
        self.chains.iter().map(|chain| {
            let Outcome { failures, injected, bytes_max, .. } = chain.outcome;
            SiteOrders { chain: self.path(chain), orders: chain.orders, failures, injected, bytes_max }
        })
    }

    /// The chain that asked for the most bytes at once; of several, the one that was entered first.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodePages};
    /// let machine = Machine::builder().node(NodePages::new(256)).build()?;
    /// for (site, bytes) in [("journal", 10_000), ("index", 90_000), ("names", 300)] {
    ///     let _site = machine.site(site);
    ///     drop(machine.kvmalloc(bytes, Gfp::KERNEL)?);
    /// }
    /// let largest = machine.stats().sites.largest().unwrap();
    /// assert_eq!((largest.chain, largest.bytes_max), (vec!["index"], 90_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn largest(&self) -> Option<SiteOrders> {
        self.chains()
            .filter(|chain| chain.bytes_max > 0)
            .reduce(|most, chain| if chain.bytes_max > most.bytes_max { chain } else { most })
    }

    /// Who asked for how much at once, as text: the most first, and equal ones in the order in which they were entered first; those
    /// that asked for nothing are left out.
    ///
    /// `index: at most 90000 bytes at once`
    pub fn by_size(&self) -> impl fmt::Display {
        let mut chains: Vec<_> = self.chains().filter(|chain| chain.bytes_max > 0).collect();
        chains.sort_by_key(|chain| core::cmp::Reverse(chain.bytes_max));
        let line =
            |chain: SiteOrders| format!("{}: at most {} bytes at once\n", chain.chain.join(" > "), chain.bytes_max);
        chains.into_iter().map(line).collect::<String>()
    }

    /// The names of the sites of a chain, outermost first.
    pub(crate) fn names_of(&self, chain: SiteId) -> Vec<&'static str> {
        self.chains.get(chain.index()).map_or(Vec::new(), |chain| self.path(chain))
    }

    fn path(&self, chain: &Chain) -> Vec<&'static str> {
        let at = |id: SiteId| self.chains.get(id.index());
        let chains = core::iter::successors(Some(chain), |chain| chain.from.and_then(at));
        let mut names: Vec<_> = chains.map(|chain| chain.name).collect();
        names.reverse();
        names
    }

    /// The chains with what is counted of each besides orders; outside of all sites is the chain without names.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (Vec<&'static str>, Outcome)> {
        let inside = self.chains.iter().map(|chain| (self.path(chain), chain.outcome));
        core::iter::once((Vec::new(), self.outside)).chain(inside)
    }

    /// The failures of all chains that a site is part of.
    pub(crate) fn failures_within(&self, name: &str) -> u64 {
        let within = self.outcomes().filter(|(names, _)| names.contains(&name));
        within.map(|(_, outcome)| outcome.failures).sum()
    }

    /// Writes the names of a chain's sites, innermost first, as many as there is room for, and says how many.
    pub(crate) fn names(&self, chain: Option<SiteId>, names: &mut [&'static str]) -> usize {
        let at = |id: SiteId| self.chains.get(id.index());
        let chains = core::iter::successors(chain.and_then(at), |chain| chain.from.and_then(at));
        names.iter_mut().zip(chains).map(|(name, chain)| *name = chain.name).count()
    }

    /// The chain that goes on from another one with a site. A site that calls itself is one.
    pub(crate) fn enter(&mut self, from: Option<SiteId>, name: &'static str) -> Option<SiteId> {
        if from.and_then(|from| self.chains.get(from.index())).is_some_and(|chain| chain.name == name) {
            return from;
        }
        if let Some(known) = self.known.get(&(from, name)) {
            return Some(*known);
        }
        let next = NonZeroU32::new(self.chains.len() as u32 + 1).filter(|_| self.chains.len() < CHAINS_MAX);
        let Some(id) = next.map(SiteId) else { return from };
        self.chains.push(Chain { name, from, orders: Orders::default(), outcome: Outcome::default() });
        self.known.insert((from, name), id);
        Some(id)
    }

    /// Counts requests for pages: of an order, with flags as their callers said them.
    pub(crate) fn count(&mut self, site: Option<SiteId>, order: Order, flags: Gfp, requests: u64) {
        if let Some(chain) = site.and_then(|site| self.chains.get_mut(site.index())) {
            chain.orders[order.min(Order::LIMIT).index()] += requests;
        }
        let outcome = self.outcome(site);
        outcome.old_names.pages += if flags.is_old_name() { requests } else { 0 };
    }

    /// Counts a failure.
    pub(crate) fn note_failure(&mut self, site: Option<SiteId>, injected: bool) {
        let outcome = self.outcome(site);
        outcome.failures += 1;
        outcome.injected += u64::from(injected);
    }

    /// Notes that so many bytes were asked for at once.
    pub(crate) fn note_bytes(&mut self, site: Option<SiteId>, bytes: usize) {
        let outcome = self.outcome(site);
        outcome.bytes_max = outcome.bytes_max.max(bytes);
    }

    /// Counts a request for an object that said KERNEL.
    pub(crate) fn note_object(&mut self, site: Option<SiteId>) {
        self.outcome(site).old_names.objects += 1;
    }

    fn outcome(&mut self, site: Option<SiteId>) -> &mut Outcome {
        match site.and_then(|site| self.chains.get_mut(site.index())) {
            Some(chain) => &mut chain.outcome,
            None => &mut self.outside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn row_003_chains_are_told_apart_and_recursion_is_not_a_chain_of_its_own() {
        let mut sites = Sites::default();
        let (outer, other) = (sites.enter(None, "outer"), sites.enter(None, "other"));
        let inner = sites.enter(outer, "inner");
        assert_ne!(inner, sites.enter(other, "inner"));
        assert_eq!((sites.enter(inner, "inner"), sites.enter(None, "outer")), (inner, outer));
        sites.count(inner, Order::ZERO, Gfp::KERNEL, 2);
        sites.count(inner, Order::new(40), Gfp::KERNEL, 1);
        sites.count(None, Order::ZERO, Gfp::KERNEL, 9);
        let texts: Vec<_> = sites.chains().map(|chain| chain.to_string()).collect();
        assert_eq!(texts, ["outer", "other", "outer > inner: 2 of order 0, 1 of order 18", "other > inner"]);
    }

    #[test]
    fn row_003_there_are_not_more_chains_than_can_be_told_apart() {
        let mut sites = Sites::default();
        let names = ["a", "b"];
        let deep = (0..2 * CHAINS_MAX).fold(None, |from, step| sites.enter(from, names[step % 2]));
        assert_eq!((sites.chains.len(), deep.map(SiteId::index)), (CHAINS_MAX, Some(CHAINS_MAX - 1)));
    }
}
