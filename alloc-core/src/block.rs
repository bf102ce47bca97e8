//! A block of pages that gives itself back.
#![expect(unsafe_code, reason = "hands out the bytes behind a block's frames")]

use core::fmt;
use core::mem::ManuallyDrop;

use crate::machine::Machine;
use crate::page::pages::Pages;
use crate::units::{FrameNumber, Order, PAGE_SIZE};

/// A block of pages, given back to its machine on drop.
///
/// It is two words, so that it travels in registers.
///
/// # Invariants
/// The block's token was consumed by `new`, and is made again once: by `into_pages`, or on drop.
pub struct PageBlock<'m> {
    machine: &'m Machine,
    /// The frame, the order and the zone, 32, 8 and 8 bits from below.
    block: u64,
}

impl<'m> PageBlock<'m> {
    /// The owner of a block that `machine` has just made the token of.
    #[inline(always)]
    pub(crate) fn new(machine: &'m Machine, pages: Pages) -> PageBlock<'m> {
        let (frame, order, zone) = (u64::from(pages.frame().0), u64::from(pages.order().get()), pages.zone() as u64);
        PageBlock { machine, block: frame | order << 32 | zone << 40 }
    }

    /// The token again. Called once.
    #[inline(always)]
    fn token(&self) -> Pages {
        Pages::new((self.block >> 40) as usize, self.frame(), self.order(), self.machine.number())
    }

    /// The first frame.
    #[inline]
    pub fn frame(&self) -> FrameNumber {
        FrameNumber(self.block as u32)
    }

    /// The order.
    #[inline]
    pub fn order(&self) -> Order {
        Order::new((self.block >> 32) as u32 & 0xff)
    }

    /// The block's bytes. Unless they were asked for with ZERO, they are what their last owner left.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let Some(bytes) = self.machine.arena.bytes(self.frame(), self.order()) else { return &[] };
        // SAFETY: 1. The range lies within the host's pages, which are initialised and live as long as the machine.
        // 2. There is one token for a block, this owner holds it, and the machine itself does not touch blocks that have
        // one; so nobody writes while `self` is borrowed.
        unsafe { bytes.as_ref() }
    }

    /// The block's bytes, to write.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let Some(mut bytes) = self.machine.arena.bytes(self.frame(), self.order()) else { return &mut [] };
        // SAFETY: as in `bytes`, and `self` is borrowed exclusively.
        unsafe { bytes.as_mut() }
    }

    /// The token of the block, which no longer gives itself back.
    #[inline]
    pub fn into_pages(self) -> Pages {
        // INVARIANT: what is not dropped makes no second token.
        ManuallyDrop::new(self).token()
    }
}

impl fmt::Debug for PageBlock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageBlock({} bytes at frame {})", self.order().pages() * PAGE_SIZE as u64, self.frame().0)
    }
}

impl Drop for PageBlock<'_> {
    #[inline]
    fn drop(&mut self) {
        let freed = self.machine.free(self.token());
        debug_assert!(freed.is_ok(), "a block's own machine takes it back");
    }
}
