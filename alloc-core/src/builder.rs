//! How a machine is put together: nodes, distances, policy, and the memory that it stands on.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
#[cfg(feature = "std")]
use std::time::Duration;

use crate::blueprint::Blueprint;
use crate::budget::Budgets;
use crate::build_error::BuildError;
use crate::calls::Policies;
use crate::epochs::Epochs;
use crate::event::Ring;
use crate::fault::source::FaultSource;
use crate::host::arena::Arena;
use crate::host::contract::{Host, HostError};
use crate::ledger::Converted;
use crate::lock_order::LockOrder;
use crate::machine::Machine;
use crate::node_pages::{NodePages, zones};
use crate::numa::node_mask::NodeMask;
use crate::page::frame::FrameTable;
use crate::page::movable::Movables;
use crate::page::state::State;
use crate::page::watermark::Watermarks;
use crate::page::zonelist::Zonelist;
use crate::policy::{Policy, VmallocInner};
use crate::retries::Retries;
use crate::slab::options::SlabDebug;
use crate::slab::registry::Slabs;
use crate::stats::Stats;
use crate::sync::cpus::Cpus;
use crate::task::{Task, TaskOptions};
#[cfg(feature = "std")]
use crate::threads::Live;
use crate::time::Time;
use crate::units::NodeId;

/// Processors that a machine has at most.
const CPUS_MAX: usize = 1024;

/// Puts a machine together; see [`Machine::builder`].
pub struct MachineBuilder {
    blueprint: Blueprint,
    host: Option<Box<dyn Host>>,
    faults: Option<Arc<dyn FaultSource>>,
}

impl MachineBuilder {
    pub(crate) fn new() -> MachineBuilder {
        MachineBuilder { blueprint: Blueprint::new(), host: None, faults: None }
    }

    /// One more node.
    #[must_use]
    pub fn node(mut self, node: NodePages) -> MachineBuilder {
        self.blueprint.nodes.push(node);
        self
    }

    /// How far two nodes are apart, both ways. Otherwise a node is 10 from itself and 20 from any other.
    #[must_use]
    pub fn distance(mut self, one: NodeId, other: NodeId, distance: u8) -> MachineBuilder {
        self.blueprint.distances.push((one, other, distance));
        self
    }

    /// What the machine does where opinions differ. Otherwise, what the kernel does.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> MachineBuilder {
        self.blueprint.policy = policy;
        self
    }

    /// The memory to stand on. Otherwise a memfd on Linux, and ordinary memory elsewhere.
    #[must_use]
    pub fn host(mut self, host: Box<dyn Host>) -> MachineBuilder {
        self.host = Some(host);
        self.blueprint.is_given_host = true;
        self
    }

    /// Pages that all zones together keep free for the urgent. Otherwise as [`Watermarks::min_free_pages`] says.
    #[must_use]
    pub fn min_free_pages(mut self, pages: u64) -> MachineBuilder {
        self.blueprint.min_free_pages = Some(pages);
        self
    }

    /// How many processors the machine has, at most 1,024: each keeps free pages at hand. Otherwise one in stepped time,
    /// and as many as the host has in live time. [`Machine::set_cpu`] says on which one requests are made.
    #[must_use]
    pub fn cpus(mut self, cpus: usize) -> MachineBuilder {
        self.blueprint.cpus = Some(cpus.clamp(1, CPUS_MAX));
        self
    }

    /// How time passes. Otherwise in steps.
    ///
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use alloc_core::{Gfp, Machine, NodePages, Order, Time};
    /// let machine = Machine::builder().node(NodePages::new(1024)).time(Time::Live).build()?;
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok()));
    ///     scope.spawn(|| assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok()));
    /// });
    /// # }
    /// # Ok::<(), alloc_core::BuildError>(())
    /// ```
    #[must_use]
    pub fn time(mut self, time: Time) -> MachineBuilder {
        self.blueprint.time = time;
        self
    }

    /// In live time: how long nothing may move before a request that sleeps fails with `Hang`. Otherwise two seconds.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn watchdog(mut self, watchdog: Duration) -> MachineBuilder {
        self.blueprint.watchdog = watchdog;
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
        self.blueprint.traces_looks = true;
        self
    }

    /// What all caches of the machine look for, those of kmalloc included (the kernel's boot option `slab_debug`).
    #[must_use]
    pub fn slab_debug(mut self, debug: SlabDebug) -> MachineBuilder {
        self.blueprint.slab_debug = debug;
        self
    }

    /// The machine, with all of its memory free.
    ///
    /// # Errors
    /// What the description lacks, or why there is no memory to stand on.
    pub fn build(self) -> Result<Machine, BuildError> {
        let MachineBuilder { blueprint, host, faults } = self;
        blueprint.check()?;
        let host = match host {
            Some(host) => Arc::from(host),
            None => blueprint.new_host()?,
        };
        let machine = blueprint.raise(host)?;
        machine.set_faults(faults);
        Ok(machine)
    }
}

