//! The bytes behind frames: the only way from a frame's number to its memory.
#![expect(unsafe_code, reason = "turns frame numbers into memory")]

use alloc::sync::Arc;
use core::ops::Range;
use core::ptr::NonNull;

use super::contract::{Host, HostError};
use crate::units::{FrameNumber, Order, PAGE_SIZE};

/// A machine's memory.
pub(crate) struct Arena {
    host: Arc<dyn Host>,
    base: NonNull<u8>,
    pages: usize,
}

// SAFETY: the address is the host's, which any thread may use; which bytes behind it are whose, tokens say.
unsafe impl Send for Arena {}
// SAFETY: as above; an arena does not change.
unsafe impl Sync for Arena {}

impl Arena {
    /// The memory of `host`.
    pub(crate) fn new(host: Arc<dyn Host>) -> Arena {
        Arena { base: host.base(), pages: host.pages(), host }
    }

    /// The host, for another machine that is to stand on it.
    pub(crate) fn host(&self) -> Arc<dyn Host> {
        Arc::clone(&self.host)
    }

    /// Tells the host that nothing of it is used any more, as when it was made.
    pub(crate) fn vacate(&self) {
        self.host.release(FrameNumber(0), self.pages);
        if let Some((_, pages)) = self.host.window() {
            self.host.unmap(0, pages);
        }
    }

    /// Pages in all.
    pub(crate) fn pages(&self) -> usize {
        self.pages
    }

    /// The bytes of a block, or `None` if it does not lie within the arena.
    #[inline]
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

    /// The bytes of a range, or `None` if it does not lie within the arena.
    #[inline]
    pub(crate) fn range(&self, at: usize, len: usize) -> Option<NonNull<[u8]>> {
        if at.checked_add(len)? > self.pages * PAGE_SIZE {
            return None;
        }
        // SAFETY: the offset lies within the host's pages, which are one allocation by the host's contract.
        let begin = unsafe { self.base.add(at) };
        Some(NonNull::slice_from_raw_parts(begin, len))
    }

    /// The byte `at` bytes behind the start of the arena.
    ///
    /// # Safety
    /// It lies within the arena.
    #[inline(always)]
    pub(crate) unsafe fn at(&self, at: usize) -> NonNull<u8> {
        // SAFETY: the caller's promise; the host's pages are one allocation by its contract.
        unsafe { self.base.add(at) }
    }

    /// How many bytes behind the start of the arena an address lies, were there no end to it: those before the start are far
    /// behind every end.
    #[inline(always)]
    pub(crate) fn distance(&self, address: usize) -> usize {
        address.wrapping_sub(self.base.addr().get())
    }

    /// How many bytes behind the start of the arena an address lies, or `None` if it does not lie within.
    #[inline]
    pub(crate) fn offset(&self, address: usize) -> Option<usize> {
        Some(self.distance(address)).filter(|at| *at < self.pages * PAGE_SIZE)
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

    /// Copies a block to another of its order.
    ///
    /// # Safety
    /// The blocks are two, and nobody else uses the bytes of either.
    pub(crate) unsafe fn copy(&self, from: FrameNumber, to: FrameNumber, order: Order) {
        if let Some((from, to)) = self.bytes(from, order).zip(self.bytes(to, order)) {
            // SAFETY: both ranges lie within the host's pages, are apart, and the caller vouches that it is alone.
            unsafe { to.cast::<u8>().copy_from_nonoverlapping(from.cast(), from.len()) };
        }
    }

    /// Pages of the window, 0 without one.
    pub(crate) fn window_pages(&self) -> usize {
        self.host.window().map_or(0, |(_, pages)| pages)
    }

    /// The bytes of a range of the window, or `None` if it does not lie within.
    pub(crate) fn window_bytes(&self, at: usize, pages: usize) -> Option<NonNull<[u8]>> {
        let (base, most) = self.host.window()?;
        if at.checked_add(pages)? > most {
            return None;
        }
        // SAFETY: the offset lies within the window, which is one range by the host's contract.
        let begin = unsafe { base.add(at * PAGE_SIZE) };
        Some(NonNull::slice_from_raw_parts(begin, pages * PAGE_SIZE))
    }

    /// How many bytes behind the start of the window an address lies, or `None` if it does not lie within.
    pub(crate) fn window_offset(&self, address: usize) -> Option<usize> {
        let (base, pages) = self.host.window()?;
        address.checked_sub(base.addr().get()).filter(|at| *at < pages * PAGE_SIZE)
    }

    /// The first page of the window, from `page` on, whose address is a multiple of so many pages.
    pub(crate) fn window_aligned(&self, page: usize, align: usize) -> Option<usize> {
        let first = self.host.window()?.0.addr().get() / PAGE_SIZE;
        first.checked_add(page)?.checked_next_multiple_of(align)?.checked_sub(first)
    }

    /// Where the frames and the window lie.
    pub(crate) fn addresses(&self) -> [Range<usize>; 2] {
        let range = |base: NonNull<u8>, pages: usize| base.addr().get()..base.addr().get() + pages * PAGE_SIZE;
        [range(self.base, self.pages), self.host.window().map_or(0..0, |(base, pages)| range(base, pages))]
    }

    /// Maps frames into the window.
    ///
    /// # Errors
    /// The host's.
    pub(crate) fn map(&self, at: usize, first: FrameNumber, pages: usize) -> Result<(), HostError> {
        self.host.map(at, first, pages)
    }

    /// Makes a range of the window nobody's.
    pub(crate) fn unmap(&self, at: usize, pages: usize) {
        self.host.unmap(at, pages);
    }

    /// Tells the host that a free block's contents are not needed.
    pub(crate) fn release(&self, first: FrameNumber, order: Order) {
        if self.bytes(first, order).is_some() {
            self.host.release(first, order.pages() as usize);
        }
    }
}
