//! The sheaves of a cache: objects that the processors have at hand, taken and given back without a lock.
//!
//! An object that was given back is at hand on the processor where that was done, wherever it came from; half a sheaf at a
//! time goes back to the slabs, and comes from them. Whoever asks what is free sees everything collected.

use core::sync::atomic::Ordering::Relaxed;

use super::cache_core::CacheCore;
use super::lists::Lists;
use super::object::ObjectState;
use super::sheaf::Sheaf;
use super::table::SlabList;
use crate::machine::Machine;
use crate::numa::node_mask::NodeMask;
use crate::page::zone::ZoneKind;
use crate::sync::lock::Guard;
use crate::units::{NodeId, Order};

impl Machine {
    /// Takes an object that this processor has at hand, if it is the thread's own. Its state is `Held`.
    #[inline(always)]
    pub(crate) fn take_at_hand(&self, core: &CacheCore) -> Option<usize> {
        core.sheaves.enter(&self.cpus)?.pop()
    }

    /// Keeps an object at hand that was given back, if the thread has a place for it. Whoever gave it back had the right to
    /// it, as a pointer or as a safe owner, whose object's state is `Held` as before.
    #[inline(always)]
    pub(crate) fn keep_at_hand(&self, core: &CacheCore, at: usize, state: ObjectState) -> bool {
        let Some(mut sheaf) = core.sheaves.enter(&self.cpus) else { return false };
        self.push(&mut sheaf, at, state)
    }

    #[inline(always)]
    fn push(&self, sheaf: &mut Sheaf, at: usize, state: ObjectState) -> bool {
        let kept = sheaf.push(at);
        // Nobody else sees the sheaf before the thread leaves it.
        if kept && state != ObjectState::Held {
            self.slabs.books.objects.set(at, ObjectState::Held);
        }
        kept
    }

    /// The same as `take_at_hand`, by a thread that may have to become the owner of the processor's sheaf first.
    pub(crate) fn claim_and_take(&self, core: &CacheCore) -> Option<usize> {
        core.sheaves.with(&self.cpus, Sheaf::pop)?
    }

    /// The same as `keep_at_hand`.
    pub(crate) fn claim_and_keep(&self, core: &CacheCore, at: usize, state: ObjectState) -> bool {
        core.sheaves.with(&self.cpus, |sheaf| self.push(sheaf, at, state)) == Some(true)
    }

    /// Fills this processor's sheaf to its half, with objects that nobody was promised.
    pub(crate) fn refill(&self, core: &CacheCore, lists: &mut Lists) {
        let (books, shape) = (&self.slabs.books, &core.shape);
        self.opened(core, lists, |lists, sheaf| {
            while sheaf.is_low() {
                let at = lists.take(books, shape, NodeId(0), NodeMask::ALL, ObjectState::Held);
                let Some(at) = at else { return };
                sheaf.push(at);
            }
        });
    }

    /// Puts half of this processor's sheaf back into the slabs, if it is full.
    pub(crate) fn spill(&self, core: &CacheCore, lists: &mut Lists, leaving: &mut SlabList) {
        let (books, shape) = (&self.slabs.books, &core.shape);
        self.opened(core, lists, |lists, sheaf| {
            sheaf.spill(core.capacity.div_ceil(2), |at| lists.put(books, shape, at, leaving));
        });
    }

    /// Uses this processor's sheaf, which is open from then on; a cache without a handle opens none.
    fn opened(&self, core: &CacheCore, lists: &mut Lists, body: impl FnOnce(&mut Lists, &mut Sheaf)) {
        if core.capacity == 0 || core.orphan.load(Relaxed) {
            return;
        }
        lists.at_hand = true;
        core.sheaves.with(&self.cpus, |sheaf| {
            sheaf.open();
            body(lists, sheaf);
        });
    }

    /// The lists of a cache, with everything put back into the slabs that processors have at hand.
    pub(crate) fn collect_sheaves<'c>(&self, core: &'c CacheCore) -> Guard<'c, Lists> {
        let mut lists = core.lists.lock();
        if lists.at_hand {
            let books = &self.slabs.books;
            let all = core.sheaves.each(&self.cpus, |_, sheaf| {
                // What was spoilt meanwhile would spoil the lists.
                sheaf.close(|at| {
                    if books.objects.get(at) == ObjectState::Held {
                        lists.put_and_keep(books, at);
                    }
                });
            });
            lists.at_hand = !all;
        }
        lists
    }

    /// Whether memory is so scarce that a slab of an order might not be had at first look.
    pub(crate) fn is_memory_scarce(&self, order: Order) -> bool {
        let state = self.raw();
        let mut zones = state.zones.iter().filter(|zone| zone.kind <= ZoneKind::Normal);
        !zones.any(|zone| zone.free() >= zone.plenty() + order.pages() && zone.buddy.has(order))
    }
}