impl Blueprint {
    /// New memory, for a machine that was given none.
    ///
    /// # Errors
    /// The host's.
    pub(crate) fn new_host(&self) -> Result<Arc<dyn Host>, BuildError> {
        Ok(Arc::from(default_host(self.pages()?)?))
    }

    /// The machine on its host, with all memory free and without a fault source.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn raise(self, host: Arc<dyn Host>) -> Result<Machine, BuildError> {
        let (pages, usable) = (self.pages()?, self.usable());
        #[cfg(feature = "std")]
        let live = (self.time == Time::Live).then(|| Arc::new(Live::new(self.watchdog)));
        #[cfg(feature = "std")]
        let lives = live.is_some();
        #[cfg(not(feature = "std"))]
        let lives = false;
        let count = self.cpus.unwrap_or_else(|| if lives { host.cpus().clamp(1, CPUS_MAX) } else { 1 });
        let cpus = Cpus::new(Arc::clone(&host), count, lives);
        let slabs = Slabs::new(pages, self.nodes.len(), self.policy.largest, self.slab_debug, &cpus);
        let slabs = slabs.ok_or(HostError::NoMemory)?;
        let arena = Arena::new(host);
        if arena.pages() < pages {
            return Err(BuildError::HostTooSmall);
        }
        let mut frames = FrameTable::new(pages).ok_or(HostError::NoMemory)?;
        let min = self.min_free_pages.unwrap_or_else(|| Watermarks::min_free_pages(usable));
        let zones = zones(&self.nodes, &mut frames, min, usable, self.policy.largest)?;
        let distance = |one: NodeId, other: NodeId| {
            let given =
                self.distances.iter().rev().find(|(a, b, _)| (*a, *b) == (one, other) || (*b, *a) == (one, other));
            given.map_or(if one == other { 10 } else { 20 }, |(_, _, distance)| *distance)
        };
        let nodes = (0..self.nodes.len() as u8).map(NodeId);
        let zonelists = nodes.map(|node| Zonelist::new(&zones, node, distance)).collect();
        // In live time the reclaimers are tasks of their own, behind the one that boots.
        let reclaimers = if lives { self.nodes.len() } else { 0 };
        let names = core::iter::once("boot").chain(core::iter::repeat_n("kswapd", reclaimers));
        let kernel_thread = |name| Task::new(TaskOptions { kernel_thread: true, ..TaskOptions::named(name) });
        let tasks = names.map(kernel_thread).collect();
        let policy = Arc::new(self.policy.clone());
        let has_budget = zones.iter().any(|zone| zone.backed.is_some());
        let state = State {
            policies: Policies::new(Arc::clone(&policy)),
            policy,
            frames,
            zones,
            zonelists,
            tasks,
            locks: LockOrder::default(),
            budgets: Budgets::default(),
            cpusets: Vec::new(),
            movables: Movables::new(),
            stats: Stats::default(),
            events: Ring::new(),
            has_budget,
            retries: Retries::default(),
            converted: Converted::default(),
            traces_looks: self.traces_looks,
            progress: 0,
            kswapd_wanted: NodeMask::NONE,
            reclaimable: 0,
            notifies_oom: false,
            oom_holder: None,
            begun: 0,
            waiting: 0,
            slow: 0,
            sleepers: 0,
            kswapd_running: NodeMask::NONE,
            reap_wanted: false,
            at_hand: false,
            missed: false,
            epochs: Arc::new(Epochs::new()),
            dead: None,
        };
        let prepared = match state.policy.vmalloc_inner {
            VmallocInner::Prealloc(pages) => pages,
            VmallocInner::HardwiredKernel | VmallocInner::Scoped => 0,
        };
        #[cfg(feature = "std")]
        let machine = Machine::assemble(state, arena, slabs, cpus, self, live);
        #[cfg(not(feature = "std"))]
        let machine = Machine::assemble(state, arena, slabs, cpus, self);
        machine.prepare_addresses(prepared as usize).map_err(|_| BuildError::NoPageTables)?;
        #[cfg(feature = "std")]
        let machine = machine.start()?;
        Ok(machine)
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
