//! What is known of each page frame: sixteen bytes in a table, and lists that run through it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::budget::BudgetId;
use crate::units::{FrameNumber, Order};

/// No frame.
pub(crate) const NIL: u32 = u32::MAX;

/// What a frame is, or what the block is that begins at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum State {
    /// It lies inside of a block, or outside of every zone.
    Inside,
    /// It begins a free block.
    Free,
    /// It begins a block with a safe owner.
    Owned,
    /// It begins a block that was handed out as a bare number.
    Raw,
    /// It is a simulated task's page.
    User,
    /// It is set aside to make memory scarce.
    Hoarded,
    /// It is part of an area that is mapped side by side elsewhere.
    Mapped,
    /// It begins a slab.
    Slab,
    /// It begins a block that kmalloc handed out as a pointer.
    Kmalloc,
    /// It is a page table of such areas.
    PageTable,
    /// It begins a block that can be moved, whose owner knows its place.
    Movable,
}

/// One frame's entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    next: u32,
    prev: u32,
    /// The task whose user page it is; of a block of a request's, the request's mark; of one that can be moved, its place.
    pub(crate) owner: u32,
    pub(crate) order: Order,
    pub(crate) state: State,
    pub(crate) zone: u8,
    /// What the block is charged to.
    pub(crate) budget: Option<BudgetId>,
}

impl Frame {
    /// Whether it says more of a block than that it has an owner, which is to go when it comes back.
    pub(crate) fn is_noted(&self) -> bool {
        self.budget.is_some() || self.owner != 0
    }
}

// A table of 16 bytes a frame costs 0.4 % of the memory it describes.
const _: () = assert!(size_of::<Frame>() == 16);

/// The zone number of frames that are in none.
pub(crate) const NO_ZONE: u8 = u8::MAX;

/// The entries of all frames.
#[derive(Debug)]
pub(crate) struct FrameTable(Box<[Frame]>);

impl FrameTable {
    /// A table of `frames` entries, none of which is in a zone; `None` if the surrounding process has no memory for it.
    pub(crate) fn new(frames: usize) -> Option<FrameTable> {
        let frame = Frame {
            next: NIL,
            prev: NIL,
            owner: NIL,
            order: Order::ZERO,
            state: State::Inside,
            zone: NO_ZONE,
            budget: None,
        };
        let mut table = Vec::new();
        table.try_reserve_exact(frames).ok()?;
        table.resize(frames, frame);
        Some(FrameTable(table.into_boxed_slice()))
    }

    /// The entry of a frame, if there is such a frame.
    pub(crate) fn get(&self, frame: u32) -> Option<&Frame> {
        self.0.get(frame as usize)
    }

    /// The entry of a frame that is known to exist.
    pub(crate) fn at(&mut self, frame: u32) -> &mut Frame {
        &mut self.0[frame as usize]
    }

    /// How many frames there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The frame that begins the block that `frame` lies in.
    pub(crate) fn beginning(&self, frame: u32, largest: Order) -> Option<u32> {
        (0..=largest.get()).find_map(|order| {
            let begin = frame & !((1_u32 << order) - 1);
            let entry = self.get(begin)?;
            let covers = u64::from(frame - begin) < entry.order.pages();
            (entry.state != State::Inside && covers).then_some(begin)
        })
    }
}

/// A list of blocks that runs through their entries. A block is on one list at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FrameList {
    first: u32,
    len: u32,
}

impl FrameList {
    /// The empty list.
    pub(crate) const EMPTY: FrameList = FrameList { first: NIL, len: 0 };

    /// How many blocks are on the list.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Puts a block on the list that is on none.
    pub(crate) fn push(&mut self, table: &mut FrameTable, frame: u32) {
        let first = self.first;
        let entry = table.at(frame);
        (entry.next, entry.prev) = (first, NIL);
        if first != NIL {
            table.at(first).prev = frame;
        }
        self.first = frame;
        self.len += 1;
    }

    /// Takes a block off the list that is on this one.
    pub(crate) fn remove(&mut self, table: &mut FrameTable, frame: u32) {
        let entry = table.at(frame);
        let (next, prev) = (entry.next, entry.prev);
        (entry.next, entry.prev) = (NIL, NIL);
        if prev == NIL {
            self.first = next;
        } else {
            table.at(prev).next = next;
        }
        if next != NIL {
            table.at(next).prev = prev;
        }
        self.len -= 1;
    }

    /// Takes the block off that was put on last.
    pub(crate) fn pop(&mut self, table: &mut FrameTable) -> Option<FrameNumber> {
        let frame = self.first;
        (frame != NIL).then(|| {
            self.remove(table, frame);
            FrameNumber(frame)
        })
    }

    /// The blocks on the list, and at most as many as there can be: a list that was tied to a ring still ends.
    pub(crate) fn iter<'t>(&self, table: &'t FrameTable) -> impl Iterator<Item = u32> + use<'t> {
        let first = (self.first != NIL).then_some(self.first);
        core::iter::successors(first, |frame| {
            let next = table.get(*frame)?.next;
            (next != NIL).then_some(next)
        })
        .take(table.len() + 1)
    }
}
