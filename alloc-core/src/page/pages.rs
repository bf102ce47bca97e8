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
    machine: u64,
}

impl Pages {
    /// The token of a block of machine number `machine` that has just been taken from the free lists.
    pub(crate) fn new(frame: FrameNumber, order: Order, machine: u64) -> Pages {
        Pages { frame, order, machine }
    }

    /// The first frame of the block.
    pub fn frame(&self) -> FrameNumber {
        self.frame
    }

    /// The block's order.
    pub fn order(&self) -> Order {
        self.order
    }

    /// The number of the machine that the block belongs to.
    pub(crate) fn machine(&self) -> u64 {
        self.machine
    }
}
