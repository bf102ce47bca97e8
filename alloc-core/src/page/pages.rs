//! A block of pages as a token: who holds it owns the block.

use crate::units::{FrameNumber, Order};

/// A block of pages that somebody owns.
///
/// There is one token for each block, and giving it back to its machine consumes it. A token that is dropped is a block
/// that is lost to its machine, as in the kernel; [`PageBlock`](crate::PageBlock) gives itself back.
#[derive(PartialEq, Eq, Debug)]
#[must_use = "a token that is dropped is a block that is lost"]
pub struct Pages {
    frame: FrameNumber,
    order: Order,
    zone: u8,
    machine: u64,
}

impl Pages {
    /// The token of a block of zone number `zone` of machine number `machine` that has just been taken from the free lists.
    #[inline(always)]
    pub(crate) fn new(zone: usize, frame: FrameNumber, order: Order, machine: u64) -> Pages {
        Pages { frame, order, zone: zone as u8, machine }
    }

    /// The first frame of the block.
    #[inline]
    pub fn frame(&self) -> FrameNumber {
        self.frame
    }

    /// The block's order.
    #[inline]
    pub fn order(&self) -> Order {
        self.order
    }

    /// The number of the zone that the block lies in.
    #[inline(always)]
    pub(crate) fn zone(&self) -> usize {
        usize::from(self.zone)
    }

    /// The number of the machine that the block belongs to.
    #[inline(always)]
    pub(crate) fn machine(&self) -> u64 {
        self.machine
    }
}
