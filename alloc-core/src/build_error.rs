//! Why a machine could not be built.

use core::fmt;

use crate::host::contract::HostError;

/// Why a machine could not be built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// No node, or a node without a page: give it some.
    NoPages,
    /// More than 64 nodes.
    TooManyNodes,
    /// A node's special zones are larger than the node.
    ZonesTooBig,
    /// A node's budget is 0, or larger than the node.
    BudgetOutOfRange,
    /// The policy's largest order is above [`Order::LIMIT`](crate::Order::LIMIT).
    OrderTooBig,
    /// The host that was given has fewer pages than the nodes.
    HostTooSmall,
    /// The nodes have not enough pages for the page tables that the policy prepares.
    NoPageTables,
    /// The host could not be made.
    Host(HostError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::NoPages => f.write_str("a machine needs a node, and a node needs a page"),
            BuildError::TooManyNodes => f.write_str("a machine has 64 nodes at most"),
            BuildError::ZonesTooBig => f.write_str("a node's zones are larger than the node"),
            BuildError::BudgetOutOfRange => {
                f.write_str("a node's budget is 0 or more than its pages: give it from 1 page to all of them")
            }
            BuildError::OrderTooBig => f.write_str("the policy's largest order is above 18"),
            BuildError::HostTooSmall => f.write_str("the host has fewer pages than the nodes together"),
            BuildError::NoPageTables => f.write_str("the nodes have not enough pages for the prepared page tables"),
            BuildError::Host(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for BuildError {}

impl From<HostError> for BuildError {
    fn from(error: HostError) -> BuildError {
        BuildError::Host(error)
    }
}
