//! A block of pages that gives itself back.
#![expect(unsafe_code, reason = "hands out the bytes behind a block's frames")]

use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use crate::machine::Machine;
use crate::page::pages::Pages;
use crate::page::per_cpu::PerCpu;
use crate::units::{FrameNumber, Order, PAGE_SIZE};

/// A block of pages, given back to its machine on drop.
///
/// It is two words, so that it travels in registers.
///
/// # Invariants
/// The block's token was consumed by `new`, or never made; and it is made again once: by `into_pages`, or on drop.
pub struct PageBlock<'m> {
    machine: &'m Machine,
    /// The frame in the lower half, the number of the list that the block can be at hand on in the upper one.
    block: u64,
}

impl<'m> PageBlock<'m> {
    /// The owner of a block that `machine` has just made the token of.
    pub(crate) fn new(machine: &'m Machine, pages: Pages) -> PageBlock<'m> {
        PageBlock::at_hand(machine, pages.frame(), PerCpu::list(pages.zone(), pages.order()))
    }

    /// The owner of a block of `machine` that was at hand on a list.
    #[inline(always)]
    pub(crate) fn at_hand(machine: &'m Machine, frame: FrameNumber, list: u32) -> PageBlock<'m> {
        PageBlock { machine, block: u64::from(frame.0) | u64::from(list) << 32 }
    }

    #[inline(always)]
    fn list(&self) -> u32 {
        (self.block >> 32) as u32
    }

    /// The token again. Called once.
    fn token(&self) -> Pages {
        Pages::new(PerCpu::zone_of_list(self.list()), self.frame(), self.order(), self.machine.number())
    }

    /// The first frame.
    #[inline]
    pub fn frame(&self) -> FrameNumber {
        FrameNumber(self.block as u32)
    }

    /// The order.
    #[inline]
    pub fn order(&self) -> Order {
        PerCpu::order_of_list(self.list())
    }

    #[inline(always)]
    pub(crate) fn memory(&self) -> NonNull<[u8]> {
        // SAFETY: the block is one of the machine's, and these lie within its memory.
        let begin = unsafe { self.machine.arena.at(self.frame().0 as usize * PAGE_SIZE) };
        NonNull::slice_from_raw_parts(begin, PAGE_SIZE << self.order().get())
    }

    /// The block's bytes. Unless they were asked for with ZERO, they are what their last owner left.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: 1. The range lies within the host's pages, which are initialised and live as long as the machine.
        // 2. There is one token for a block, this owner holds it, and the machine itself does not touch blocks that have
        // one; so nobody writes while `self` is borrowed.
        unsafe { self.memory().as_ref() }
    }

    /// The block's bytes, to write.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `self` is borrowed exclusively.
        unsafe { self.memory().as_mut() }
    }

    /// The block as the numbers of its frame and its list, of which [`PageBlock::at_hand`] makes it again.
    pub(crate) fn into_parts(self) -> (FrameNumber, u32) {
        // INVARIANT: what is not dropped makes no token.
        let this = ManuallyDrop::new(self);
        (this.frame(), this.list())
    }

    /// The token of the block, which no longer gives itself back.
    #[inline]
    pub fn into_pages(self) -> Pages {
        // INVARIANT: what is not dropped makes no second token.
        ManuallyDrop::new(self).token()
    }

    /// Gives the block back where that is not quick.
    #[cold]
    #[inline(never)]
    fn give_slowly(&mut self) {
        self.machine.give_slowly(&self.token());
    }
}

impl fmt::Debug for PageBlock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageBlock({} bytes at frame {})", self.order().pages() * PAGE_SIZE as u64, self.frame().0)
    }
}

impl Drop for PageBlock<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        if !self.machine.give_quickly(self.list(), self.frame()) {
            self.give_slowly();
        }
    }
}
