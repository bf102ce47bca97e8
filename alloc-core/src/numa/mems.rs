//! The nodes that a task may use, changed from outside while the task looks at them.
//!
//! A request that scans its zones while the nodes move can find every one of them forbidden at the moment it looks,
//! although one was allowed at every time. A counter tells it that the nodes moved: it looks again instead of killing.

use super::node_mask::NodeMask;

/// A task's allowed nodes, and the counter of their moves: odd while one is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mems {
    pub(crate) allowed: NodeMask,
    sequence: u32,
    /// Moves under way that are counted.
    writers: u32,
}

impl Mems {
    pub(crate) const fn new(allowed: NodeMask) -> Mems {
        Mems { allowed, sequence: 0, writers: 0 }
    }

    /// What a reader remembers before it looks.
    pub(crate) const fn cookie(&self) -> u32 {
        self.sequence
    }

    /// Whether a move is under way.
    pub(crate) const fn is_moving(&self) -> bool {
        self.sequence & 1 == 1
    }

    /// Whether the nodes have moved since a cookie was taken, or are moving.
    pub(crate) const fn moved_since(&self, cookie: u32) -> bool {
        self.sequence != cookie
    }

    const fn begin(&mut self) {
        if self.writers == 0 {
            self.sequence = self.sequence.wrapping_add(1);
        }
        self.writers += 1;
    }

    const fn end(&mut self) {
        self.writers -= 1;
        if self.writers == 0 {
            self.sequence = self.sequence.wrapping_add(1);
        }
    }
}

/// One step of a move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemsStep {
    /// The counter says that a move is under way.
    Begun,
    /// The new nodes were added, and the task's memory policy was bound to them; the old ones are still allowed.
    Expanded,
    /// The old nodes were taken away.
    Shrunk,
    /// The new nodes replaced the old ones in one step.
    Replaced,
    /// The counter says that the move is over.
    Ended,
}

/// How a move is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MoveKind {
    /// First more nodes, then fewer, between two steps of the counter: what the kernel does.
    ExpandThenShrink,
    /// All at once, between two steps of the counter.
    AtOnce,
    /// First more nodes, then fewer, and the counter steps only if old and new nodes do not meet. What Linux did before
    /// 4.12: two such moves in a row, from 0 to 0 and 1, and from there to 1, pass unseen.
    CountedIfDisjoint,
    /// First more, then fewer, and the counter is forgotten: known to be wrong, and there to be caught.
    Uncounted,
    /// All at once, and the counter is forgotten: known to be wrong, too.
    AtOnceUncounted,
}

/// A move of a task's nodes, one step at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemsMove {
    to: NodeMask,
    kind: MoveKind,
    done: Option<MemsStep>,
}

impl MemsMove {
    pub(crate) const fn new(to: NodeMask, kind: MoveKind) -> MemsMove {
        MemsMove { to, kind, done: None }
    }

    /// Where the nodes move to.
    pub(crate) const fn to(&self) -> NodeMask {
        self.to
    }

    /// Makes the next step; `None` if the move is over.
    pub(crate) const fn step(&mut self, mems: &mut Mems) -> Option<MemsStep> {
        use MoveKind::{AtOnce, AtOnceUncounted, CountedIfDisjoint, ExpandThenShrink, Uncounted};
        if self.done.is_none() && matches!(self.kind, CountedIfDisjoint) {
            self.kind = if mems.allowed.overlaps(self.to) { Uncounted } else { ExpandThenShrink };
        }
        let counted = matches!(self.kind, AtOnce | ExpandThenShrink);
        let first = if matches!(self.kind, AtOnce | AtOnceUncounted) { MemsStep::Replaced } else { MemsStep::Expanded };
        let next = match self.done {
            None if counted => MemsStep::Begun,
            None | Some(MemsStep::Begun) => first,
            Some(MemsStep::Expanded) => MemsStep::Shrunk,
            Some(MemsStep::Shrunk | MemsStep::Replaced) if counted => MemsStep::Ended,
            Some(MemsStep::Shrunk | MemsStep::Replaced | MemsStep::Ended) => return None,
        };
        match next {
            MemsStep::Begun => mems.begin(),
            MemsStep::Expanded => mems.allowed = mems.allowed.union(self.to),
            MemsStep::Shrunk | MemsStep::Replaced => mems.allowed = self.to,
            MemsStep::Ended => mems.end(),
        }
        self.done = Some(next);
        Some(next)
    }
}
