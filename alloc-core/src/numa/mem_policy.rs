//! Memory policies: from which nodes a task wants its memory, and what becomes of that when its nodes move.

use super::node_mask::NodeMask;
use crate::units::NodeId;

/// From which nodes a task wants the pages that it asks for without naming a node.
///
/// Sources: the kernel's "NUMA memory policy" document, and `set_mempolicy(2)`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MemPolicy {
    /// The node that the task runs on first.
    #[default]
    Default,
    /// Only these nodes.
    Bind(NodeMask),
    /// This node first.
    Preferred(NodeId),
    /// One node after the other, each first for as many requests as it weighs.
    Interleave(Interleave),
}

/// The nodes that a policy alternates between, with their weights.
///
/// ```
/// use alloc_core::{Interleave, NodeId, NodeMask};
/// let nodes = Interleave::over(NodeMask::of(&[NodeId(0), NodeId(1)])).weighing(NodeId(0), 3);
/// assert_eq!((nodes.weight(NodeId(0)), nodes.weight(NodeId(1)), nodes.weight(NodeId(2))), (3, 1, 0));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interleave([u8; NodeMask::NODES_MAX]);

impl Interleave {
    /// These nodes in turn, one request each.
    pub fn over(nodes: NodeMask) -> Interleave {
        let mut weights = [0; NodeMask::NODES_MAX];
        nodes.iter().for_each(|node| weights[usize::from(node.0)] = 1);
        Interleave(weights)
    }

    /// The same, and this node first for so many requests in a row; none takes it out. Nodes that no machine can have are
    /// left out.
    #[must_use]
    pub fn weighing(mut self, node: NodeId, requests: u8) -> Interleave {
        if let Some(weight) = self.0.get_mut(usize::from(node.0)) {
            *weight = requests;
        }
        self
    }

    /// How many requests in a row a node is first for.
    pub fn weight(&self, node: NodeId) -> u8 {
        self.0.get(usize::from(node.0)).copied().unwrap_or(0)
    }

    /// The nodes that weigh something.
    pub fn nodes(&self) -> NodeMask {
        let all = NodeMask::ALL.iter().filter(|node| self.weight(*node) > 0);
        all.fold(NodeMask::NONE, |mask, node| mask.union(NodeMask::of(&[node])))
    }
}

/// What becomes of a policy's nodes when the task's nodes move.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Rebind {
    /// The n-th of the old nodes becomes the n-th of the new ones, round and round if there are fewer: what the kernel does
    /// unless it is told otherwise. What was folded together stays so.
    #[default]
    Remap,
    /// A node's number means a place among the nodes that the task may use, whichever these are
    /// (`MPOL_F_RELATIVE_NODES`).
    Relative,
    /// A node is that node (`MPOL_F_STATIC_NODES`). While the task may use none of them, the policy holds for all that it
    /// may use.
    Static,
}

/// A task's policy: as it asked for it, as it is bound at the moment, and how far interleaving has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskPolicy {
    asked: MemPolicy,
    rebind: Rebind,
    bound: MemPolicy,
    /// The nodes that it was bound to.
    to: NodeMask,
    /// The place of the node whose turn it is among those that interleave, and the requests that it still has.
    turn: (usize, u8),
}

impl TaskPolicy {
    /// The policy of a task that never asked for one.
    pub(crate) fn none(mems: NodeMask) -> TaskPolicy {
        let none = MemPolicy::Default;
        TaskPolicy { asked: none, rebind: Rebind::Remap, bound: none, to: mems, turn: (usize::MAX, 0) }
    }

    /// A policy as a task with these nodes asks for it, or `None` if it leaves no node.
    pub(crate) fn new(asked: MemPolicy, rebind: Rebind, mems: NodeMask) -> Option<TaskPolicy> {
        let place = |node: NodeId| match rebind {
            Rebind::Relative => mems.nth(usize::from(node.0) % mems.count().max(1)),
            Rebind::Remap | Rebind::Static => mems.has(node).then_some(node),
        };
        let bound = asked.map(place)?;
        Some(TaskPolicy { asked, rebind, bound, to: mems, turn: (usize::MAX, 0) })
    }

    /// The policy as it is bound.
    pub(crate) fn bound(&self) -> MemPolicy {
        self.bound
    }

