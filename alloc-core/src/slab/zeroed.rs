//! Tables of counters that begin at zero and cost memory only where they are written.
#![expect(unsafe_code, reason = "asks the surrounding process for zeroed memory")]

use alloc::alloc::alloc_zeroed;
use alloc::boxed::Box;
use core::alloc::Layout;
use core::ptr;

use crate::sync::steps::{AtomicU8, AtomicU32};

/// A type whose values may begin as bytes of zero.
///
/// # Safety
/// The implementor vouches that all bytes zero are a valid value, and that the type has a size.
pub(crate) unsafe trait Zeroed {}

// SAFETY: an atomic number has the same values as the number.
unsafe impl Zeroed for AtomicU8 {}
// SAFETY: as above, eight times.
unsafe impl Zeroed for [AtomicU32; 8] {}

/// A table of `len` zeroes, or `None` if the surrounding process has no memory for it.
pub(crate) fn zeroed<T: Zeroed>(len: usize) -> Option<Box<[T]>> {
    if len == 0 {
        return Some(Box::new([]));
    }
    let layout = Layout::array::<T>(len).ok()?;
    // SAFETY: `len` is not zero, and neither is the size of a zeroed type.
    let table = unsafe { alloc_zeroed(layout) };
    if table.is_null() {
        return None;
    }
    let table = ptr::slice_from_raw_parts_mut(table.cast::<T>(), len);
    // SAFETY: 1. a fresh allocation of the global allocator with the layout of such a slice; 2. by `Zeroed` its bytes are valid.
    Some(unsafe { Box::from_raw(table) })
}
