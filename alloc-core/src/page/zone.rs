//! A zone: the frames of one node that serve one kind of request, with their free blocks and levels.

use super::backed::Backed;
use super::buddy::Buddy;
use super::frame::{FrameTable, State};
use super::watermark::{Mark, Right, Watermarks};
use crate::gfp::Gfp;
use crate::units::{FrameNumber, NodeId, Order};

/// The kinds of zones, lowest first. A request for a kind is served from that and lower ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ZoneKind {
    /// Memory that 32-bit devices reach.
    Dma32,
    /// Ordinary memory.
    Normal,
    /// Memory for pages that can be moved.
    Movable,
}

impl ZoneKind {
    /// Every kind, lowest first.
    pub const ALL: [ZoneKind; 3] = [ZoneKind::Dma32, ZoneKind::Normal, ZoneKind::Movable];

    /// The highest zone that a request's flags admit.
    pub const fn highest(flags: Gfp) -> ZoneKind {
        if flags.contains(Gfp::DMA) || flags.contains(Gfp::DMA32) {
            ZoneKind::Dma32
        } else if flags.contains(Gfp::HIGHMEM.with(Gfp::MOVABLE)) {
            ZoneKind::Movable
        } else {
            ZoneKind::Normal
        }
    }

    /// Pages of higher zones for which a request that could use those leaves one page here.
    pub(crate) const fn kept_ratio(self) -> u64 {
        match self {
            ZoneKind::Dma32 => 256,
            ZoneKind::Normal | ZoneKind::Movable => 32,
        }
    }
}

/// One zone.
#[derive(Debug)]
pub(crate) struct Zone {
    pub(crate) node: NodeId,
    pub(crate) kind: ZoneKind,
    pub(crate) buddy: Buddy,
    pub(crate) marks: Watermarks,
    /// Pages that may be used, and those that are free count with them: all of the zone's, unless it has a budget.
    pub(crate) managed: u64,
    /// Its budget, if it has more frames than may be used at once.
    pub(crate) backed: Option<Backed>,
    /// Pages that those who wait in this zone's queue before whoever is looked at are to have.
    pub(crate) claimed: u64,
    /// Pages that a request leaves here although it could have them, by the highest zone that it could use instead.
    pub(crate) kept: [u64; 3],
    /// Whether processors may have blocks of it at hand.
    pub(crate) at_hand: bool,
    /// The [`Epochs`](crate::epochs::Epochs) of tasks that it is remembered of that they find nothing here: when something
    /// comes free, they turn. None while blocks are at hand, which come free without a word.
    pub(crate) passed: u64,
}

impl Zone {
    /// Free pages: of a zone with a budget, those that may still be used.
    #[inline]
    pub(crate) fn free(&self) -> u64 {
        let free = self.buddy.free();
        match self.backed {
            None => free,
            Some(_) => (free + self.managed).saturating_sub(self.buddy.frames()),
        }
    }

    /// Takes a free block, without regard to levels and rights; of a zone with a budget, one that it has room for.
    pub(crate) fn take_any(&mut self, table: &mut FrameTable, order: Order, state: State) -> Option<FrameNumber> {
        if self.backed.is_some() && self.free() < order.pages() {
            return None;
        }
        let frame = self.buddy.take(table, order, state)?;
        if let Some(backed) = self.backed.as_mut().filter(|_| state != State::Hoarded) {
            backed.note(frame, order);
        }
        Some(frame)
    }

    /// Takes the last pages of a free block, as a block of `order`, to move another one there.
    pub(crate) fn take_top(&mut self, table: &mut FrameTable, block: FrameNumber, order: Order) -> Option<FrameNumber> {
        if self.free() < order.pages() {
            return None;
        }
        let frame = self.buddy.take_top(table, block, order);
        if let Some(backed) = &mut self.backed {
            backed.note(frame, order);
        }
        Some(frame)
    }

    /// Whether a request may take a block of `order` from here now.
    pub(crate) fn admits(&self, order: Order, highest: ZoneKind, mark: Mark, right: Right) -> bool {
        self.would_admit(order, highest, mark, right, 0)
    }

    /// Whether it might, if `more` pages were free.
    pub(crate) fn would_admit(&self, order: Order, highest: ZoneKind, mark: Mark, right: Right, more: u64) -> bool {
        let free = self.free().saturating_add(more).min(self.managed);
        let shaped = (order == Order::ZERO && more > 0) || (self.buddy.has(order) && free >= order.pages());
        shaped && right.admits(free, order, self.marks.level(mark), self.kept[highest as usize])
    }

    /// Whether a page is free for those in the zone's queue beyond what is claimed.
    pub(crate) fn has_unclaimed(&self) -> bool {
        self.admits_in_turn(Order::ZERO)
    }

    fn admits_in_turn(&self, order: Order) -> bool {
        let free = self.free().saturating_sub(self.claimed);
        Right::PLAIN.admits(free, order, self.marks.level(Mark::Min), self.kept[ZoneKind::Normal as usize])
    }

    /// Takes a block for one in the zone's queue, from what those before it leave.
    pub(crate) fn take_in_turn(&mut self, table: &mut FrameTable, order: Order) -> Option<FrameNumber> {
        if self.admits_in_turn(order) { self.take_any(table, order, State::Owned) } else { None }
    }

    /// Free pages with which a first look at this zone succeeds, whatever the flags.
    pub(crate) fn plenty(&self) -> u64 {
        self.marks.low + self.kept.iter().max().unwrap_or(&0)
    }

    /// Takes a block if the request may have it.
    pub(crate) fn take(
        &mut self,
        table: &mut FrameTable,
        order: Order,
        highest: ZoneKind,
        mark: Mark,
        right: Right,
        state: State,
    ) -> Option<FrameNumber> {
        let admitted = self.admits(order, highest, mark, right);
        if admitted { self.take_any(table, order, state) } else { None }
    }
}
