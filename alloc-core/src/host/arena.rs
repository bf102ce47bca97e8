//! The bytes behind frames: the only way from a frame's number to its memory.
#![expect(unsafe_code, reason = "turns frame numbers into memory")]

use alloc::boxed::Box;
use core::ptr::NonNull;

use super::contract::Host;
use crate::units::{FrameNumber, Order, PAGE_SIZE};

/// A machine's memory.
pub(crate) struct Arena {
    host: Box<dyn Host>,
    base: NonNull<u8>,
    pages: usize,
}

impl Arena {
    /// The memory of `host`.
    pub(crate) fn new(host: Box<dyn Host>) -> Arena {
        Arena { base: host.base(), pages: host.pages(), host }
    }

    /// Pages in all.
    pub(crate) fn pages(&self) -> usize {
        self.pages
    }

    /// The bytes of a block, or `None` if it does not lie within the arena.
    pub(crate) fn bytes(&self, first: FrameNumber, order: Order) -> Option<NonNull<[u8]>> {
        let pages = usize::try_from(order.pages()).ok()?;
        let start = first.0 as usize;
        if start.checked_add(pages)? > self.pages {
            return None;
        }
        // SAFETY: the offset lies within the host's pages, which are one allocation by the host's contract.
        let begin = unsafe { self.base.add(start * PAGE_SIZE) };
        Some(NonNull::slice_from_raw_parts(begin, pages * PAGE_SIZE))
    }

    /// Zeroes a block.
    ///
    /// # Safety
    /// Nobody else uses the block's bytes: it has just been taken from the free lists, or the caller owns it.
    pub(crate) unsafe fn zero(&self, first: FrameNumber, order: Order) {
        if let Some(bytes) = self.bytes(first, order) {
            // SAFETY: the range lies within the host's writable pages, and the caller vouches that it is alone.
            unsafe { bytes.cast::<u8>().write_bytes(0, bytes.len()) };
        }
    }

    /// Tells the host that a free block's contents are not needed.
    pub(crate) fn release(&self, first: FrameNumber, order: Order) {
        if self.bytes(first, order).is_some() {
            self.host.release(first, order.pages() as usize);
        }
    }
}
