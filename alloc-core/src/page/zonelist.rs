//! The order in which a request visits zones: near nodes first, and within a node the highest zone first.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::zone::Zone;
use crate::units::NodeId;

/// The zones in the order that requests from one node visit them, as indices.
#[derive(Debug)]
pub(crate) struct Zonelist(Box<[u8]>);

impl Zonelist {
    /// The list of `node`, with `distance` between any two nodes; equal distances are ordered by number.
    pub(crate) fn new(zones: &[Zone], node: NodeId, distance: impl Fn(NodeId, NodeId) -> u8) -> Zonelist {
        let mut list: Vec<u8> = (0..zones.len() as u8).collect();
        list.sort_by_key(|index| {
            let zone = &zones[usize::from(*index)];
            (distance(node, zone.node), zone.node, core::cmp::Reverse(zone.kind))
        });
        Zonelist(list.into_boxed_slice())
    }

    /// The zone at a place of the list.
    pub(crate) fn at(&self, place: usize) -> Option<usize> {
        self.0.get(place).map(|index| usize::from(*index))
    }
}
