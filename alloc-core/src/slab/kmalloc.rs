//! kmalloc: memory of any size, from classes of objects up to 8 KiB and from whole blocks above.

use core::fmt;
use core::ptr::{self, NonNull};

use super::object::ObjectState;
use super::slab_box::SlabBox;
use crate::block::PageBlock;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::page::frame::State;
use crate::units::{NodeId, Order, PAGE_SIZE, array_size};

/// Where memory of no bytes is: an address that is not null, and that nobody may touch.
pub const ZERO_SIZE_PTR: NonNull<u8> = match NonNull::new(ptr::without_provenance_mut(16)) {
    Some(pointer) => pointer,
    None => unreachable!(),
};

/// The largest alignment that blocks have.
const ALIGN_MAX: usize = Order::LARGEST.pages() as usize * PAGE_SIZE;

/// Memory that kmalloc gave; it gives itself back on drop (`kfree`).
pub struct KmallocBox<'m> {
    pub(crate) machine: &'m Machine,
    piece: Piece<'m>,
    size: usize,
}

/// What stands behind a request to kmalloc.
pub(crate) enum Piece<'m> {
    /// Nothing.
    Zero,
    Object(SlabBox<'m>),
    Pages(PageBlock<'m>),
}

impl Piece<'_> {
    pub(crate) fn ksize(&self) -> usize {
        match self {
            Piece::Zero => 0,
            Piece::Object(object) => object.ksize(),
            Piece::Pages(block) => block.bytes().len(),
        }
    }
}

impl<'m> KmallocBox<'m> {
    /// The bytes, as many as were asked for.
    pub fn bytes(&self) -> &[u8] {
        match &self.piece {
            Piece::Zero => &[],
            Piece::Object(object) => object.prefix(self.size),
            Piece::Pages(block) => &block.bytes()[..self.size],
        }
    }

    /// The bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.piece {
            Piece::Zero => &mut [],
            Piece::Object(object) => object.prefix_mut(self.size),
            Piece::Pages(block) => &mut block.bytes_mut()[..self.size],
        }
    }

    /// How large the memory could be without being moved (`ksize`).
    pub fn ksize(&self) -> usize {
        self.piece.ksize()
    }

    /// Where the memory is; [`ZERO_SIZE_PTR`] if it has no bytes.
    pub fn as_ptr(&self) -> NonNull<u8> {
        match &self.piece {
            Piece::Zero => ZERO_SIZE_PTR,
            Piece::Object(object) => object.as_ptr(),
            Piece::Pages(block) => NonNull::from(block.bytes()).cast(),
        }
    }

    /// Makes the memory larger or smaller (`krealloc`), in place if its class or its blocks have room. With ZERO, the
    /// bytes that it gains are zero.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodePages};
    /// let machine = Machine::builder().node(NodePages::new(256)).build()?;
    /// let mut text = machine.kmalloc(5, Gfp::KERNEL)?;
    /// text.bytes_mut().copy_from_slice(b"slabs");
    /// text.krealloc(5000, Gfp::KERNEL | Gfp::ZERO)?;
    /// assert!(text.bytes().starts_with(b"slabs\0") && text.bytes().len() == 5000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Machine::kmalloc`]. The memory is as it was then.
    pub fn krealloc(&mut self, size: usize, flags: Gfp) -> Result<(), AllocError> {
        let old = self.size;
        if size == 0 || size > self.ksize() {
            let mut moved = self.machine.kmalloc(size, flags.without(Gfp::ZERO))?;
            let kept = old.min(size);
            moved.bytes_mut()[..kept].copy_from_slice(&self.bytes()[..kept]);
            *self = moved;
        }
        self.size = size;
        if flags.contains(Gfp::ZERO) && size > old {
            self.bytes_mut()[old..].fill(0);
        }
        Ok(())
    }

    /// Turns the memory into a bare pointer, as kernel code passes it around. It comes back through [`Machine::kfree`].
    pub fn into_raw(self) -> NonNull<u8> {
        let pointer = self.as_ptr();
        match self.piece {
            Piece::Zero => pointer,
            Piece::Object(object) => object.into_raw(),
            Piece::Pages(block) => {
                let frame = block.frame();
                // By becoming a pointer, the token becomes the frame's entry.
                let _ = block.into_pages();
                self.machine.raw().frames.at(frame.0).state = State::Kmalloc;
                pointer
            }
        }
    }
}

