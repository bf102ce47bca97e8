//! The pages of a file that are in memory, from the one that was used last to the one that was not used longest.

use super::swap::{KeptSlot, Swap};
use super::table::Table;
use crate::page::pages::Pages;

/// No page, where the number of one may stand.
const NONE: u32 = u32::MAX;

/// No slot.
const NO_SLOT: KeptSlot = KeptSlot { slot: u32::MAX, turn: 0 };

/// A page in memory.
///
/// It is clean as long as a slot with the same in it is kept, and dirty otherwise.
#[derive(Debug)]
pub(super) struct Cached {
    pub(super) memory: Pages,
    /// Its number in the file.
    pub(super) page: u64,
    kept: KeptSlot,
    newer: u32,
    older: u32,
    pins: u32,
}

/// All of them.
///
/// # Invariants
/// The list from `newest` to `oldest` runs through every page of the table once; `pinned` of them have pins.
#[derive(Debug)]
pub(super) struct CachedPages {
    table: Table<Cached>,
    newest: u32,
    oldest: u32,
    pinned: usize,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl CachedPages {
    /// None, with room for so many.
    pub(super) fn new(most: usize) -> Option<CachedPages> {
        Some(CachedPages { table: Table::new(most)?, newest: NONE, oldest: NONE, pinned: 0 })
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn pinned(&self) -> usize {
        self.pinned
    }

    pub(super) fn get(&self, number: u32) -> Option<&Cached> {
        self.table.get(number)
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Cached> {
        self.table.get_mut(number)
    }

    /// Puts a page in, as the one that was used last; its number, or the memory if there is no room.
    pub(super) fn put(&mut self, memory: Pages, page: u64, kept: Option<KeptSlot>) -> Result<u32, Pages> {
        let cached = Cached { memory, page, kept: kept.unwrap_or(NO_SLOT), newer: NONE, older: NONE, pins: 0 };
        let number = self.table.put(cached).map_err(|cached| cached.memory)?;
        self.link(number);
        Ok(number)
    }

    /// Takes a page out.
    pub(super) fn take(&mut self, number: u32) -> Option<Cached> {
        self.unlink(number);
        let cached = self.table.take(number)?;
        self.pinned -= usize::from(cached.pins > 0);
        Some(cached)
    }

    /// The page is used.
    pub(super) fn touch(&mut self, number: u32) {
        if self.newest != number {
            self.unlink(number);
            self.link(number);
        }
    }

    fn link(&mut self, number: u32) {
        let before = core::mem::replace(&mut self.newest, number);
        match self.table.get_mut(before) {
            Some(page) => page.newer = number,
            None => self.oldest = number,
        }
        if let Some(page) = self.table.get_mut(number) {
            (page.newer, page.older) = (NONE, before);
        }
    }

    fn unlink(&mut self, number: u32) {
        let Some((newer, older)) = self.table.get(number).map(|page| (page.newer, page.older)) else { return };
        match self.table.get_mut(newer) {
            Some(page) => page.older = older,
            None => self.newest = older,
        }
        match self.table.get_mut(older) {
            Some(page) => page.newer = newer,
            None => self.oldest = newer,
        }
    }

    /// The numbers of all pages, the oldest first.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = u32> {
        let next = |number: u32| self.table.get(number).map(|page| page.newer).filter(|newer| *newer != NONE);
        core::iter::successors(Some(self.oldest).filter(|oldest| *oldest != NONE), move |number| next(*number))
    }

    /// The oldest page without a pin.
    pub(super) fn oldest(&self) -> Option<u32> {
        self.oldest_first().find(|number| self.table.get(*number).is_some_and(|page| page.pins == 0))
    }

    /// Keeps a page in memory until [`CachedPages::unpin`], which is due once for each time.
    pub(super) fn pin(&mut self, number: u32) {
        if let Some(page) = self.table.get_mut(number) {
            page.pins += 1;
            self.pinned += usize::from(page.pins == 1);
        }
    }

    pub(super) fn unpin(&mut self, number: u32) {
        if let Some(page) = self.table.get_mut(number) {
            page.pins -= 1;
            self.pinned -= usize::from(page.pins == 0);
        }
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Cached {
    /// Takes the slot back that has the same in it, if it is still there.
    pub(super) fn claim(&mut self, swap: &Swap) -> Option<super::swap::Slot> {
        let kept = core::mem::replace(&mut self.kept, NO_SLOT);
        if kept == NO_SLOT { None } else { swap.claim(kept) }
    }

    pub(super) fn is_pinned(&self) -> bool {
        self.pins > 0
    }

    /// Whether it can leave memory and perhaps need not be written first.
    pub(super) fn may_be_clean(&self) -> bool {
        self.pins == 0 && self.kept != NO_SLOT
    }

    /// The page is about to be written: what a slot has is of no use any more.
    pub(super) fn soil(&mut self, swap: &Swap) {
        if let Some(slot) = self.claim(swap) {
            swap.free(slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gfp::Gfp;
    use crate::machine::Machine;
    use crate::node_pages::NodePages;
    use crate::units::Order;
    use alloc::vec::Vec;

    #[test]
    fn row_091_pages_are_in_the_order_of_their_last_use_and_pinned_ones_are_passed_over() {
        let machine = Machine::builder().node(NodePages::new(64)).build().unwrap();
        let memory = || machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap().into_pages();
        let mut pages = CachedPages::new(8).unwrap();
        let [a, b, c] = [10, 11, 12].map(|page| pages.put(memory(), page, None).unwrap());
        let order = |pages: &CachedPages| pages.oldest_first().collect::<Vec<_>>();
        assert_eq!(order(&pages), [a, b, c]);
        pages.touch(a);
        pages.touch(a);
        pages.touch(c);
        assert_eq!((order(&pages), pages.oldest()), (Vec::from([b, a, c]), Some(b)));
        pages.pin(b);
        pages.pin(b);
        pages.unpin(b);
        assert_eq!((pages.oldest(), pages.pinned()), (Some(a), 1));
        pages.unpin(b);
        assert_eq!((pages.oldest(), pages.pinned()), (Some(b), 0));
        for number in [a, c, b] {
            machine.free(pages.take(number).unwrap().memory).unwrap();
        }
        assert_eq!((order(&pages), pages.len(), pages.oldest()), (Vec::new(), 0, None));
    }
}
