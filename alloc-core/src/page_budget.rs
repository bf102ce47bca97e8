//! The budgets of nodes that have more frames than they may use at once: what is used of them, and what stands behind it.

use crate::machine::Machine;
use crate::units::NodeId;

/// How much of a node's budget is used, in pages; see [`NodePages::with_budget`](crate::NodePages::with_budget).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PageBudget {
    /// Frames of the node.
    pub frames: u64,
    /// Pages that may be used at once.
    pub budget: u64,
    /// Pages that are not free.
    pub used: u64,
    /// Pages that memory of the host's may stand behind: those that were used since it was last given back. What is only set aside
    /// ([`Machine::exhaust`]) has none.
    pub backed: u64,
    /// Pages that memory may stand behind at most: beyond, it is given back.
    pub border: u64,
}

impl Machine {
    /// How much of a node's budget is used, or `None` if it has none, or there is no such node.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodeId, NodePages, Order};
    /// let machine = Machine::builder().node(NodePages::new(4096).with_budget(1024)).build()?;
    /// let block = machine.alloc_pages(Order::new(9), Gfp::KERNEL)?;
    /// let budget = machine.page_budget(NodeId(0)).unwrap();
    /// assert_eq!((budget.frames, budget.budget, budget.used, budget.backed), (4096, 1024, 512, 512));
    /// # drop(block);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn page_budget(&self, node: NodeId) -> Option<PageBudget> {
        let state = self.state();
        let zones = state.zones.iter().filter(|zone| zone.node == node);
        let budgets = zones.filter_map(|zone| {
            let backed = zone.backed.as_ref()?;
            let (frames, budget) = (zone.buddy.frames(), backed.budget);
            let (used, border) = (frames - zone.buddy.free(), backed.border());
            Some(PageBudget { frames, budget, used, backed: backed.count(), border })
        });
        budgets.reduce(|one, other| PageBudget {
            frames: one.frames + other.frames,
            budget: one.budget + other.budget,
            used: one.used + other.used,
            backed: one.backed + other.backed,
            border: one.border + other.border,
        })
    }
}
