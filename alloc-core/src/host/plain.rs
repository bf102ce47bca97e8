//! A host in ordinary memory: at home everywhere, Miri included.
#![expect(unsafe_code, reason = "allocates the machine's memory from the surrounding process")]

use alloc::alloc::{alloc_zeroed, dealloc};
use core::alloc::Layout;
use core::ptr::NonNull;

use super::contract::{ALIGN, Host, HostError, bytes};
use crate::units::PAGE_SIZE;

/// A host whose memory comes from the surrounding process's allocator.
///
/// # Invariants
/// `base` was allocated with `layout`, and is freed only on drop.
#[derive(Debug)]
pub struct PlainHost {
    base: NonNull<u8>,
    layout: Layout,
    pages: usize,
}

impl PlainHost {
    /// A host of `pages` pages.
    ///
    /// # Errors
    /// [`HostError::TooManyPages`] and [`HostError::NoMemory`].
    pub fn new(pages: usize) -> Result<PlainHost, HostError> {
        // A host of no pages still has an address.
        let size = bytes(pages)?.max(PAGE_SIZE);
        let layout = Layout::from_size_align(size, ALIGN).map_err(|_| HostError::TooManyPages)?;
        // SAFETY: the size is not zero.
        let base = unsafe { alloc_zeroed(layout) };
        // INVARIANT: a fresh allocation with this very layout.
        Ok(PlainHost { base: NonNull::new(base).ok_or(HostError::NoMemory)?, layout, pages })
    }
}

// SAFETY: the address is only handed on, and the memory behind it is the host's wherever the host is.
unsafe impl Send for PlainHost {}
// SAFETY: as above; nothing of the host changes before it is dropped.
unsafe impl Sync for PlainHost {}

impl Drop for PlainHost {
    fn drop(&mut self) {
        // SAFETY: by the invariant, and nobody uses the memory of a host that is dropped.
        unsafe { dealloc(self.base.as_ptr(), self.layout) };
    }
}

// SAFETY: 1. the allocation is aligned by its layout and does not move. 2. It lives until drop and began zeroed. 3. The address
// is given to nobody but through `base`. 4. `release` does nothing.
unsafe impl Host for PlainHost {
    fn base(&self) -> NonNull<u8> {
        self.base
    }

    fn pages(&self) -> usize {
        self.pages
    }
}
