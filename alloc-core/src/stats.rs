//! What a machine has done, in numbers.

use crate::gfp::Gfp;
use crate::latency::{Latency, RequestClass};
use crate::sites::{SiteId, Sites};
use crate::units::Order;

/// Counts since the machine was built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests by order; those beyond [`Order::LIMIT`] count with it. The sum is the number of requests.
    pub orders: [u64; Order::LIMIT.index() + 1],
    /// Requests for pages that were made inside of named sites.
    pub sites: Sites,
    /// Requests that got their memory and had to, by policy: they cannot fail, or only as a victim.
    pub served_by_policy: u64,
    /// Requests that got their memory and might have failed.
    pub served_by_chance: u64,
    /// Requests that failed, injected failures included.
    pub failures: u64,
    /// Failures that a fault source ordered.
    pub injected: u64,
    /// Reports of failures and misuses that the kernel would have printed.
    pub warnings: u64,
    /// Passes of direct reclaim.
    pub direct_passes: u64,
    /// Passes of the background reclaimers.
    pub kswapd_passes: u64,
    /// Times that a sleeping background reclaimer was woken.
    pub kswapd_wakes: u64,
    /// Passes of compaction: a request of several pages, some of which can be moved, found none side by side.
    pub compactions: u64,
    /// Passes that brought a block together.
    pub compactions_served: u64,
    /// Pages that can be moved, and were looked at by such a pass.
    pub scanned: u64,
    /// Pages that were moved: by such a pass, or to other nodes by [`Vma::mbind`](crate::Vma::mbind).
    pub migrated: u64,
    /// Pages that were not, because somebody had their address, or there was no page to move them to.
    pub migrations_failed: u64,
    /// Times that a request had to sleep.
    pub sleeps: u64,
    /// Pages that came back to the free lists.
    pub freed_pages: u64,
    /// Free pages whose memory was given back to the host at the border of a budget: see [`NodePages::with_budget`](crate::NodePages::with_budget).
    pub given_back: u64,
    /// Times that this was done: each is a batch of several pages.
    pub given_back_batches: u64,
    /// Numbers that were given back and were no block of that order, or no longer.
    pub bad_frees: u64,
    /// Tasks that the OOM killer killed.
    pub kills: u64,
    /// Times that OOM notifiers gave memory back, and nobody was killed.
    pub kills_averted: u64,
    /// Kills although there were pages enough, only not side by side: what looping on a fragmented memory does.
    pub kills_with_free_memory: u64,
    /// Kills although a zone that was allowed could have served the request: there must be none, but for pages that another thread
    /// gives back between the last look and the kill, as in the kernel.
    pub premature_kills: u64,
    /// Times that the reaper took a victim's pages.
    pub reaped: u64,
    /// Times that a request looked again because its task's nodes had moved.
    pub mems_restarts: u64,
    /// Shrinkers that were called by a request inside of vmalloc whose caller had forbidden it.
    pub reclaims_beyond_caller: u64,
    /// Locks that were found to be held over reclaim and taken by reclaim, each once for a class.
    pub possible_deadlocks: u64,
    /// Requests for more than a page that had no fallback, where the policy looks for that: noted or refused.
    pub undisciplined: u64,
    /// Retry loops written by hand that were found: see [`Machine::retry_loops`](crate::Machine::retry_loops).
    pub retry_loops: u64,
    /// How long requests took.
    pub latency: Latency,
    /// Requests that were found to hang, and tasks that were found to wait for a lock for ever.
    pub hangs: u64,
}

/// How a request that is over counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tally {
    pub(crate) site: Option<SiteId>,
    pub(crate) class: RequestClass,
    pub(crate) steps: u32,
}

impl Tally {
    /// That of no request.
    pub(crate) const NONE: Tally = Tally { site: None, class: RequestClass::NoWait, steps: 0 };
}

impl Stats {
    /// Counts requests of an order that begin.
    pub(crate) fn count(&mut self, site: Option<SiteId>, order: Order, flags: Gfp, requests: u64) {
        self.orders[order.min(Order::LIMIT).index()] += requests;
        self.sites.count(site, order, flags, requests);
    }

    /// Requests in all.
    pub fn requests(&self) -> u64 {
        self.orders.iter().sum()
    }
}
