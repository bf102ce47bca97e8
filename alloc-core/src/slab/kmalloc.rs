//! kmalloc: memory of any size, from classes of objects up to 8 KiB and from whole blocks above.

use super::kmalloc_box::KmallocBox;
use super::kmalloc_word::Word;
use super::object::ObjectState;
use crate::block::PageBlock;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::units::{NodeId, Order, array_size};

/// The largest alignment that blocks have.
const ALIGN_MAX: usize = Order::LARGEST.bytes();

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl KmallocBox<'_> {
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
        let old = self.bytes().len();
        if size == 0 || size > self.ksize() {
            let mut moved = self.machine().kmalloc(size, flags.without(Gfp::ZERO))?;
            let kept = old.min(size);
            moved.bytes_mut()[..kept].copy_from_slice(&self.bytes()[..kept]);
            *self = moved;
        } else {
            self.resize(size);
        }
        if flags.contains(Gfp::ZERO) && size > old {
            self.bytes_mut()[old..].fill(0);
        }
        Ok(())
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Machine {
    /// Memory of `size` bytes for the current task.
    ///
    /// Up to 8 KiB it is an object of the smallest of thirteen classes that holds it, above a whole block. It is aligned to
    /// the class's largest power of two: memory of a size that is a power of two is aligned to its size. What is asked
    /// for with DMA is always a whole block. Memory of no bytes is at [`ZERO_SIZE_PTR`](crate::ZERO_SIZE_PTR), and takes nothing.
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
    #[inline(always)]
    pub fn kmalloc(&self, size: usize, flags: Gfp) -> Result<KmallocBox<'_>, AllocError> {
        if let Some((number, class)) = self.slabs.class(size)
            && let Some(at) = self.quick_object(class, flags)
        {
            return Ok(KmallocBox::new(self, Word::object(number, at, size)));
        }
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

    /// Memory that is aligned to a power of two, from a node's zones first.
    ///
    /// # Errors
    /// Those of [`Machine::kmalloc_aligned`], and [`AllocError::NoSuchNode`].
    pub fn kmalloc_aligned_node(
        &self,
        node: Option<NodeId>,
        layout: core::alloc::Layout,
        flags: Gfp,
    ) -> Result<KmallocBox<'_>, AllocError> {
        self.kmalloc_on(node, layout.size(), layout.align(), flags)
    }

    #[inline(always)]
    pub(crate) fn kmalloc_on(
        &self,
        node: Option<NodeId>,
        size: usize,
        align: usize,
        flags: Gfp,
    ) -> Result<KmallocBox<'_>, AllocError> {
        Ok(KmallocBox::new(self, self.kmalloc_slowly(node, size, align, flags)?))
    }

    #[inline(never)]
    fn kmalloc_slowly(&self, node: Option<NodeId>, size: usize, align: usize, flags: Gfp) -> Result<Word, AllocError> {
        if size == 0 {
            return Ok(Word::NOTHING);
        }
        if let Some((number, class)) = self.slabs.class_aligned(size, align).filter(|_| !flags.contains(Gfp::DMA)) {
            let at = self.object_slowly(class, node, flags, ObjectState::Held)?;
            return Ok(Word::object(number, at, size));
        }
        let (frame, list) = self.kmalloc_large(node, size, align, flags)?.into_parts();
        Ok(Word::block(frame, list, size))
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
