//! The node that memory should come from.

use alloc_core::{NodeId, NodeMask};

use crate::error::{Result, code::EINVAL};

/// A node of memory, or none in particular.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NumaNode(Option<NodeId>);

impl NumaNode {
    /// No node in particular.
    pub const NO_NODE: NumaNode = NumaNode(None);

    /// The node of a number; -1 is [`NumaNode::NO_NODE`].
    ///
    /// # Errors
    /// `EINVAL` for numbers that no node has.
    pub fn new(node: i32) -> Result<NumaNode> {
        match u8::try_from(node) {
            Ok(number) if usize::from(number) < NodeMask::NODES_MAX => Ok(NumaNode(Some(NodeId(number)))),
            _ if node == -1 => Ok(NumaNode::NO_NODE),
            _ => Err(EINVAL),
        }
    }

    /// The node in the words of alloc-core.
    pub(crate) fn id(self) -> Option<NodeId> {
        self.0
    }
}
