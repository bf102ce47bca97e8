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
}

impl Mems {
    pub(crate) const fn new(allowed: NodeMask) -> Mems {
        Mems { allowed, sequence: 0 }
    }

    /// What a reader remembers before it looks. During a move it remembers the time before, so that it looks again.
    pub(crate) const fn cookie(&self) -> u32 {
        self.sequence & !1
    }

    /// Whether a move is under way.
    pub(crate) const fn is_moving(&self) -> bool {
        self.sequence & 1 == 1
    }

    /// Whether the nodes have moved since a cookie was taken, or are moving.
    pub(crate) const fn moved_since(&self, cookie: u32) -> bool {
        self.sequence != cookie
    }
}

/// One step of a move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemsStep {
    /// The new nodes were added; the old ones are still allowed.
    Expanded,
    /// The old nodes were taken away: the move is complete.
    Shrunk,
    /// The new nodes replaced the old ones in one step.
    Replaced,
}

/// How a move is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MoveKind {
    /// First more nodes, then fewer: what the kernel does.
    ExpandThenShrink,
    /// At once.
    AtOnce,
    /// First more, then fewer, and the counter is forgotten: known to be wrong, and there to be caught.
    Uncounted,
}

/// A move of a task's nodes, one step at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemsMove {
    to: NodeMask,
    kind: MoveKind,
    expanded: bool,
}

impl MemsMove {
    pub(crate) const fn new(to: NodeMask, kind: MoveKind) -> MemsMove {
        MemsMove { to, kind, expanded: false }
    }

    /// Makes the next step.
    pub(crate) const fn step(&mut self, mems: &mut Mems) -> MemsStep {
        let counted = !matches!(self.kind, MoveKind::Uncounted) as u32;
        if matches!(self.kind, MoveKind::AtOnce) {
            mems.allowed = self.to;
            mems.sequence = mems.sequence.wrapping_add(2);
            MemsStep::Replaced
        } else if self.expanded {
            mems.allowed = self.to;
            mems.sequence = mems.sequence.wrapping_add(counted);
            MemsStep::Shrunk
        } else {
            mems.sequence = mems.sequence.wrapping_add(counted);
            mems.allowed = mems.allowed.union(self.to);
            self.expanded = true;
            MemsStep::Expanded
        }
    }
}
