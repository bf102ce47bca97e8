//! What an allocator is: three functions of a type without a value.
#![expect(unsafe_code, reason = "declares a trait whose implementors vouch for memory")]

use core::alloc::Layout;
use core::ptr::NonNull;

use super::alloc_error::AllocError;
use super::gfp_flags::{Flags, flags::GFP_NOWAIT};
use super::numa_node::NumaNode;

/// An allocator of the kernel's. Its functions have no `self`: there is one of each for all.
///
/// # Safety
/// The implementor vouches that
/// 1. memory stays where it is, and is nobody else's, until it is freed or moved by `realloc`;
/// 2. memory may be freed and moved from any thread, also where another machine serves;
/// 3. `realloc` keeps what is promised at it, and every given memory is aligned to [`Allocator::MIN_ALIGN`] at least, if it has
///    bytes.
pub unsafe trait Allocator {
    /// The alignment that all memory of this allocator has at least.
    const MIN_ALIGN: usize;

    /// Memory of a layout; without bytes, a dangling pointer. With `__GFP_ZERO` it is zeroed.
    ///
    /// # Errors
    /// [`AllocError`] if the flags do not allow what it would take to get it.
    fn alloc(layout: Layout, flags: Flags, nid: NumaNode) -> Result<NonNull<[u8]>, AllocError> {
        // SAFETY: there is no old memory.
        unsafe { Self::realloc(None, layout, Layout::new::<()>(), flags, nid) }
    }

    /// Makes memory larger or smaller, in place or elsewhere, and says where it is now. Its bytes are kept, as many as both
    /// layouts have.
    ///
    /// - Without a pointer it is new memory.
    /// - A layout without bytes frees the memory, and gives a dangling pointer.
    /// - With `__GFP_ZERO`, bytes that are gained are zero.
    ///
    /// # Errors
    /// [`AllocError`]; the old memory is valid and unchanged then.
    ///
    /// # Safety
    /// If there is a pointer, it was given by this allocator for `old_layout`, and has not been freed; or `old_layout` has no
    /// bytes, and it may be any. After a success the old pointer is not used any more.
    unsafe fn realloc(
        ptr: Option<NonNull<u8>>,
        layout: Layout,
        old_layout: Layout,
        flags: Flags,
        nid: NumaNode,
    ) -> Result<NonNull<[u8]>, AllocError>;

    /// Frees memory.
    ///
    /// # Safety
    /// The pointer was given by this allocator for `layout`, and is not used any more; or `layout` has no bytes, and it may be
    /// any.
    unsafe fn free(ptr: NonNull<u8>, layout: Layout) {
        // To no bytes: that asks for nothing and cannot fail.
        // SAFETY: the caller's promise.
        let freed = unsafe { Self::realloc(Some(ptr), Layout::new::<()>(), layout, GFP_NOWAIT, NumaNode::NO_NODE) };
        debug_assert!(freed.is_ok());
    }
}
