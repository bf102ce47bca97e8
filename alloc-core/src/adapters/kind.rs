//! Which of the kernel's functions is asked for memory, and the rules by which it comes, moves and goes by bare pointers.
#![expect(unsafe_code, reason = "passes memory around as pointers, as allocators do")]

use core::alloc::Layout;
use core::ptr::NonNull;

use crate::error::{AllocError, FreeError};
use crate::gfp::Gfp;
use crate::kvmalloc::KvBlock;
use crate::machine::Machine;
use crate::units::{NodeId, PAGE_SIZE};

/// The largest alignment that every class of kmalloc has whose objects are at least as large.
const CLASS_ALIGN: usize = 32;

/// Which of the kernel's functions is asked for memory of a layout: what all adapters to other allocator interfaces have in
/// common.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MemoryKind {
    /// [`Machine::kmalloc`]: contiguous in the machine.
    Contiguous,
    /// [`Machine::vmalloc`]: contiguous by mapping.
    Mapped,
    /// [`Machine::kvmalloc`]: the one if it is easy, and the other if not.
    Either,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl MemoryKind {
    /// Memory of a layout with at least one byte, from a node's zones first if one is named. With ZERO it is zeroed.
    ///
    /// # Errors
    /// Those of the function of this kind: [`AllocError::ZeroSize`] for a mapped area of no bytes.
    #[inline]
    pub fn alloc(
        self,
        machine: &Machine,
        node: Option<NodeId>,
        layout: Layout,
        flags: Gfp,
    ) -> Result<NonNull<u8>, AllocError> {
        if self != MemoryKind::Mapped
            && node.is_none()
            && layout.align() <= CLASS_ALIGN
            && layout.size() <= PAGE_SIZE
            && layout.size() > 0
        {
            return machine.kmalloc_raw(layout.size().max(layout.align()), flags);
        }
        self.alloc_slowly(machine, node, layout, flags)
    }

    #[cold]
    #[inline(never)]
    fn alloc_slowly(
        self,
        machine: &Machine,
        node: Option<NodeId>,
        layout: Layout,
        flags: Gfp,
    ) -> Result<NonNull<u8>, AllocError> {
        let block = match self {
            MemoryKind::Contiguous => machine.kmalloc_aligned_node(node, layout, flags).map(KvBlock::Contiguous),
            MemoryKind::Mapped => machine.vmalloc_aligned(node, layout, flags).map(KvBlock::Mapped),
            MemoryKind::Either => machine.kvmalloc_aligned(node, layout, flags),
        };
        block.map(KvBlock::into_raw)
    }

    /// Gives memory back to the machine that it is from.
    ///
    /// # Errors
    /// What the pointer is instead: see [`Machine::kfree`] and [`Machine::vfree`]. Nothing has changed then.
    ///
    /// # Safety
    /// If the pointer is that of memory in use, nobody uses the memory any more.
    #[inline]
    pub unsafe fn free(self, machine: &Machine, memory: NonNull<u8>) -> Result<(), FreeError> {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                MemoryKind::Contiguous => machine.kfree(memory.as_ptr()),
                MemoryKind::Mapped => machine.vfree(memory.as_ptr()),
                MemoryKind::Either => machine.kvfree(memory.as_ptr()),
            }
        }
    }

    /// Whether memory can be used as that of another layout where it is. Pages that a mapped area has too many are given back.
    ///
    /// # Safety
    /// The memory is the machine's, of this kind, and during the call nobody uses it.
    pub unsafe fn resizes(self, machine: &Machine, memory: NonNull<u8>, layout: Layout) -> bool {
        if !memory.addr().get().is_multiple_of(layout.align()) {
            return false;
        }
        if self == MemoryKind::Contiguous || !machine.is_vmalloc(memory.as_ptr()) {
            return machine.ksize(memory.as_ptr()).is_ok_and(|room| room >= layout.size());
        }
        // SAFETY: the caller's promise; the owner lives inside of this function.
        let Ok(mut area) = (unsafe { machine.area_at(memory.as_ptr()) }) else { return false };
        let fits = layout.size() <= area.room() && area.vrealloc(layout.size(), Gfp::NONE).is_ok();
        let same = area.into_raw();
        debug_assert_eq!(same, memory);
        fits
    }

    /// Makes memory of one layout memory of another, where it is if it has room, and says where it is now. With ZERO, bytes
    /// that are gained are zero.
    ///
    /// Where less than half of the memory would be in use it is moved to a smaller place, if there is one.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, MemoryKind, NodePages};
    /// use std::alloc::Layout;
    /// let machine = Machine::builder().node(NodePages::new(256)).build()?;
    /// let (small, large) = (Layout::new::<u64>(), Layout::array::<u64>(1000)?);
    /// let kind = MemoryKind::Either;
    /// let memory = kind.alloc(&machine, None, small, Gfp::KERNEL)?;
    /// // SAFETY: the memory is used by this example alone, with the layout that it has at the time.
    /// unsafe {
    ///     memory.cast::<u64>().write(7);
    ///     let memory = kind.realloc(&machine, memory, small, large, Gfp::KERNEL | Gfp::ZERO)?;
    ///     assert_eq!([0, 999].map(|at| memory.cast::<u64>().add(at).read()), [7, 0]);
    ///     kind.free(&machine, memory)?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`MemoryKind::alloc`]. The memory is as it was then, and still its owner's.
    ///
    /// # Safety
    /// The memory is the machine's, of this kind and of layout `from`; both layouts have bytes. During the call nobody uses it,
    /// and after a success nobody uses the old pointer any more.
    pub unsafe fn realloc(
        self,
        machine: &Machine,
        memory: NonNull<u8>,
        from: Layout,
        to: Layout,
        flags: Gfp,
    ) -> Result<NonNull<u8>, AllocError> {
        let gained = to.size().saturating_sub(from.size());
        let moves_down = to.size() <= from.size() / 2 && !machine.is_vmalloc(memory.as_ptr());
        // SAFETY: the caller's promise.
        if !moves_down && unsafe { self.resizes(machine, memory, to) } {
            if flags.contains(Gfp::ZERO) && gained > 0 {
                // SAFETY: the memory has as many bytes now, and is the caller's alone.
                unsafe { memory.add(from.size()).write_bytes(0, gained) };
            }
            return Ok(memory);
        }
        let moved = match self.alloc(machine, None, to, if gained > 0 { flags } else { flags.without(Gfp::ZERO) }) {
            Ok(moved) => moved,
            // What would be smaller elsewhere is large enough where it is.
            // SAFETY: the caller's promise.
            Err(_) if moves_down && unsafe { self.resizes(machine, memory, to) } => return Ok(memory),
            Err(error) => return Err(error),
        };
        // SAFETY: 1. Both have so many bytes, and are the caller's alone. The new ones were nobody's, so they do not overlap.
        // 2. The caller gives the old memory up.
        let freed = unsafe {
            moved.copy_from_nonoverlapping(memory, from.size().min(to.size()));
            self.free(machine, memory)
        };
        // A damaged red zone is withheld, and the event says so.
        debug_assert!(matches!(freed, Ok(()) | Err(FreeError::RedZone)), "{freed:?}");
        Ok(moved)
    }
}
