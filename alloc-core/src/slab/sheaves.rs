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
    /// Takes an object that this processor has at hand.
    #[inline(always)]
    pub(crate) fn take_at_hand(&self, core: &CacheCore, state: ObjectState) -> Option<usize> {
        // Inside, so that no fork finds an object that is nowhere.
        core.sheaves.with(&self.cpus, |sheaf| {
            let at = sheaf.pop()?;
            self.slabs.books.objects.set(at, state);
            Some(at)
        })?
    }

    /// Keeps an object that was given back at hand, if there is room. Whoever gave it back had the right to it.
    #[inline(always)]
    pub(crate) fn keep_at_hand(&self, core: &CacheCore, at: usize) -> bool {
        let kept = core.sheaves.with(&self.cpus, |sheaf| {
            let room = sheaf.has_room();
            if room {
                self.slabs.books.objects.set(at, ObjectState::Cached);
                sheaf.push(at);
            }
            room
        });
        kept == Some(true)
    }

    /// Fills this processor's sheaf to its half, with objects that nobody was promised.
    pub(crate) fn refill(&self, core: &CacheCore, lists: &mut Lists) {
        let (books, shape) = (&self.slabs.books, &core.shape);
        self.opened(core, lists, |lists, sheaf| {
            while sheaf.is_low() {
                let at = lists.take(books, shape, NodeId(0), NodeMask::ALL, ObjectState::Cached);
                let Some(at) = at else { return };
                sheaf.push(at);
            }
        });
    }

    /// Puts half of this processor's sheaf back into the slabs, if it is full.
    pub(crate) fn spill(&self, core: &CacheCore, lists: &mut Lists, leaving: &mut SlabList) {
        let (books, shape) = (&self.slabs.books, &core.shape);
        self.opened(core, lists, |lists, sheaf| sheaf.spill(|at| lists.put(books, shape, at, leaving)));
    }

    /// Uses this processor's sheaf, which is open from then on; a cache without a handle opens none.
    fn opened(&self, core: &CacheCore, lists: &mut Lists, body: impl FnOnce(&mut Lists, &mut Sheaf)) {
        if core.capacity == 0 || core.orphan.load(Relaxed) {
            return;
        }
        lists.at_hand = true;
        core.sheaves.with(&self.cpus, |sheaf| {
            sheaf.open(core.capacity);
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
                    if books.objects.get(at) == ObjectState::Cached {
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
        !zones.any(|zone| zone.buddy.free() >= zone.plenty() + order.pages() && zone.buddy.has(order))
    }
}
