//! The kernel's three allocators.
#![expect(unsafe_code, reason = "allocators promise what their users rely on")]

use core::alloc::Layout;
use core::ptr::NonNull;

use alloc_core::{MemoryKind, PAGE_SIZE};

use super::alloc_error::AllocError;
use super::contract::Allocator;
use super::gfp_flags::Flags;
use super::numa_node::NumaNode;
use crate::memory::Kind;

/// The smallest alignment of kmalloc, as on x86-64.
const KMALLOC_ALIGN: usize = 8;

/// Memory that is contiguous in the machine (`kmalloc`): objects up to 8 KiB, whole blocks of pages above.
///
/// Like the others it panics where memory is freed that is not in use, or another allocator's.
#[derive(Clone, Copy, Debug)]
pub struct Kmalloc;

/// Memory that is contiguous by mapping, page by page (`vmalloc`).
#[derive(Clone, Copy, Debug)]
pub struct Vmalloc;

/// Memory that is contiguous in the machine if that is easy, and mapped if not (`kvmalloc`).
#[derive(Clone, Copy, Debug)]
pub struct KVmalloc;

impl Kmalloc {
    /// A layout whose size is a multiple of its alignment, which kmalloc aligns as it says.
    pub fn aligned_layout(layout: Layout) -> Layout {
        layout.pad_to_align()
    }
}

macro_rules! allocators {
    ($($name:ident: $kind:expr, $align:expr;)+) => {$(
        // SAFETY: 1. Memory of a machine stays where it is, and the machine lives as long as its memory is in use: a share is
        // kept for each. 2. Whose it is, its address says. 3. What `realloc` promises, `Kind::realloc` does; and objects and
        // pages are aligned so at least.
        unsafe impl Allocator for $name {
            const MIN_ALIGN: usize = $align;

            #[inline]
            fn alloc(layout: Layout, flags: Flags, nid: NumaNode) -> Result<NonNull<[u8]>, AllocError> {
                $kind.alloc(layout, flags, nid)
            }

            #[inline]
            unsafe fn realloc(
                ptr: Option<NonNull<u8>>,
                layout: Layout,
                old_layout: Layout,
                flags: Flags,
                nid: NumaNode,
            ) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's promise.
                unsafe { $kind.realloc(ptr, layout, old_layout, flags, nid) }
            }

            #[inline]
            unsafe fn free(ptr: NonNull<u8>, layout: Layout) {
                // SAFETY: the caller's promise.
                unsafe { $kind.free(ptr, layout) }
            }
        }
    )+};
}

allocators! {
    Kmalloc: Kind(MemoryKind::Contiguous), KMALLOC_ALIGN;
    Vmalloc: Kind(MemoryKind::Mapped), PAGE_SIZE;
    KVmalloc: Kind(MemoryKind::Either), KMALLOC_ALIGN;
}
