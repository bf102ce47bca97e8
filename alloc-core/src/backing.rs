//! What the elements of a pool are made of: blocks of pages, objects of a cache, memory of kmalloc, or anything else.

use crate::block::PageBlock;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::slab::cache::Cache;
use crate::slab::kmalloc_box::KmallocBox;
use crate::slab::slab_box::SlabBox;
use crate::units::Order;

/// Where a [`Mempool`](crate::Mempool) gets its elements.
///
/// An element that is dropped goes back to where it came from. Both getting and dropping are done with no lock of the pool
/// held.
pub trait Backing<'m> {
    /// What is pooled.
    type Element;

    /// The machine that it comes from: the one that wakes those who wait.
    fn machine(&self) -> &'m Machine;

    /// Bytes in an element, for fault sources and reports.
    fn size(&self) -> usize;

    /// A new element.
    ///
    /// # Errors
    /// Whatever the request for its memory ends with. A pool asks without DIRECT_RECLAIM first, and again with all rights
    /// of its caller.
    fn get(&self, flags: Gfp) -> Result<Self::Element, AllocError>;

    /// An element's bytes: what its last owner left.
    fn bytes(element: &Self::Element) -> &[u8];

    /// An element's bytes, to write.
    fn bytes_mut(element: &mut Self::Element) -> &mut [u8];
}

/// Blocks of pages of one order (`mempool_create_page_pool`).
#[derive(Clone, Copy, Debug)]
pub struct Blocks<'m> {
    machine: &'m Machine,
    order: Order,
}

impl<'m> Blocks<'m> {
    /// Blocks of `order`.
    pub fn new(machine: &'m Machine, order: Order) -> Blocks<'m> {
        Blocks { machine, order }
    }
}

impl<'m> Backing<'m> for Blocks<'m> {
    type Element = PageBlock<'m>;

    fn machine(&self) -> &'m Machine {
        self.machine
    }

    fn size(&self) -> usize {
        self.order.bytes()
    }

    fn get(&self, flags: Gfp) -> Result<PageBlock<'m>, AllocError> {
        self.machine.alloc_pages(self.order, flags)
    }

    fn bytes<'e>(element: &'e PageBlock<'m>) -> &'e [u8] {
        element.bytes()
    }

    fn bytes_mut<'e>(element: &'e mut PageBlock<'m>) -> &'e mut [u8] {
        element.bytes_mut()
    }
}

/// Objects of a cache (`mempool_create_slab_pool`).
#[derive(Clone, Copy, Debug)]
pub struct Objects<'c, 'm>(pub &'c Cache<'m>);

impl<'c, 'm> Backing<'m> for Objects<'c, 'm> {
    type Element = SlabBox<'c>;

    fn machine(&self) -> &'m Machine {
        self.0.handle().machine
    }

    fn size(&self) -> usize {
        self.0.handle().core.options.size
    }

    fn get(&self, flags: Gfp) -> Result<SlabBox<'c>, AllocError> {
        self.0.alloc(flags)
    }

    fn bytes<'e>(element: &'e SlabBox<'c>) -> &'e [u8] {
        element.bytes()
    }

    fn bytes_mut<'e>(element: &'e mut SlabBox<'c>) -> &'e mut [u8] {
        element.bytes_mut()
    }
}

/// Memory of kmalloc, each element of so many bytes (`mempool_create_kmalloc_pool`).
#[derive(Clone, Copy, Debug)]
pub struct Kmalloced<'m> {
    machine: &'m Machine,
    size: usize,
}

impl<'m> Kmalloced<'m> {
    /// Elements of `size` bytes.
    pub fn new(machine: &'m Machine, size: usize) -> Kmalloced<'m> {
        Kmalloced { machine, size }
    }
}

impl<'m> Backing<'m> for Kmalloced<'m> {
    type Element = KmallocBox<'m>;

    fn machine(&self) -> &'m Machine {
        self.machine
    }

    fn size(&self) -> usize {
        self.size
    }

    fn get(&self, flags: Gfp) -> Result<KmallocBox<'m>, AllocError> {
        self.machine.kmalloc(self.size, flags)
    }

    fn bytes<'e>(element: &'e KmallocBox<'m>) -> &'e [u8] {
        element.bytes()
    }

    fn bytes_mut<'e>(element: &'e mut KmallocBox<'m>) -> &'e mut [u8] {
        element.bytes_mut()
    }
}
