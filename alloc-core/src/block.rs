//! A block of pages that gives itself back.
#![expect(unsafe_code, reason = "hands out the bytes behind a block's frames")]

use core::fmt;

use crate::machine::Machine;
use crate::page::pages::Pages;
use crate::units::{FrameNumber, Order, PAGE_SIZE};

/// A block of pages, given back to its machine on drop.
///
/// # Invariants
/// `pages` is `Some` until drop or `into_pages`, and is the token of a block of `machine`.
pub struct PageBlock<'m> {
    machine: &'m Machine,
    pages: Option<Pages>,
    frame: FrameNumber,
    order: Order,
}

impl<'m> PageBlock<'m> {
    /// The owner of a block that `machine` has just made the token of.
    #[inline(always)]
    pub(crate) fn new(machine: &'m Machine, pages: Pages) -> PageBlock<'m> {
        // INVARIANT: the caller made the token with `machine`.
        PageBlock { machine, frame: pages.frame(), order: pages.order(), pages: Some(pages) }
    }

    /// The first frame.
    pub fn frame(&self) -> FrameNumber {
        self.frame
    }

    /// The order.
    pub fn order(&self) -> Order {
        self.order
    }

    /// The block's bytes. Unless they were asked for with ZERO, they are what their last owner left.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let Some(bytes) = self.machine.arena.bytes(self.frame, self.order) else { return &[] };
        // SAFETY: 1. The range lies within the host's pages, which are initialised and live as long as the machine.
        // 2. There is one token for a block, this owner holds it, and the machine itself does not touch blocks that have
        // one; so nobody writes while `self` is borrowed.
        unsafe { bytes.as_ref() }
    }

    /// The block's bytes, to write.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let Some(mut bytes) = self.machine.arena.bytes(self.frame, self.order) else { return &mut [] };
        // SAFETY: as in `bytes`, and `self` is borrowed exclusively.
        unsafe { bytes.as_mut() }
    }

    /// The token of the block, which no longer gives itself back.
    #[inline]
    pub fn into_pages(mut self) -> Pages {
        // By the invariant there is one; and a block without one would be empty.
        self.pages.take().unwrap_or_else(|| unreachable!("a block has its token until it is dropped"))
    }
}

impl fmt::Debug for PageBlock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageBlock({} bytes at frame {})", self.order.pages() * PAGE_SIZE as u64, self.frame.0)
    }
}

impl Drop for PageBlock<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(pages) = self.pages.take() {
            let freed = self.machine.free(pages);
            debug_assert!(freed.is_ok(), "a block's own machine takes it back");
        }
    }
}
