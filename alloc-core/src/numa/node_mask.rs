//! A set of memory nodes.

use crate::units::NodeId;

/// A set of up to 64 nodes.
///
/// ```
/// use alloc_core::{NodeId, NodeMask};
/// let mask = NodeMask::of(&[NodeId(0), NodeId(2)]);
/// assert!(mask.has(NodeId(2)) && !mask.has(NodeId(1)) && !mask.has(NodeId(200)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NodeMask(u64);

impl NodeMask {
    /// Nodes that a machine can have at most.
    pub const NODES_MAX: usize = 64;
    /// Every node there can be.
    pub const ALL: NodeMask = NodeMask(u64::MAX);
    /// No node.
    pub const NONE: NodeMask = NodeMask(0);

    /// The set of some nodes; numbers that no machine can have are left out.
    pub fn of(nodes: &[NodeId]) -> NodeMask {
        NodeMask(nodes.iter().fold(0, |mask, node| mask | 1_u64.checked_shl(u32::from(node.0)).unwrap_or(0)))
    }

    /// Whether a node belongs to the set.
    pub fn has(self, node: NodeId) -> bool {
        1_u64.checked_shl(u32::from(node.0)).is_some_and(|bit| self.0 & bit != 0)
    }

    /// Whether some node belongs to both sets.
    pub const fn overlaps(self, other: NodeMask) -> bool {
        self.0 & other.0 != 0
    }

    /// The nodes of both sets.
    #[must_use]
    pub const fn intersection(self, other: NodeMask) -> NodeMask {
        NodeMask(self.0 & other.0)
    }

    /// The nodes of this one that are not in the other.
    #[must_use]
    pub(crate) const fn without(self, other: NodeMask) -> NodeMask {
        NodeMask(self.0 & !other.0)
    }

    /// The nodes of either set.
    #[must_use]
    pub const fn union(self, other: NodeMask) -> NodeMask {
        NodeMask(self.0 | other.0)
    }
}
