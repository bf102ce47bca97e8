//! Call sites: the chains of named places that requests were made from, and the orders that were asked for there.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU32;

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
}

/// The requests that were made inside of named sites, by chain: see [`Machine::site`](crate::Machine::site).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sites {
    chains: Vec<Chain>,
    /// The chains by what they are.
    known: BTreeMap<(Option<SiteId>, &'static str), SiteId>,
}

/// The requests of one chain of sites.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SiteOrders {
    /// The names of the sites, outermost first.
    pub chain: Vec<&'static str>,
    /// Requests that were made right in the innermost one, by order; those beyond [`Order::LIMIT`] count with it.
    pub orders: [u64; Order::LIMIT.index() + 1],
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
            let mut names = Vec::from([chain.name]);
            let mut from = chain.from;
            while let Some(outer) = from.and_then(|id| self.chains.get(id.index())) {
                names.push(outer.name);
                from = outer.from;
            }
            names.reverse();
            SiteOrders { chain: names, orders: chain.orders }
        })
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
        self.chains.push(Chain { name, from, orders: Orders::default() });
        self.known.insert((from, name), id);
        Some(id)
    }

    /// Counts requests of an order.
    pub(crate) fn count(&mut self, site: Option<SiteId>, order: Order, requests: u64) {
        if let Some(chain) = site.and_then(|site| self.chains.get_mut(site.index())) {
            chain.orders[order.min(Order::LIMIT).index()] += requests;
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
        sites.count(inner, Order::ZERO, 2);
        sites.count(inner, Order::new(40), 1);
        sites.count(None, Order::ZERO, 9);
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
