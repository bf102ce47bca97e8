//! The slabs of one cache: which have free objects, how many in all, and how objects are taken from and put back into them.

use alloc::boxed::Box;
use alloc::vec;

use super::object::{ObjectState, Objects};
use super::shape::{Shape, bytes};
use super::table::{SlabList, SlabTable};
use crate::numa::node_mask::NodeMask;
use crate::units::{NodeId, Order, PAGE_SIZE};

/// Slabs with free objects that a node keeps although one of them is wholly free (the kernel's `min_partial`).
const PARTIAL_MIN: u32 = 5;

/// What the machine knows of all slabs together.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) objects: Objects,
    pub(crate) table: SlabTable,
}

/// The slabs of one cache.
///
/// # Invariants
/// A slab is on its node's list if and only if it has a free object. `free` is the sum of the slabs' free objects, and is
/// not less than `reserved`.
#[derive(Debug)]
pub(crate) struct Lists {
    /// By node: the slabs with free objects.
    partial: Box<[SlabList]>,
    pub(crate) slabs: usize,
    pub(crate) objects: usize,
    pub(crate) free: usize,
    /// Free objects that are promised to sections that must not wait.
    pub(crate) reserved: usize,
    /// Whether some processor may have objects at hand.
    pub(crate) at_hand: bool,
}

impl Lists {
    /// No slabs, on so many nodes.
    pub(crate) fn new(nodes: usize) -> Lists {
        let partial = vec![SlabList::EMPTY; nodes].into_boxed_slice();
        Lists { partial, slabs: 0, objects: 0, free: 0, reserved: 0, at_hand: false }
    }

    fn list(&mut self, node: NodeId) -> &mut SlabList {
        let last = self.partial.len() - 1;
        &mut self.partial[usize::from(node.0).min(last)]
    }

    /// A new slab, all of whose objects are free.
    pub(crate) fn add(&mut self, books: &Books, slab: u32) {
        let free = books.table.free(slab) as usize;
        self.list(books.table.node(slab)).push(&books.table, slab);
        (self.slabs, self.objects, self.free) = (self.slabs + 1, self.objects + free, self.free + free);
    }

    /// A free object that nobody was promised: from `node`, or else from another one of `nodes`.
    pub(crate) fn take(
        &mut self,
        books: &Books,
        shape: &Shape,
        node: NodeId,
        nodes: NodeMask,
        state: ObjectState,
    ) -> Option<usize> {
        if self.free <= self.reserved {
            return None;
        }
        self.take_any(books, shape, node, nodes, state)
    }

    /// A free object, one that was promised to the caller perhaps.
    pub(crate) fn take_any(
        &mut self,
        books: &Books,
        shape: &Shape,
        node: NodeId,
        nodes: NodeMask,
        state: ObjectState,
    ) -> Option<usize> {
        let near = self.partial.get(usize::from(node.0)).filter(|_| nodes.has(node)).and_then(SlabList::first);
        let slab = near.or_else(|| {
            let far = (0..).map(NodeId).zip(&self.partial).filter(|(node, _)| nodes.has(*node));
            far.filter_map(|(_, list)| list.first()).next()
        })?;
        let begin = slab as usize * PAGE_SIZE;
        let end = begin + shape.objects(books.table.order(slab)) * shape.stride;
        let mut at = begin + books.table.hint(slab).max(shape.lead);
        while books.objects.get(at) != ObjectState::Free {
            at += shape.stride;
            // By the invariant there is one; a slab that has none for all that is the audit's to find.
            if at >= end {
                return None;
            }
        }
        books.objects.set(at, state);
        let free = books.table.free(slab) - 1;
        books.table.set_free(slab, free);
        books.table.set_hint(slab, at + shape.stride - begin);
        self.free -= 1;
        if free == 0 {
            self.list(books.table.node(slab)).remove(&books.table, slab);
        }
        Some(at)
    }

    /// Puts an object back into its slab. If that is wholly free and there are enough others, it leaves the cache and
    /// goes onto `leaving`.
    pub(crate) fn put(&mut self, books: &Books, shape: &Shape, at: usize, leaving: &mut SlabList) {
        let slab = self.put_and_keep(books, at);
        if self.list(books.table.node(slab)).len() > PARTIAL_MIN {
            self.leave(books, shape, slab, leaving);
        }
    }

    /// Puts an object back into its slab, and says which one that is.
    pub(crate) fn put_and_keep(&mut self, books: &Books, at: usize) -> u32 {
        let slab = books.table.head((at / PAGE_SIZE) as u32);
        let free = books.table.free(slab) + 1;
        books.objects.set(at, ObjectState::Free);
        books.table.set_free(slab, free);
        books.table.set_hint(slab, books.table.hint(slab).min(at - slab as usize * PAGE_SIZE));
        self.free += 1;
        let list = self.list(books.table.node(slab));
        if free == 1 {
            list.push(&books.table, slab);
        }
        slab
    }

    /// Takes every slab out that is wholly free, as far as the promises let it.
    pub(crate) fn shrink(&mut self, books: &Books, shape: &Shape, leaving: &mut SlabList) {
        for node in (0..self.partial.len() as u8).map(NodeId) {
            let mut next = self.list(node).first();
            while let Some(slab) = next {
                next = books.table.next(slab);
                self.leave(books, shape, slab, leaving);
            }
        }
    }

    fn leave(&mut self, books: &Books, shape: &Shape, slab: u32, leaving: &mut SlabList) {
        let order = books.table.order(slab);
        let objects = shape.objects(order);
        let unneeded = self.free.saturating_sub(objects) >= self.reserved;
        if books.table.free(slab) as usize != objects || !unneeded {
            return;
        }
        self.list(books.table.node(slab)).remove(&books.table, slab);
        (self.slabs, self.objects, self.free) = (self.slabs - 1, self.objects - objects, self.free - objects);
        for begin in shape.begins(order) {
            books.objects.set(slab as usize * PAGE_SIZE + begin, ObjectState::None);
        }
        books.table.end(slab);
        leaving.push(&books.table, slab);
    }

    /// The slabs of a node that have free objects.
    pub(crate) fn partial<'b>(&self, books: &'b Books, node: usize) -> impl Iterator<Item = u32> + use<'b> {
        let list = self.partial.get(node).copied().unwrap_or(SlabList::EMPTY);
        list.iter(&books.table)
    }

    /// How many nodes there are.
    pub(crate) fn nodes(&self) -> usize {
        self.partial.len()
    }

    /// How many slabs of a node have free objects.
    pub(crate) fn partial_len(&self, node: usize) -> usize {
        self.partial.get(node).map_or(0, |list| list.len() as usize)
    }
}

/// Makes a block of memory a slab whose objects are all free.
pub(crate) fn begin_slab(books: &Books, shape: &Shape, cache: u32, slab: u32, order: Order, node: NodeId) {
    debug_assert!(bytes(order) >= shape.stride);
    books.table.begin(slab, order, cache, node, shape.objects(order) as u32);
    for begin in shape.begins(order) {
        books.objects.set(slab as usize * PAGE_SIZE + begin, ObjectState::Free);
    }
}
