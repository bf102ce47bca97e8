//! The front door of a machine's requests: a fault source that asks what every other door asks.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use ::alloc_core::{Capability, FaultSource, Gfp, Site};

use super::mark;
use crate::chain::id::Id;
use crate::inject::decision::{goes_on, note_forbidden, strikes};
use crate::memory::record::NONE;
use crate::scope::armed;
use crate::scope::shared::phase;
use crate::scope::thread::{self, ThreadScope};
use crate::scope::tip::Told;

/// The fault source of machines whose requests are to fail in sweeps: each call chain once, on its first hit.
///
/// A failed request ends with `AllocError::Injected` before any work is done. Requests with NOFAIL pass, and the report
/// counts them; [`Source::inject_nofail`] fails them, too. Outside of a sweep, and on threads that belong to none, a
/// request costs one load more.
///
/// ```
/// use alloc_core::{Gfp, Machine, NodePages, Order};
/// let machine = Machine::builder().node(NodePages::new(256)).faults(firsthit::alloc_core::source()).build()?;
/// assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok(), "there is no sweep here");
/// # Ok::<(), alloc_core::BuildError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Source {
    nofail: bool,
}

/// A new [`Source`], as a machine's builder takes it.
pub fn source() -> Arc<Source> {
    Arc::new(Source::default())
}

impl Source {
    /// The same, which fails requests with NOFAIL as well: their callers were promised otherwise.
    #[must_use]
    pub fn inject_nofail(self) -> Source {
        Source { nofail: true }
    }
}

impl FaultSource for Source {
    fn gate(&self) -> &'static AtomicU32 {
        armed::word()
    }

    fn fails(&self, site: &Site<'_>) -> bool {
        ask(site, site.flags.contains(Gfp::NOFAIL) && !self.nofail)
    }

    fn mark(&self, site: &Site<'_>) -> u32 {
        let chain = thread::observed().map_or(NONE, |(thread, _)| thread.told.replace(NONE));
        mark::number(chain, site.asking)
    }
}

/// Whether a request fails.
///
/// Never inlined: it is the frame that every chain begins behind.
#[inline(never)]
fn ask(site: &Site<'_>, nofail: bool) -> bool {
    let Some((thread, phase)) = thread::observed().filter(|(thread, _)| !thread.makes_failure.get()) else {
        return false;
    };
    if phase == phase::CANARY {
        return true;
    }
    note_forbidden(thread, phase);
    let mut chain = NONE;
    if phase == phase::WALK || phase == phase::AFTER {
        // Behind the failure, too: a block that the recovery took and lost is told of with its chain.
        let door = site.capability.as_str();
        let told = || Told { door: stable(door), text: text(site), nofail };
        chain = thread.chain_to(thread.walked_here(), door.as_ptr().addr() as u64, u32::from(nofail), told);
    }
    thread.told.set(chain);
    let fails = !nofail && is_to_fail(thread, phase, chain);
    if fails {
        thread.failed.set(true);
    }
    fails
}

fn is_to_fail(thread: &ThreadScope, phase: u32, chain: u32) -> bool {
    let may_be_the_target = phase == phase::WALK || phase == phase::AFTER && thread.scope.deep;
    may_be_the_target && thread.scope.minds(chain) && strikes(thread, phase, chain) || goes_on(thread, phase)
}

/// The same number for a door in every process and build.
fn stable(door: &str) -> u64 {
    door.bytes().map(u64::from).fold(Id::EMPTY, Id::with).lo
}

/// What is asked for, as kernel code would write it.
fn text(site: &Site<'_>) -> String {
    let (door, flags) = (site.capability.as_str(), site.flags);
    match site.capability {
        Capability::PageAlloc => format!("{door}(order {}, {flags})", site.order.get()),
        // The classes of kmalloc are caches of their own.
        Capability::Slab => format!("{door}({}, {flags})", site.cache.map_or("a cache", |cache| cache.name)),
        // A transfer has no flags.
        Capability::SwapIo => format!("{door}({} bytes)", site.size),
        _ => format!("{door}({} bytes, {flags})", site.size),
    }
}
