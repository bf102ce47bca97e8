//! The memory of a sweep that stays in its process: zeroed, of the system allocator.
#![expect(unsafe_code, reason = "allocates memory and hands out pointers into it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::ptr::NonNull;

/// The alignment that regions are laid out for.
const PAGE: usize = 4096;

/// Zeroed memory of this process alone.
///
/// # Invariants
/// `base` is an allocation of `layout`, made zeroed and freed only on drop.
#[derive(Debug)]
pub(crate) struct SharedMap {
    base: NonNull<u8>,
    layout: Layout,
}

// SAFETY: the memory belongs to no thread, and all access goes through atomics or cells of its users.
unsafe impl Send for SharedMap {}
// SAFETY: as above.
unsafe impl Sync for SharedMap {}

impl SharedMap {
    /// New zeroed memory of `len` bytes.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn create(len: usize) -> io::Result<SharedMap> {
        let refused = || io::Error::from(io::ErrorKind::OutOfMemory);
        let layout = Layout::from_size_align(len.max(PAGE), PAGE).map_err(|_| refused())?;
        // SAFETY: the layout is not of size 0.
        let base = NonNull::new(unsafe { System.alloc_zeroed(layout) }).ok_or_else(refused)?;
        Ok(SharedMap { base, layout })
    }

    /// A pointer to `count` values of `T` at byte `offset`.
    ///
    /// # Panics
    /// If they would not lie inside the memory, or `offset` is not aligned for `T`.
    pub(crate) fn at<T>(&self, offset: usize, count: usize) -> NonNull<T> {
        let (end, len) =
            (size_of::<T>().checked_mul(count).and_then(|size| size.checked_add(offset)), self.layout.size());
        assert!(end.is_some_and(|end| end <= len), "{count} values at {offset} end outside {len} bytes");
        assert!(offset.is_multiple_of(align_of::<T>()), "offset {offset} is not aligned");
        // SAFETY: the offset lies inside the memory.
        unsafe { self.base.byte_add(offset) }.cast()
    }
}

impl Drop for SharedMap {
    fn drop(&mut self) {
        // SAFETY: the memory is this value's own, and references into it borrow the value.
        unsafe { System.dealloc(self.base.as_ptr(), self.layout) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_memory_is_zero_to_its_end() {
        let map = SharedMap::create(1 << 16).unwrap();
        // SAFETY: zeroed memory is a number, and the memory lives to the end of the test.
        assert_eq!(unsafe { map.at::<u64>((1 << 16) - 8, 1).read() }, 0);
    }

    #[test]
    #[should_panic(expected = "end outside")]
    fn a_region_past_the_end_is_refused() {
        SharedMap::create(4096).unwrap().at::<u64>(4088, 2);
    }
}
