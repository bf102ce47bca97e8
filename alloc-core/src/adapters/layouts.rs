//! What a handle does for layouts with and without bytes: the rules of every trait `Allocator`, written once.
#![expect(unsafe_code, reason = "takes memory back, and moves it, by pointer")]

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::adapters::handle::Handle;
use crate::error::FreeError;
use crate::gfp::Gfp;

/// Where memory of no bytes is.
fn nowhere(layout: Layout) -> NonNull<[u8]> {
    NonNull::slice_from_raw_parts(layout.dangling_ptr(), 0)
}

/// Memory of a layout, zeroed if `more` has ZERO; `None` if the machine says no.
#[inline]
pub(super) fn allocate<H: Handle>(handle: &H, layout: Layout, more: Gfp) -> Option<NonNull<[u8]>> {
    if layout.size() == 0 {
        return Some(nowhere(layout));
    }
    let memory = H::KIND.alloc(handle.machine(), None, layout, H::FLAGS.with(more)).ok()?;
    Some(NonNull::slice_from_raw_parts(memory, layout.size()))
}

/// Takes memory of a layout back.
///
/// # Safety
/// The memory was given by an equal handle for this layout, and nobody uses it any more.
#[inline]
pub(super) unsafe fn deallocate<H: Handle>(handle: &H, memory: NonNull<u8>, layout: Layout) {
    if layout.size() > 0 {
        // SAFETY: the caller's promise.
        let freed = unsafe { H::KIND.free(handle.machine(), memory) };
        // Its red zone may be damaged, and the event says so; what else could be wrong is against the promise.
        debug_assert!(matches!(freed, Ok(()) | Err(FreeError::RedZone)), "{freed:?}");
    }
}

/// Makes memory of one layout memory of another; `None` if the machine says no, and then nothing has changed.
///
/// # Safety
/// The memory was given by an equal handle for layout `from`. After a success nobody uses the old pointer any more.
pub(super) unsafe fn reallocate<H: Handle>(
    handle: &H,
    memory: NonNull<u8>,
    from: Layout,
    to: Layout,
    more: Gfp,
) -> Option<NonNull<[u8]>> {
    if from.size() == 0 || to.size() == 0 {
        let new = allocate(handle, to, more)?;
        // SAFETY: the caller gives the old memory up. No bytes are kept, for one of them has none.
        unsafe { deallocate(handle, memory, from) };
        return Some(new);
    }
    // SAFETY: the caller's promise.
    let moved = unsafe { H::KIND.realloc(handle.machine(), memory, from, to, H::FLAGS.with(more)) }.ok()?;
    Some(NonNull::slice_from_raw_parts(moved, to.size()))
}
