//! Memory by bare pointers, from the machine that serves and back to the machine that it is from.
#![expect(unsafe_code, reason = "passes memory around as pointers, as the kernel's allocators do")]

use core::alloc::Layout;
use core::mem::{self, ManuallyDrop};
use core::ptr::NonNull;

use alloc_core::{FreeError, Gfp, Machine, MemoryKind};

use crate::alloc::{AllocError, Flags, NumaNode};
use crate::serving::serving;

/// One of the kernel's functions, as its allocators have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Kind(pub(crate) MemoryKind);

/// Where memory of no bytes is.
fn nowhere(layout: Layout) -> NonNull<u8> {
    layout.dangling_ptr()
}

/// Says that memory was given back that cannot be: freed twice, or by another allocator.
#[cold]
fn refuse(memory: NonNull<u8>, why: &str) {
    if !std::thread::panicking() {
        panic!("the memory at {memory:p} cannot be freed: {why}");
    }
}

impl Kind {
    /// Memory of a layout, which may have no bytes.
    ///
    /// # Errors
    /// The machine's, without its reason.
    pub(crate) fn alloc(self, layout: Layout, flags: Flags, nid: NumaNode) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 {
            return Ok(NonNull::slice_from_raw_parts(nowhere(layout), 0));
        }
        let asked = serving(|machine| {
            let memory = self.0.alloc(machine, nid.id(), layout, flags.gfp()).ok()?;
            // A share for as long as the memory is in use: `free` takes it back.
            mem::forget(machine.share());
            Some(memory)
        });
        let memory = asked.flatten().ok_or(AllocError)?;
        Ok(NonNull::slice_from_raw_parts(memory, layout.size()))
    }

    /// Gives memory back to the machine that it is from.
    ///
    /// # Panics
    /// If that does not take it, unless the thread panics already: the caller has broken the promise below.
    ///
    /// # Safety
    /// The memory was given by [`Kind::alloc`] or [`Kind::realloc`] of the same kind for this layout, and nobody uses it any
    /// more.
    pub(crate) unsafe fn free(self, memory: NonNull<u8>, layout: Layout) {
        if layout.size() == 0 {
            return;
        }
        // SAFETY: a share was left for the memory when it was given, and is taken back with it.
        let Some(machine) = (unsafe { Machine::take_share_at(memory.as_ptr()) }) else {
            return refuse(memory, "it is no machine's");
        };
        // SAFETY: the caller's promise.
        let freed = unsafe { self.0.free(&machine, memory) };
        if !matches!(freed, Ok(()) | Err(FreeError::RedZone)) {
            // Nothing came back, so no share does.
            mem::forget(machine);
            refuse(memory, &freed.map_or_else(|error| error.to_string(), |()| String::new()));
        }
    }

    /// Makes memory larger or smaller, and says where it is now: see [`Allocator::realloc`](crate::alloc::Allocator::realloc).
    ///
    /// # Safety
    /// As [`Kind::free`], with `old_layout`, if there is memory.
    pub(crate) unsafe fn realloc(
        self,
        memory: Option<NonNull<u8>>,
        layout: Layout,
        old_layout: Layout,
        flags: Flags,
        nid: NumaNode,
    ) -> Result<NonNull<[u8]>, AllocError> {
        let Some(old) = memory.filter(|_| old_layout.size() > 0) else { return self.alloc(layout, flags, nid) };
        if layout.size() > 0 {
            // SAFETY: the memory's share is taken to look at the machine, and stays the memory's: it is not dropped.
            let machine = unsafe { Machine::take_share_at(old.as_ptr()) }.map(ManuallyDrop::new);
            // SAFETY: the caller's promise.
            if machine.is_some_and(|machine| unsafe { self.0.resizes(&machine, old, layout) }) {
                let gained = layout.size().saturating_sub(old_layout.size());
                if flags.gfp().contains(Gfp::ZERO) && gained > 0 {
                    // SAFETY: the memory has `layout.size()` bytes now, and is the caller's alone.
                    unsafe { old.add(old_layout.size()).write_bytes(0, gained) };
                }
                return Ok(NonNull::slice_from_raw_parts(old, layout.size()));
            }
        }
        let new = self.alloc(layout, flags, nid)?;
        let kept = layout.size().min(old_layout.size());
        // SAFETY: 1. Both have so many bytes, and are the caller's alone. The new ones were nobody's, so they do not overlap.
        // 2. The caller gives the old memory up.
        unsafe {
            new.cast().copy_from_nonoverlapping(old, kept);
            self.free(old, old_layout);
        }
        Ok(new)
    }
}
