//! How an object is got: flags are looked at, the fault source is asked, free objects are looked for, a slab is made.
#![expect(unsafe_code, reason = "constructs, poisons and zeroes objects that nobody has yet")]

use core::sync::atomic::Ordering::Relaxed;

use super::cache_core::CacheCore;
use super::guard::{Broken, Guards};
use super::lists::{Lists, begin_slab};
use super::object::ObjectState;
use super::table::SlabList;
use crate::block::PageBlock;
use crate::error::AllocError;
use crate::event::EventKind;
use crate::fault::source::{CacheSite, Capability};
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::misuse::Misuse;
use crate::numa::node_mask::NodeMask;
use crate::page::frame::State;
use crate::policy::Discipline;
use crate::retries::Retried;
use crate::units::{FrameNumber, NodeId, Order, PAGE_SIZE};

/// Flags that ask for zones: objects of one slab cannot lie in the zones of each request.
const ZONES: Gfp = Gfp::HIGHMEM.with(Gfp::DMA32).with(Gfp::DMA);

/// Flags with which there is more to do than to take an object that is at hand.
const MORE: Gfp = ZONES.with(Gfp::ZERO);

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Machine {
    /// An object of a cache that this processor has at hand, if nothing more is asked for. Its state is `Held`.
    #[inline(always)]
    pub(crate) fn quick_object(&self, core: &CacheCore, flags: Gfp) -> Option<usize> {
        if flags.without(MORE) != flags || self.has_faults() {
            return None;
        }
        self.take_at_hand(core)
    }

    /// An object of a cache, which nobody had or which was given back.
    #[inline(always)]
    pub(crate) fn object(
        &self,
        core: &CacheCore,
        node: Option<NodeId>,
        flags: Gfp,
        state: ObjectState,
    ) -> Result<usize, AllocError> {
        if node.is_none()
            && let Some(at) = self.quick_object(core, flags)
        {
            if state != ObjectState::Held {
                self.slabs.books.objects.set(at, state);
            }
            return Ok(at);
        }
        self.object_slowly(core, node, flags, state)
    }

    /// The same, where there is more to do.
    #[cold]
    #[inline(never)]
    pub(crate) fn object_slowly(
        &self,
        core: &CacheCore,
        node: Option<NodeId>,
        flags: Gfp,
        state: ObjectState,
    ) -> Result<usize, AllocError> {
        let flags = self.begin_object(core, flags)?;
        if node.is_none()
            && let Some(at) = self.claim_and_take(core)
        {
            // Only caches that do not look for stray writes have objects at hand.
            self.slabs.books.objects.set(at, state);
            if flags.contains(Gfp::ZERO) {
                self.zero(core, at);
            }
            return Ok(at);
        }
        let at = self.find_object(core, node, flags, state)?;
        if self.retries_watched.load(Relaxed) {
            let (task, state) = (self.current(), &mut *self.raw());
            let (site, bytes) = (state.site_of(task), core.shape.least.bytes());
            state.retries.served(task, Retried { site, bytes, area: false });
        }
        self.hand_out(core, at, flags);
        Ok(at)
    }

    /// Looks at the flags, and asks the fault source: before any work.
    pub(crate) fn begin_object(&self, core: &CacheCore, flags: Gfp) -> Result<Gfp, AllocError> {
        if self.counts_objects.load(Relaxed) && flags.is_old_name() {
            let (task, state) = (self.current(), &mut *self.raw());
            let site = state.site_of(task);
            state.stats.sites.note_object(site);
        }
        let flags = self.without_zones(flags, Gfp::NONE)?;
        let cache = CacheSite { name: core.options.name, failslab: core.options.failslab };
        self.ask(Capability::Slab, core.options.size, flags, Some(cache))?;
        Ok(flags)
    }

    /// The flags without zones but one; that zones were asked for is noted, or refused under a strict policy.
    pub(crate) fn without_zones(&self, flags: Gfp, but: Gfp) -> Result<Gfp, AllocError> {
        let wrong = ZONES.without(but);
        if flags.without(wrong) == flags { Ok(flags) } else { self.strip(flags, wrong) }
    }

    #[cold]
    fn strip(&self, flags: Gfp, wrong: Gfp) -> Result<Gfp, AllocError> {
        let task = self.current();
        let mut state = self.raw();
        let kind = EventKind::Misused(Misuse::SlabZone);
        state.stats.warnings += u64::from(!flags.contains(Gfp::NOWARN));
        state.events.note(kind, task, Order::ZERO, flags);
        if state.policies.at(state.policy_of(task)).strict {
            state.note_failure(AllocError::InvalidFlags, task, Order::ZERO, flags, flags.contains(Gfp::NOWARN));
            return Err(AllocError::InvalidFlags);
        }
        Ok(flags.without(wrong))
    }

    /// A free object of the cache's slabs, or one of a new slab.
    fn find_object(
        &self,
        core: &CacheCore,
        node: Option<NodeId>,
        flags: Gfp,
        state: ObjectState,
    ) -> Result<usize, AllocError> {
        let (near, nodes) = self.nodes_for(node, flags);
        loop {
            let take = |lists: &mut Lists, near, nodes| {
                let at = lists.take(&self.slabs.books, &core.shape, near, nodes, state);
                at.inspect(|_| self.refill(core, lists))
            };
            let found = take(&mut core.lists.lock(), near, nodes);
            // What others have at hand is taken from them before memory is, when that is scarce.
            let found = found.or_else(|| {
                let scarce = core.capacity > 0 && self.is_memory_scarce(core.shape.order);
                if scarce { take(&mut self.collect_sheaves(core), near, nodes) } else { None }
            });
            if let Some(at) = found {
                return Ok(at);
            }
            let found = self.grow_cache(core, node, flags, |lists, on| take(lists, on, NodeMask::of(&[on])))?;
            if let Some(at) = found {
                return Ok(at);
            }
        }
    }

    /// The node whose slabs are looked at first, and all nodes whose slabs are.
    fn nodes_for(&self, node: Option<NodeId>, flags: Gfp) -> (NodeId, NodeMask) {
        let current = self.current();
        let state = self.raw();
        let task = state.task(current);
        let near = node.or(task.map(|task| task.options.node)).unwrap_or(NodeId(0));
        let nodes = match task {
            _ if flags.contains(Gfp::THISNODE) => NodeMask::of(&[near]),
            Some(task) if flags.contains(Gfp::HARDWALL) => task.mems.allowed,
            _ => NodeMask::ALL,
        };
        (near, nodes)
    }

    /// Makes one more slab: of a comfortable order if that is easy to have, and of the least one with all that the caller
    /// may do for it. `then` gets the cache's lists, and the slab's node, before reclaim can take the new slab back.
    pub(crate) fn grow_cache<R>(
        &self,
        core: &CacheCore,
        node: Option<NodeId>,
        flags: Gfp,
        then: impl FnOnce(&mut Lists, NodeId) -> R,
    ) -> Result<R, AllocError> {
        let account = if core.options.account { Gfp::ACCOUNT } else { Gfp::NONE };
        let flags = flags.without(Gfp::ZERO) | account;
        let get = |order, flags| match node {
            Some(node) => self.alloc_pages_node(node, order, flags),
            None => self.alloc_pages(order, flags),
        };
        let (want, least) = (core.shape.order, core.shape.least);
        let quiet = flags.without(Gfp::NOFAIL | Gfp::RETRY_MAYFAIL) | Gfp::NOWARN | Gfp::NORETRY | Gfp::FALLBACK;
        let cheap = if flags.may_wait() { quiet.without(Gfp::RECLAIM) | Gfp::NOMEMALLOC } else { quiet };
        // Objects of more than a page have no fallback, and slabs of them no larger ones.
        let disciplined = least > Order::ZERO && self.rules().discipline == Discipline::PageOrLess;
        let cheap = if least > Order::ZERO { cheap.without(Gfp::FALLBACK) } else { cheap };
        let large = if want > least && !disciplined { get(want, cheap).ok() } else { None };
        let block = large.map_or_else(|| get(least, flags), Ok)?;
        Ok(self.add_slab(core, block, then))
    }

    /// Makes a block a slab of a cache.
    fn add_slab<R>(&self, core: &CacheCore, block: PageBlock<'_>, then: impl FnOnce(&mut Lists, NodeId) -> R) -> R {
        let (slab, order) = (block.frame(), block.order());
        let begin = slab.0 as usize * PAGE_SIZE;
        let guards = Guards::of(&self.arena, &core.shape, &core.options);
        for at in core.shape.begins(order).map(|object| begin + object) {
            if let Some(guards) = &guards {
                // SAFETY: the block was got for this slab, and its objects are on no list yet.
                unsafe { guards.begin(at) };
            }
            if let (Some(constructor), Some(mut bytes)) =
                (core.options.constructor, self.arena.range(at, core.options.size))
            {
                // SAFETY: as above; the range lies within the host's pages, which are initialised.
                constructor(unsafe { bytes.as_mut() });
            }
        }
        // A constructor that panics leaves a block that gives itself back; from here on nothing calls anybody's code.
        let pages = block.into_pages();
        // All at once, so that no fork finds a slab that is none yet.
        let mut lists = core.lists.lock();
        let node = {
            let mut state = self.raw();
            let entry = state.frames.at(pages.frame().0);
            entry.state = State::Slab;
            let zone = usize::from(entry.zone);
            state.zones[zone].node
        };
        begin_slab(&self.slabs.books, &core.shape, core.id, slab.0, order, node);
        lists.add(&self.slabs.books, slab.0);
        then(&mut lists, node)
    }

    /// Slabs that leave their cache are blocks as any other, before the cache's lists are unlocked: so no fork finds a slab that
    /// is none any more.
    pub(crate) fn slabs_leave(&self, leaving: &SlabList) {
        for slab in leaving.iter(&self.slabs.books.table) {
            self.raw().frames.at(slab).state = State::Owned;
        }
    }

    /// Gives slabs that left their cache back to the page allocator, and says how many pages they were.
    pub(crate) fn give_slabs(&self, mut leaving: SlabList) -> u64 {
        let mut given = 0;
        while let Some(slab) = leaving.pop(&self.slabs.books.table) {
            let order = self.slabs.books.table.order(slab);
            let noted = self.raw().frames.at(slab).is_noted();
            let freed = self.free(self.token_of_number(FrameNumber(slab), order, noted));
            debug_assert!(freed.is_ok(), "the block was a slab of this machine");
            given += order.pages();
        }
        given
    }

    /// Makes an object ready for its new owner.
    pub(crate) fn hand_out(&self, core: &CacheCore, at: usize, flags: Gfp) {
        if let Some(guards) = Guards::of(&self.arena, &core.shape, &core.options) {
            // SAFETY: the object was taken off the cache's lists for this request, and is handed out only below.
            let found = unsafe { guards.check(at, true) };
            if let Err(broken) = found {
                self.note_broken(core, at, broken);
                // SAFETY: as above.
                unsafe { guards.begin(at) };
            }
            guards.note(at, self.current(), true);
        }
        if flags.contains(Gfp::ZERO) {
            self.zero(core, at);
        }
    }

    /// Zeroes an object that was taken for a request, and is handed out only afterwards.
    fn zero(&self, core: &CacheCore, at: usize) {
        if let Some(bytes) = self.arena.range(at, core.shape.usable) {
            // SAFETY: the object is nobody's yet, and the range lies within the host's pages.
            unsafe { bytes.cast::<u8>().write_bytes(0, bytes.len()) };
        }
    }

    /// Notes that somebody wrote where nobody may.
    #[cold]
    pub(crate) fn note_broken(&self, core: &CacheCore, at: usize, broken: Broken) {
        let kind = EventKind::ObjectBroken { cache: core.options.name, at, what: broken.what() };
        let task = self.current();
        let mut state = self.raw();
        state.stats.warnings += 1;
        state.events.note(kind, task, Order::ZERO, Gfp::NONE);
    }
}