    /// The task's nodes are others now. If it has none at all, its policy stays bound as it was.
    pub(crate) fn rebind(&mut self, mems: NodeMask) {
        if mems == NodeMask::NONE {
            return;
        }
        let (old, count) = (self.to, mems.count().max(1));
        let bound = match self.rebind {
            Rebind::Remap => self.bound.map(|node| match old.place(node) {
                Some(place) => mems.nth(place % count),
                None => Some(node),
            }),
            Rebind::Relative => self.asked.map(|node| mems.nth(usize::from(node.0) % count)),
            Rebind::Static => self.asked.map(|node| mems.has(node).then_some(node)),
        };
        self.to = mems;
        self.bound = bound.unwrap_or(match self.asked {
            MemPolicy::Default | MemPolicy::Preferred(_) => MemPolicy::Default,
            MemPolicy::Bind(_) => MemPolicy::Bind(mems),
            MemPolicy::Interleave(_) => MemPolicy::Interleave(Interleave::over(mems)),
        });
    }

    /// The node that requests begin at, unless they take turns.
    pub(crate) fn node(&self) -> Option<NodeId> {
        if let MemPolicy::Preferred(node) = self.bound { Some(node) } else { None }
    }

    /// The node that the request for a page of a range begins at: those that interleave do so by page.
    pub(crate) fn node_of(&self, page: usize) -> Option<NodeId> {
        let MemPolicy::Interleave(interleave) = self.bound else { return self.node() };
        let weights = || interleave.nodes().iter().map(|node| (node, usize::from(interleave.weight(node))));
        let mut place = page % weights().map(|(_, weight)| weight).sum::<usize>().max(1);
        let mut nodes = weights();
        nodes.find_map(|(node, weight)| match place.checked_sub(weight) {
            None => Some(node),
            Some(rest) => {
                place = rest;
                None
            }
        })
    }

    /// The node whose turn it is. Interleaving goes on by one request.
    pub(crate) fn next_node(&mut self) -> Option<NodeId> {
        match self.bound {
            MemPolicy::Default | MemPolicy::Bind(_) | MemPolicy::Preferred(_) => self.node(),
            MemPolicy::Interleave(interleave) => {
                let nodes = interleave.nodes();
                let (place, left) = self.turn;
                if left == 0 {
                    let place = if place.wrapping_add(1) < nodes.count() { place.wrapping_add(1) } else { 0 };
                    self.turn = (place, interleave.weight(nodes.nth(place)?));
                }
                self.turn.1 = self.turn.1.saturating_sub(1);
                nodes.nth(self.turn.0 % nodes.count().max(1))
            }
        }
    }

    /// Whether requests take turns: the next one may begin elsewhere.
    pub(crate) fn takes_turns(&self) -> bool {
        matches!(self.bound, MemPolicy::Interleave(_))
    }

    /// The nodes that requests are bound to.
    pub(crate) fn mask(&self) -> Option<NodeMask> {
        if let MemPolicy::Bind(nodes) = self.bound { Some(nodes) } else { None }
    }
}

impl MemPolicy {
    /// The policy with its nodes replaced; `None` if it had nodes and has none any more.
    fn map(self, place: impl Fn(NodeId) -> Option<NodeId>) -> Option<MemPolicy> {
        let of = |node: NodeId| NodeMask::of(&[node]);
        match self {
            MemPolicy::Default => Some(MemPolicy::Default),
            MemPolicy::Preferred(node) => place(node).map(MemPolicy::Preferred),
            MemPolicy::Bind(nodes) => {
                let nodes = nodes.iter().filter_map(place).map(of).fold(NodeMask::NONE, NodeMask::union);
                (nodes != NodeMask::NONE).then_some(MemPolicy::Bind(nodes))
            }
            MemPolicy::Interleave(old) => {
                let mut new = Interleave::over(NodeMask::NONE);
                for node in old.nodes().iter() {
                    if let Some(to) = place(node) {
                        new = new.weighing(to, new.weight(to).saturating_add(old.weight(node)));
                    }
                }
                (new.nodes() != NodeMask::NONE).then_some(MemPolicy::Interleave(new))
            }
        }
    }
}
