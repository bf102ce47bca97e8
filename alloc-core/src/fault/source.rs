//! The hook: who is asked, before any work, whether a request shall fail.

use core::sync::atomic::AtomicU32;

use super::knob::Knob;
use crate::gfp::Gfp;
use crate::units::{Order, TaskId};

/// Sites that a fault source is told of, at most.
pub(crate) const SITES_MAX: usize = 16;

/// What a fault source can make fail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Capability {
    /// A request for pages (the kernel's `fail_page_alloc`).
    PageAlloc,
    /// A request for an object of a cache (the kernel's `failslab`).
    Slab,
    /// A request for an area of vmalloc as a whole, before its pages are asked for.
    Vmalloc,
    /// A request of kvmalloc as a whole, for more than a page: both of its ways fail.
    Kvmalloc,
    /// The charge of a request for pages to a budget, before its pages are looked for.
    MemCg,
    /// A request to a [`Mempool`](crate::Mempool): it never fails for this, and takes from the reserve.
    MempoolAlloc,
    /// The transfer of a page to a [`Swap`](crate::Swap) or from it, without any flags: it fails as if the file could not be written or read.
    SwapIo,
}

impl Capability {
    /// Every capability.
    pub const ALL: [Capability; 7] = [
        Capability::PageAlloc,
        Capability::Slab,
        Capability::Vmalloc,
        Capability::Kvmalloc,
        Capability::MemCg,
        Capability::MempoolAlloc,
        Capability::SwapIo,
    ];

    /// The function that kernel code calls for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Capability::PageAlloc => "alloc_pages",
            Capability::Slab => "kmem_cache_alloc",
            Capability::Vmalloc => "vmalloc",
            Capability::Kvmalloc => "kvmalloc",
            Capability::MemCg => "memcg_charge",
            Capability::MempoolAlloc => "mempool_alloc",
            Capability::SwapIo => "swap_io",
        }
    }

    /// The name of its knobs.
    pub const fn knobs(self) -> &'static str {
        match self {
            Capability::PageAlloc => "fail_page_alloc",
            Capability::Slab => "failslab",
            Capability::Vmalloc => "fail_vmalloc",
            Capability::Kvmalloc => "fail_kvmalloc",
            Capability::MemCg => "fail_memcg",
            Capability::MempoolAlloc => "fail_mempool_alloc",
            Capability::SwapIo => "fail_swap_io",
        }
    }
}

/// The cache that an object is asked from, as a fault source sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CacheSite {
    /// The cache's name.
    pub name: &'static str,
    /// Whether the cache is marked for sources that fail only marked ones.
    pub failslab: bool,
}

/// A task's own knobs, which every fault source can read.
#[derive(Debug, Default)]
pub struct TaskFaults {
    /// Sources that filter by task fail only those tasks that have this set.
    pub make_it_fail: Knob<bool>,
    /// The call that is to fail, counted down by every call; 0 is none.
    pub fail_nth: Knob<u64>,
}

/// One request, as a fault source sees it.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// What is asked for.
    pub capability: Capability,
    /// The caller's flags, as the scopes left them; for objects as they came, as scopes are applied to pages only.
    pub flags: Gfp,
    /// The order that is asked for; where only bytes are, the smallest that holds them.
    pub order: Order,
    /// The bytes that are asked for.
    pub size: usize,
    /// The cache that is asked, for [`Capability::Slab`].
    pub cache: Option<CacheSite>,
    /// The named sites that it is made in, innermost first: up to 16 of them. See [`Machine::site`](crate::Machine::site).
    pub sites: &'a [&'static str],
    /// The task that asks.
    pub asking: TaskId,
    /// The knobs of the task that asks.
    pub task: &'a TaskFaults,
}

/// Decides which requests fail.
///
/// It is asked with no lock of the machine held, by any thread, and before any work is done: a failed request reclaims nothing, kills nobody and does not loop. A request with
/// NOFAIL is asked about, too; stock sources let it pass unless they are told otherwise.
pub trait FaultSource: Send + Sync {
    /// A word that is 0 as long as nothing is to fail: the source is not asked then, and a request costs a load more than on
    /// a machine without one. By default it never is.
    fn gate(&self) -> &'static AtomicU32 {
        static ALWAYS: AtomicU32 = AtomicU32::new(1);
        &ALWAYS
    }

    /// Whether this request fails.
    fn fails(&self, site: &Site<'_>) -> bool;

    /// A number to keep with what the request is given, for [`Machine::held`](crate::Machine::held): asked for right behind
    /// [`fails`](FaultSource::fails), about a request for pages that it let pass. 0, as by default, says nothing.
    fn mark(&self, site: &Site<'_>) -> u32 {
        let _ = site;
        0
    }
}