impl fmt::Debug for KmallocBox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KmallocBox({} of {} bytes)", self.size, self.ksize())
    }
}

impl Machine {
    /// Memory of `size` bytes for the current task.
    ///
    /// Up to 8 KiB it is an object of the smallest of thirteen classes that holds it, above a whole block. It is aligned to
    /// the class's largest power of two: memory of a size that is a power of two is aligned to its size. What is asked
    /// for with DMA is always a whole block. Memory of no bytes is at [`ZERO_SIZE_PTR`], and takes nothing.
    ///
    /// ```
    /// use alloc_core::{AllocError, Gfp, Machine, NodePages};
    /// let machine = Machine::builder().node(NodePages::new(256)).build()?;
    /// let memory = machine.kmalloc(200, Gfp::KERNEL)?;
    /// assert_eq!((memory.bytes().len(), memory.ksize()), (200, 256));
    /// assert!(memory.as_ptr().addr().get().is_multiple_of(256));
    /// assert_eq!(machine.kmalloc_array(usize::MAX / 8 + 1, 16, Gfp::KERNEL).unwrap_err(), AllocError::Overflow);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Cache::alloc`](crate::Cache::alloc) up to 8 KiB, and of [`Machine::alloc_pages`] above.
    pub fn kmalloc(&self, size: usize, flags: Gfp) -> Result<KmallocBox<'_>, AllocError> {
        self.kmalloc_on(None, size, 1, flags)
    }

    /// As [`Machine::kmalloc`], and zeroed, the bytes up to [`KmallocBox::ksize`] included.
    ///
    /// # Errors
    /// Those of [`Machine::kmalloc`].
    pub fn kzalloc(&self, size: usize, flags: Gfp) -> Result<KmallocBox<'_>, AllocError> {
        self.kmalloc(size, flags | Gfp::ZERO)
    }

    /// Memory for an array.
    ///
    /// # Errors
    /// [`AllocError::Overflow`], before any policy is asked; and those of [`Machine::kmalloc`].
    pub fn kmalloc_array(&self, elements: usize, size: usize, flags: Gfp) -> Result<KmallocBox<'_>, AllocError> {
        self.kmalloc(array_size(elements, size).ok_or(AllocError::Overflow)?, flags)
    }

    /// Memory from a node's zones first.
    ///
    /// # Errors
    /// Those of [`Machine::kmalloc`], and [`AllocError::NoSuchNode`].
    pub fn kmalloc_node(&self, node: NodeId, size: usize, flags: Gfp) -> Result<KmallocBox<'_>, AllocError> {
        self.kmalloc_on(Some(node), size, 1, flags)
    }

    /// Memory that is aligned to a power of two.
    ///
    /// # Errors
    /// Those of [`Machine::kmalloc`]; [`AllocError::OrderTooBig`] for alignments above 4 MiB, which no block has.
    pub fn kmalloc_aligned(&self, layout: core::alloc::Layout, flags: Gfp) -> Result<KmallocBox<'_>, AllocError> {
        self.kmalloc_on(None, layout.size(), layout.align(), flags)
    }

    fn kmalloc_on(
        &self,
        node: Option<NodeId>,
        size: usize,
        align: usize,
        flags: Gfp,
    ) -> Result<KmallocBox<'_>, AllocError> {
        if size == 0 {
            return Ok(KmallocBox { machine: self, piece: Piece::Zero, size });
        }
        let class = if flags.contains(Gfp::DMA) { None } else { self.slabs.class(size, align) };
        let piece = match class {
            Some(core) => {
                let at = self.object(core, node, flags, ObjectState::Owned)?;
                Piece::Object(SlabBox::new(self, core, at))
            }
            None => Piece::Pages(self.kmalloc_large(node, size, align, flags)?),
        };
        Ok(KmallocBox { machine: self, piece, size })
    }

    /// A whole block.
    pub(crate) fn kmalloc_large(
        &self,
        node: Option<NodeId>,
        size: usize,
        align: usize,
        flags: Gfp,
    ) -> Result<PageBlock<'_>, AllocError> {
        if align > ALIGN_MAX {
            return Err(AllocError::OrderTooBig);
        }
        let (order, flags) = (Order::for_layout(size, align), self.without_zones(flags, Gfp::DMA)?);
        match node {
            Some(node) => self.alloc_pages_node(node, order, flags),
            None => self.alloc_pages(order, flags),
        }
    }
}
