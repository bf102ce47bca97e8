//! What a machine is built from, in each of its lives: all but the memory that it stands on, and the fault source.

use alloc::vec::Vec;
#[cfg(feature = "std")]
use std::time::Duration;

use crate::build_error::BuildError;
use crate::host::contract::HostError;
use crate::node_pages::NodePages;
use crate::numa::node_mask::NodeMask;
use crate::policy::Policy;
use crate::slab::options::SlabDebug;
use crate::time::Time;
use crate::units::{NodeId, Order};

/// How long a live machine's requests wait for something to move.
#[cfg(feature = "std")]
const WATCHDOG: Duration = Duration::from_secs(2);

/// The description of a machine.
#[derive(Clone, Debug)]
pub(crate) struct Blueprint {
    pub(crate) nodes: Vec<NodePages>,
    pub(crate) distances: Vec<(NodeId, NodeId, u8)>,
    pub(crate) policy: Policy,
    /// Whether it stands on a host that was given: there is one, and none like it.
    pub(crate) is_given_host: bool,
    pub(crate) min_free_pages: Option<u64>,
    pub(crate) cpus: Option<usize>,
    pub(crate) time: Time,
    #[cfg(feature = "std")]
    pub(crate) watchdog: Duration,
    pub(crate) traces_looks: bool,
    pub(crate) slab_debug: SlabDebug,
}

impl Blueprint {
    /// No node, and otherwise what the kernel does.
    pub(crate) fn new() -> Blueprint {
        Blueprint {
            nodes: Vec::new(),
            distances: Vec::new(),
            policy: Policy::kernel(),
            is_given_host: false,
            min_free_pages: None,
            cpus: None,
            time: Time::Stepped,
            #[cfg(feature = "std")]
            watchdog: WATCHDOG,
            traces_looks: false,
            slab_debug: SlabDebug::NONE,
        }
    }

    /// Looks at the description before there is any memory.
    ///
    /// # Errors
    /// What it lacks.
    pub(crate) fn check(&self) -> Result<(), BuildError> {
        if self.nodes.len() > NodeMask::NODES_MAX {
            return Err(BuildError::TooManyNodes);
        }
        if self.nodes.is_empty() || self.nodes.iter().any(|node| node.pages == 0) {
            return Err(BuildError::NoPages);
        }
        if self.policy.largest > Order::LIMIT {
            return Err(BuildError::OrderTooBig);
        }
        if self.nodes.iter().any(|node| node.budget().is_some_and(|budget| budget == 0 || budget > node.pages)) {
            return Err(BuildError::BudgetOutOfRange);
        }
        self.pages().map(drop)
    }

    /// Pages in all.
    ///
    /// # Errors
    /// When they are too many.
    pub(crate) fn pages(&self) -> Result<usize, BuildError> {
        let total = self.nodes.iter().map(|node| u64::from(node.pages)).sum::<u64>();
        let pages = usize::try_from(total).ok().filter(|_| total < u64::from(u32::MAX));
        Ok(pages.ok_or(HostError::TooManyPages)?)
    }

    /// Pages that may be used at once.
    pub(crate) fn usable(&self) -> u64 {
        self.nodes.iter().map(|node| u64::from(node.budget().unwrap_or(node.pages))).sum()
    }
}
