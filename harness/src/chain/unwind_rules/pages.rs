//! Zeroed memory straight from the kernel, for the tables of code that runs inside the allocator.
#![expect(unsafe_code, reason = "maps and unmaps memory")]

use core::ptr::{self, NonNull};

/// Maps `count` zeroed `T`s; the kernel gives each page when it is first touched.
///
/// The mapping is private: a forked child inherits its contents copy-on-write.
pub(super) fn map<T>(count: usize) -> Option<NonNull<T>> {
    let length = count.checked_mul(size_of::<T>())?;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: an anonymous mapping at an address of the kernel's choice touches no memory that is in use.
    let start = unsafe { libc::mmap(ptr::null_mut(), length, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
    if start == libc::MAP_FAILED { None } else { NonNull::new(start.cast()) }
}

/// Gives back what [`map`] has mapped.
///
/// # Safety
/// `start` and `count` are those of one call of `map::<T>`, and nothing uses that memory any more.
pub(super) unsafe fn unmap<T>(start: NonNull<T>, count: usize) {
    // SAFETY: 1. The caller names exactly one mapping that `map` made. 2. Nothing refers to it any more.
    unsafe { libc::munmap(start.as_ptr().cast(), count.wrapping_mul(size_of::<T>())) };
}
