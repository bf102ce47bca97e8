//! How a machine is put together: nodes, distances, policy, and the memory that it stands on.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::epochs::Epochs;
use crate::event::Ring;
use crate::fault::source::FaultSource;
use crate::host::arena::Arena;
use crate::host::contract::{Host, HostError};
use crate::machine::Machine;
use crate::numa::node_mask::NodeMask;
use crate::page::buddy::Buddy;
use crate::page::frame::{FrameTable, NO_ZONE};
use crate::page::state::State;
use crate::page::watermark::Watermarks;
use crate::page::zone::{Zone, ZoneKind};
use crate::page::zonelist::Zonelist;
use crate::policy::Policy;
use crate::slab::options::SlabDebug;
use crate::slab::registry::Slabs;
use crate::stats::Stats;
use crate::sync::cpus::Cpus;
use crate::task::{Task, TaskOptions};
use crate::units::{NodeId, Order};

/// The memory of one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodePages {
    pages: u32,
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
    /// The policy's largest order is above [`Order::LIMIT`].
    OrderTooBig,
    /// The host that was given has fewer pages than the nodes.
    HostTooSmall,
    /// The host could not be made.
    Host(HostError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::NoPages => f.write_str("a machine needs a node, and a node needs a page"),
            BuildError::TooManyNodes => f.write_str("a machine has 64 nodes at most"),
            BuildError::ZonesTooBig => f.write_str("a node's zones are larger than the node"),
            BuildError::OrderTooBig => f.write_str("the policy's largest order is above 18"),
            BuildError::HostTooSmall => f.write_str("the host has fewer pages than the nodes together"),
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

/// Puts a machine together; see [`Machine::builder`].
pub struct MachineBuilder {
    nodes: Vec<NodePages>,
    distances: Vec<(NodeId, NodeId, u8)>,
    policy: Policy,
    host: Option<Box<dyn Host>>,
    min_free_pages: Option<u64>,
    cpus: usize,
    faults: Option<Arc<dyn FaultSource>>,
    traces_looks: bool,
    slab_debug: SlabDebug,
}

impl MachineBuilder {
    pub(crate) fn new() -> MachineBuilder {
        MachineBuilder {
            nodes: Vec::new(),
            distances: Vec::new(),
            policy: Policy::kernel(),
            host: None,
            min_free_pages: None,
            cpus: 1,
            faults: None,
            traces_looks: false,
            slab_debug: SlabDebug::NONE,
        }
    }

    /// One more node.
    #[must_use]
    pub fn node(mut self, node: NodePages) -> MachineBuilder {
        self.nodes.push(node);
        self
    }

    /// How far two nodes are apart, both ways. Otherwise a node is 10 from itself and 20 from any other.
    #[must_use]
    pub fn distance(mut self, one: NodeId, other: NodeId, distance: u8) -> MachineBuilder {
        self.distances.push((one, other, distance));
        self
    }

    /// What the machine does where opinions differ. Otherwise, what the kernel does.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> MachineBuilder {
        self.policy = policy;
        self
    }

    /// The memory to stand on. Otherwise a memfd on Linux, and ordinary memory elsewhere.
    #[must_use]
    pub fn host(mut self, host: Box<dyn Host>) -> MachineBuilder {
        self.host = Some(host);
        self
    }

    /// Pages that all zones together keep free for the urgent. Otherwise as [`Watermarks::min_free_pages`] says.
    #[must_use]
    pub fn min_free_pages(mut self, pages: u64) -> MachineBuilder {
        self.min_free_pages = Some(pages);
        self
    }

    /// How many processors the machine has: each keeps free pages at hand. Otherwise one, and at most 1,024.
    /// [`Machine::set_cpu`] says on which one requests are made.
    #[must_use]
    pub fn cpus(mut self, cpus: usize) -> MachineBuilder {
        self.cpus = cpus.clamp(1, 1024);
        self
    }

    /// Who decides which requests fail although there is memory. Otherwise, none do.
    #[must_use]
    pub fn faults(mut self, source: Arc<dyn FaultSource>) -> MachineBuilder {
        self.faults = Some(source);
        self
    }

    /// Notes every look at a zone among the events.
    #[must_use]
    pub fn trace_looks(mut self) -> MachineBuilder {
        self.traces_looks = true;
        self
    }

    /// What all caches of the machine look for, those of kmalloc included (the kernel's boot option `slab_debug`).
    #[must_use]
    pub fn slab_debug(mut self, debug: SlabDebug) -> MachineBuilder {
        self.slab_debug = debug;
        self
    }

    /// The machine, with all of its memory free.
    ///
    /// # Errors
    /// What the description lacks, or why there is no memory to stand on.
    pub fn build(self) -> Result<Machine, BuildError> {
        if self.nodes.len() > NodeMask::NODES_MAX {
            return Err(BuildError::TooManyNodes);
        }
        if self.nodes.is_empty() || self.nodes.iter().any(|node| node.pages == 0) {
            return Err(BuildError::NoPages);
        }
        if self.policy.largest > Order::LIMIT {
            return Err(BuildError::OrderTooBig);
        }
        let total = self.nodes.iter().map(|node| u64::from(node.pages)).sum::<u64>();
        let pages = usize::try_from(total).ok().filter(|_| total < u64::from(u32::MAX));
        let pages = pages.ok_or(HostError::TooManyPages)?;
        let host: Arc<dyn Host> = Arc::from(match self.host {
            Some(host) => host,
            None => default_host(pages)?,
        });
        let cpus = Cpus::new(Arc::clone(&host), self.cpus, false);
        let arena = Arena::new(host);
        if arena.pages() < pages {
            return Err(BuildError::HostTooSmall);
        }
        let slabs = Slabs::new(pages, self.nodes.len(), self.policy.largest, self.slab_debug);
        let slabs = slabs.ok_or(HostError::NoMemory)?;
        let mut frames = FrameTable::new(pages).ok_or(HostError::NoMemory)?;
        let min = self.min_free_pages.unwrap_or_else(|| Watermarks::min_free_pages(total));
        let zones = zones(&self.nodes, &mut frames, min, total, self.policy.largest)?;
        let distance = |one: NodeId, other: NodeId| {
            let given =
                self.distances.iter().rev().find(|(a, b, _)| (*a, *b) == (one, other) || (*b, *a) == (one, other));
            given.map_or(if one == other { 10 } else { 20 }, |(_, _, distance)| *distance)
        };
        let nodes = (0..self.nodes.len() as u8).map(NodeId);
        let zonelists = nodes.map(|node| Zonelist::new(&zones, node, distance)).collect();
        let boot = Task::new(TaskOptions { kernel_thread: true, ..TaskOptions::named("boot") });
        let state = State {
            policy: self.policy,
            frames,
            zones,
            zonelists,
            tasks: alloc::vec![boot],
            stats: Stats::default(),
            events: Ring::new(),
            traces_looks: self.traces_looks,
            progress: 0,
            kswapd_wanted: NodeMask::NONE,
            reclaimable: 0,
            oom_holder: None,
            begun: 0,
            waiting: 0,
            slow: 0,
            at_hand: false,
            missed: false,
            epochs: Arc::new(Epochs::new()),
            dead: None,
        };
        Ok(Machine::assemble(state, arena, slabs, cpus, self.faults))
    }
}

#[cfg(all(feature = "std", target_os = "linux", not(miri)))]
fn default_host(pages: usize) -> Result<Box<dyn Host>, HostError> {
    Ok(Box::new(crate::host::memfd::MemfdHost::new(pages)?))
}

#[cfg(not(all(feature = "std", target_os = "linux", not(miri))))]
fn default_host(pages: usize) -> Result<Box<dyn Host>, HostError> {
    Ok(Box::new(crate::host::plain::PlainHost::new(pages)?))
}

/// The zones of all nodes, one node's behind the other's, each with its share of the pages to keep free.
fn zones(
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
                kept: ZoneKind::ALL.map(higher),
            });
            start += pages;
        }
    }
    Ok(zones.into_boxed_slice())
}
