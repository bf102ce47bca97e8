//! How many pages a node has, and which zones they come to.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::build_error::BuildError;
use crate::page::buddy::Buddy;
use crate::page::frame::{FrameTable, NO_ZONE};
use crate::page::watermark::Watermarks;
use crate::page::zone::{Zone, ZoneKind};
use crate::units::{NodeId, Order};

/// The memory of one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodePages {
    pub(crate) pages: u32,
    dma32: u32,
    movable: u32,
}

impl NodePages {
    /// A node of `pages` pages, all of them ordinary.
    pub const fn new(pages: u32) -> NodePages {
        NodePages { pages, dma32: 0, movable: 0 }
    }

    /// The same, with so many of the pages within reach of 32-bit devices.
    #[must_use]
    pub const fn with_dma32(self, dma32: u32) -> NodePages {
        NodePages { dma32, ..self }
    }

    /// The same, with so many of the pages for what can be moved.
    #[must_use]
    pub const fn with_movable(self, movable: u32) -> NodePages {
        NodePages { movable, ..self }
    }

    fn zones(self) -> Option<[(ZoneKind, u32); 3]> {
        let normal = self.pages.checked_sub(self.dma32)?.checked_sub(self.movable)?;
        Some([(ZoneKind::Dma32, self.dma32), (ZoneKind::Normal, normal), (ZoneKind::Movable, self.movable)])
    }
}

/// The zones of all nodes, one node's behind the other's, each with its share of the pages to keep free.
pub(crate) fn zones(
    nodes: &[NodePages],
    frames: &mut FrameTable,
    min: u64,
    total: u64,
    largest: Order,
) -> Result<Box<[Zone]>, BuildError> {
    let mut zones: Vec<Zone> = Vec::new();
    let mut start = 0;
    for (node, sizes) in (0..).map(NodeId).zip(nodes) {
        let sizes = sizes.zones().ok_or(BuildError::ZonesTooBig)?;
        for (kind, pages) in sizes.into_iter().filter(|(_, pages)| *pages > 0) {
            let number = zones.len() as u8;
            debug_assert!(number < NO_ZONE);
            let managed = u64::from(pages);
            let share = (u128::from(min) * u128::from(managed) / u128::from(total)) as u64;
            let higher = |highest: ZoneKind| {
                let between = sizes.iter().filter(|(other, _)| *other > kind && *other <= highest);
                between.map(|(_, pages)| u64::from(*pages)).sum::<u64>() / kind.kept_ratio()
            };
            zones.push(Zone {
                node,
                kind,
                buddy: Buddy::new(frames, number, start, start + pages, largest),
                marks: Watermarks::new(share.min(managed), managed),
                managed,
                claimed: 0,
                kept: ZoneKind::ALL.map(higher),
                at_hand: false,
                passed: 0,
            });
            start += pages;
        }
    }
    Ok(zones.into_boxed_slice())
}
