//! The system's kind of allocators, through the trait that programs call them by.

use std::alloc::{GlobalAlloc, Layout};

use crate::rival::Rival;

/// An allocator of bytes.
pub(crate) struct Global<A>(pub(crate) A);

/// A block of bytes.
pub(crate) struct Bytes(*mut u8);

// SAFETY: it is the only pointer to its block, and all allocators here take a block back from any thread.
unsafe impl Send for Bytes {}

impl<A: GlobalAlloc + Sync> Rival for Global<A> {
    type Want = Layout;
    type Block = Bytes;

    fn want(size: usize) -> Layout {
        // Sixteen is what malloc promises anyway: what is aligned to more takes a slower way in most of them.
        Layout::from_size_align(size, 16).expect("the sizes here are small")
    }

    #[inline(always)]
    fn take(&self, want: Layout) -> Bytes {
        // SAFETY: no size here is zero.
        let block = unsafe { self.0.alloc(want) };
        assert!(!block.is_null(), "out of memory");
        Bytes(block)
    }

    #[inline(always)]
    fn touch(block: &mut Bytes) {
        // SAFETY: the block has at least one byte and is nobody else's.
        unsafe { block.0.write_volatile(1) };
    }

    fn place(block: &Bytes) -> usize {
        block.0.addr()
    }

    #[inline(always)]
    fn give(&self, block: Bytes, want: Layout) {
        // SAFETY: `take` allocated it with this layout, and the token is consumed.
        unsafe { self.0.dealloc(block.0, want) };
    }
}
