//! What is known of each slab: which cache it belongs to, what is free in it, and lists that run through the table.

use alloc::boxed::Box;
use core::sync::atomic::Ordering::Relaxed;

use super::zeroed::zeroed;
use crate::sync::steps::AtomicU32;
use crate::units::{NodeId, Order};

/// No slab, in numbers of frames.
pub(crate) const NIL: u32 = u32::MAX;

/// The fields of an entry. The first two are those of every frame of a slab, the others of its first one.
#[derive(Clone, Copy)]
enum Field {
    /// The cache's number and one; 0 for frames without a slab.
    Cache,
    /// How many frames behind the slab's first one.
    Behind,
    /// One more than the next slab's frame.
    Next,
    /// One more than the previous slab's frame.
    Prev,
    /// Free objects, those in the processors' arrays not among them.
    Free,
    /// Bytes from the slab's beginning before which no object is free.
    Hint,
    /// Order, and node times 256.
    Block,
}

/// The entries of all frames. A cache's lock is held by whoever changes entries of its slabs; the first field can be read
/// by whoever knows of an object that is not free.
#[derive(Debug)]
pub(crate) struct SlabTable(Box<[[AtomicU32; 8]]>);

impl SlabTable {
    /// A table without slabs, or `None` if the surrounding process has no memory for it.
    pub(crate) fn new(frames: usize) -> Option<SlabTable> {
        zeroed(frames).map(SlabTable)
    }

    fn field(&self, frame: u32, field: Field) -> &AtomicU32 {
        &self.0[frame as usize][field as usize]
    }

    fn get(&self, frame: u32, field: Field) -> u32 {
        self.field(frame, field).load(Relaxed)
    }

    fn set(&self, frame: u32, field: Field, value: u32) {
        self.field(frame, field).store(value, Relaxed);
    }

    /// Frames of the machine.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The cache whose slab a frame is part of.
    #[inline]
    pub(crate) fn cache(&self, frame: u32) -> Option<u32> {
        self.0.get(frame as usize)?[Field::Cache as usize].load(Relaxed).checked_sub(1)
    }

    /// The first frame of the slab that a frame is part of.
    pub(crate) fn head(&self, frame: u32) -> u32 {
        frame.saturating_sub(self.get(frame, Field::Behind))
    }

    /// The order of a slab.
    pub(crate) fn order(&self, slab: u32) -> Order {
        Order::new(self.get(slab, Field::Block) & 0xff)
    }

    /// The node that a slab lies on.
    pub(crate) fn node(&self, slab: u32) -> NodeId {
        NodeId((self.get(slab, Field::Block) >> 8) as u8)
    }

    /// Free objects of a slab.
    pub(crate) fn free(&self, slab: u32) -> u32 {
        self.get(slab, Field::Free)
    }

    /// Counts the free objects of a slab.
    pub(crate) fn set_free(&self, slab: u32, free: u32) {
        self.set(slab, Field::Free, free);
    }

    /// Bytes from a slab's beginning before which no object is free.
    pub(crate) fn hint(&self, slab: u32) -> usize {
        self.get(slab, Field::Hint) as usize
    }

    /// Remembers before which place of a slab no object is free.
    pub(crate) fn set_hint(&self, slab: u32, hint: usize) {
        self.set(slab, Field::Hint, u32::try_from(hint).unwrap_or(u32::MAX));
    }

    /// The slab behind a slab on its list.
    pub(crate) fn next(&self, slab: u32) -> Option<u32> {
        self.get(slab, Field::Next).checked_sub(1).filter(|next| (*next as usize) < self.len())
    }

    /// Makes a block a slab.
    pub(crate) fn begin(&self, slab: u32, order: Order, cache: u32, node: NodeId, objects: u32) {
        for behind in 0..order.pages() as u32 {
            self.set(slab + behind, Field::Behind, behind);
            self.set(slab + behind, Field::Cache, cache + 1);
        }
        self.set(slab, Field::Block, order.get() | u32::from(node.0) << 8);
        self.set(slab, Field::Free, objects);
        self.set(slab, Field::Hint, 0);
    }

    /// Makes a slab a block again.
    pub(crate) fn end(&self, slab: u32) {
        for behind in 0..self.order(slab).pages() as u32 {
            self.set(slab + behind, Field::Behind, 0);
            self.set(slab + behind, Field::Cache, 0);
        }
    }
}

/// A list of slabs that runs through their entries. A slab is on one list at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SlabList {
    first: u32,
    len: u32,
}

impl SlabList {
    /// The empty list.
    pub(crate) const EMPTY: SlabList = SlabList { first: NIL, len: 0 };

    /// How many slabs are on the list.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The slab that was put on last.
    pub(crate) fn first(&self) -> Option<u32> {
        (self.first != NIL).then_some(self.first)
    }

    /// Puts a slab on the list that is on none.
    pub(crate) fn push(&mut self, table: &SlabTable, slab: u32) {
        table.set(slab, Field::Next, self.first.wrapping_add(1));
        table.set(slab, Field::Prev, 0);
        if let Some(first) = self.first() {
            table.set(first, Field::Prev, slab + 1);
        }
        self.first = slab;
        self.len += 1;
    }

    /// Takes a slab off the list that is on this one.
    pub(crate) fn remove(&mut self, table: &SlabTable, slab: u32) {
        let (next, prev) = (table.get(slab, Field::Next), table.get(slab, Field::Prev));
        match prev.checked_sub(1) {
            Some(prev) => table.set(prev, Field::Next, next),
            None => self.first = next.wrapping_sub(1),
        }
        if let Some(next) = next.checked_sub(1) {
            table.set(next, Field::Prev, prev);
        }
        self.len -= 1;
    }

    /// Takes the slab off that was put on last.
    pub(crate) fn pop(&mut self, table: &SlabTable) -> Option<u32> {
        let slab = self.first()?;
        self.remove(table, slab);
        Some(slab)
    }

    /// The slabs on the list, and at most as many as there can be: a list that was tied to a ring still ends.
    pub(crate) fn iter<'t>(&self, table: &'t SlabTable) -> impl Iterator<Item = u32> + use<'t> {
        core::iter::successors(self.first(), |slab| table.next(*slab)).take(table.len() + 1)
    }
}
