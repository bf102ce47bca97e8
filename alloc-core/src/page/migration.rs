//! How blocks become movable, are pinned, and are moved.

use super::frame::{self, NIL};
use super::movable::{Place, PlaceId};
use super::state::State;
use crate::host::arena::Arena;
use crate::units::FrameNumber;

impl State {
    /// A block that was taken can be moved from now on; `None` if the surrounding process has no memory for the table.
    pub(crate) fn make_movable(&mut self, block: FrameNumber) -> Option<PlaceId> {
        let frames = self.frames.len();
        if !self.movables.make(frames) {
            return None;
        }
        let id = PlaceId(self.movables.vacant);
        let entry = self.frames.at(block.0);
        let place = self.movables.at(id);
        let vacant = core::mem::replace(place, Place { frame: block.0, pins: 0, mark: entry.owner }).pins;
        // INVARIANT: both say each other, and nobody has the address.
        (entry.state, entry.owner) = (frame::State::Movable, id.0);
        self.movables.vacant = vacant;
        self.movables.used += 1;
        Some(id)
    }

    /// Takes back a block that could be moved.
    pub(crate) fn give_movable(&mut self, id: PlaceId) {
        let vacant = self.movables.vacant;
        let place = core::mem::replace(self.movables.at(id), Place { frame: NIL, pins: vacant, mark: 0 });
        self.movables.vacant = id.0;
        self.movables.used -= 1;
        // INVARIANT: the block is no such block any more.
        self.give(FrameNumber(place.frame));
    }

    /// Where a block is, until somebody else has the state.
    pub(crate) fn movable_at(&mut self, id: PlaceId) -> FrameNumber {
        FrameNumber(self.movables.at(id).frame)
    }

    /// Where a block is, and stays until it is unpinned as often as it was pinned.
    pub(crate) fn pin(&mut self, id: PlaceId) -> FrameNumber {
        let place = self.movables.at(id);
        place.pins += 1;
        FrameNumber(place.frame)
    }

    /// Somebody has the address of a block no more.
    pub(crate) fn unpin(&mut self, id: PlaceId) {
        self.movables.at(id).pins -= 1;
        // A request that found it pinned may find it movable.
        self.progress += 1;
    }

    /// Moves an unpinned block to another of its order that was just taken, contents and charge with it, and gives the old one back.
    /// Whether it was unpinned: if not, the other one is given back.
    #[expect(unsafe_code, reason = "copies a block that nobody has the address of")]
    pub(crate) fn migrate(&mut self, arena: &Arena, from: FrameNumber, to: FrameNumber) -> bool {
        let old = *self.frames.at(from.0);
        // Whoever asked for the new one is not charged for it: the charge is the contents'.
        if let Some(budget) = self.frames.at(to.0).budget.take() {
            self.budgets.at(budget).uncharge(old.order.pages());
        }
        let moves = old.state == frame::State::Movable && self.movables.is_unpinned(old.owner);
        if !moves {
            self.put_back(to);
            return false;
        }
        // SAFETY: 1. By the invariant of the table nobody has the address of the old block, and nobody gets it while the state is locked.
        // 2. The new one was taken for this, and nobody has it.
        unsafe { arena.copy(from, to, old.order) };
        let new = self.frames.at(to.0);
        debug_assert_eq!(new.order, old.order, "blocks are moved to blocks of their order");
        (new.state, new.owner, new.budget) = (frame::State::Movable, old.owner, old.budget);
        self.frames.at(from.0).budget = None;
        // INVARIANT: place and block say each other again, and the old block is free.
        self.movables.at(PlaceId(old.owner)).frame = to.0;
        self.put_back(from);
        self.progress += 1;
        true
    }

    /// What is wrong with the table.
    pub(crate) fn audit_movables(&self) -> Result<(), (FrameNumber, &'static str)> {
        let mut found = 0;
        for (number, place) in (0..).zip(&self.movables.places).filter(|(_, place)| place.frame != NIL) {
            found += 1;
            let entry = self.frames.get(place.frame);
            if entry.is_none_or(|entry| entry.state != frame::State::Movable || entry.owner != number) {
                return Err((FrameNumber(place.frame), "a block that can be moved is not where its place says"));
            }
        }
        let blocks = (0..self.frames.len() as u32).filter_map(|frame| self.frames.get(frame));
        let blocks = blocks.filter(|entry| entry.state == frame::State::Movable).count();
        if found != self.movables.used || blocks != found as usize {
            return Err((FrameNumber(0), "there are not as many blocks that can be moved as places that say where"));
        }
        Ok(())
    }
}
