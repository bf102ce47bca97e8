//! How many pages a node has, and which zones they come to.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::build_error::BuildError;
use crate::host::contract::HostError;
use crate::page::backed::Backed;
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
    budget: Option<u32>,
}

impl NodePages {
    /// A node of `pages` pages, all of them ordinary.
    pub const fn new(pages: u32) -> NodePages {
        NodePages { pages, dma32: 0, movable: 0, budget: None }
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

    /// The same, with so many of the pages that may be used at once: what a machine has of real memory, in a larger room of
    /// addresses, as a guest of a host that gives it memory by the page. From 1 to all of the pages.
    ///
    /// Requests see the budget as the node's size: levels are reckoned from it, what is free is what the budget still has, and
    /// who goes beyond it is treated as if the node were full, by reclaim, killer and failure as its flags and the policy say.
    /// But blocks of several pages lie in the larger room, where neighbours are rarely missing. Each zone of the node has its
    /// share of the budget, by its size.
    ///
    /// The memory behind free pages is given back to the host ([`Host::release`](crate::Host::release), for
    /// [`MemfdHost`](crate::MemfdHost) a hole in its file) once it stands behind more pages than the budget and a
    /// thirty-second of it, until it stands behind no more than the budget: in batches, by who takes from the free lists, and
    /// never by who takes what a processor has at hand. So the host has never more memory behind the node than that, whatever was
    /// used before; a host that gives nothing back, as [`PlainHost`](crate::PlainHost), keeps all that was ever used.
    ///
    /// [`MemCg`](crate::MemCg) budgets stand on top of it: they say who may use how much of the pages, count
    /// used pages only, and refuse instead of reclaiming.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodeId, NodePages, Order};
    /// let machine = Machine::builder().node(NodePages::new(4096).with_budget(1024)).build()?;
    /// assert_eq!(machine.free_pages(None), 1024);
    /// let _used = machine.exhaust(NodeId(0), 0);
    /// assert!(machine.alloc_pages(Order::ZERO, Gfp::ATOMIC).is_err());
    /// assert_eq!(machine.page_budget(NodeId(0)).unwrap().used, 1024);
    /// # Ok::<(), alloc_core::BuildError>(())
    /// ```
    #[must_use]
    pub const fn with_budget(self, pages: u32) -> NodePages {
        NodePages { budget: Some(pages), ..self }
    }

    pub(crate) fn budget(self) -> Option<u32> {
        self.budget
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
        let (node_pages, budget) = (u64::from(sizes.pages), sizes.budget.map(u64::from));
        let sizes = sizes.zones().ok_or(BuildError::ZonesTooBig)?;
        // The shares of the zones up to the last one come to the whole budget.
        let usable = |frames: u64| budget.map_or(frames, |budget| frames * budget / node_pages);
        let mut below = 0;
        let sizes = sizes.map(|(kind, pages)| {
            let before = usable(below);
            below += u64::from(pages);
            (kind, pages, usable(below) - before)
        });
        for (kind, pages, managed) in sizes.into_iter().filter(|(_, pages, _)| *pages > 0) {
            let number = zones.len() as u8;
            debug_assert!(number < NO_ZONE);
            let share = (u128::from(min) * u128::from(managed) / u128::from(total)) as u64;
            let higher = |highest: ZoneKind| {
                let between = sizes.iter().filter(|(other, ..)| *other > kind && *other <= highest);
                between.map(|(.., managed)| managed).sum::<u64>() / kind.kept_ratio()
            };
            let backed = || Backed::new(start, start + pages, managed).ok_or(HostError::NoMemory);
            zones.push(Zone {
                node,
                kind,
                buddy: Buddy::new(frames, number, start, start + pages, largest),
                marks: Watermarks::new(share.min(managed), managed),
                managed,
                backed: budget.is_some().then(backed).transpose()?,
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
