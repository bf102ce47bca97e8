//! The machine: one simulated memory system, and the doors through which its memory is asked for and given back.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::ops::Deref;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::blueprint::Blueprint;
use crate::current::Current;
use crate::epochs::Epochs;
use crate::fault::at_hand::SourceAtHand;
use crate::fault::gate::Gate;
use crate::fault::source::FaultSource;
use crate::host::arena::Arena;
use crate::page::locked::Locked;
use crate::page::notifier::OomNotifier;
use crate::page::per_cpu::PerCpu;
use crate::page::reclaim::Shrinker;
use crate::page::state::State;
use crate::places;
use crate::policy::Policy;
use crate::registered::Registered;
use crate::slab::registry::Slabs;
use crate::sync::apart::Apart;
use crate::sync::cpu_local::CpuLocal;
use crate::sync::cpus::Cpus;
use crate::sync::lock::Lock;
#[cfg(all(feature = "std", target_os = "linux"))]
use crate::sync::still;
use crate::task::TaskId;
#[cfg(feature = "std")]
use crate::threads::{Live, Threads};
use crate::vmalloc::area::Addresses;

/// Machines are told apart by number, so that a block given to the wrong one is noticed.
static MACHINES: AtomicU64 = AtomicU64::new(0);

/// One simulated memory system: nodes, zones, tasks, a policy, and memory that can really run out.
///
/// Machines know nothing of each other, and a process may have many. Unless it is built with another
/// [`Time`](crate::Time), a machine's time is **stepped**: requests of different tasks take turns at the ends of their
/// steps, and the same turns give the same results. Background work (the reclaimer, the reaper) is done when a request would
/// sleep, and on [`Machine::background`].
///
/// Threads may share a machine: every step is made under its lock, and its users' code (shrinkers, fault sources) is
/// called without it. In stepped time, whoever waits goes by the turns that it sees: nothing moved between two of its own
/// means a hang, even if another thread was about to help.
///
/// ```
/// use alloc_core::{AllocError, Gfp, Machine, NodePages, Order};
/// let machine = Machine::builder().node(NodePages::new(1024)).build()?;
/// let mut block = machine.alloc_pages(Order::new(3), Gfp::KERNEL | Gfp::ZERO)?;
/// assert!(block.bytes().iter().all(|byte| *byte == 0));
/// block.bytes_mut().fill(7);
/// drop(block);
/// assert_eq!(machine.free_pages(None), 1024);
/// assert_eq!(machine.alloc_pages(Order::new(11), Gfp::KERNEL).unwrap_err(), AllocError::OrderTooBig);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Machine {
    /// A live machine's threads, in the hands of their owner: they share all the rest.
    #[cfg(feature = "std")]
    _threads: Option<Threads>,
    core: Arc<Core>,
}

/// All of a machine that its threads share.
#[doc(hidden)]
pub struct Core {
    /// The first to be dropped.
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(crate) known_to_forks: std::sync::OnceLock<still::Registered>,
    /// Dropped before the memory is.
    known_addresses: places::Registered,
    number: u64,
    pub(crate) arena: Arena,
    pub(crate) cpus: Cpus,
    /// Locked by [`Machine::state`] and [`Machine::raw`].
    pub(crate) state: Apart<Lock<State>>,
    pub(crate) shrinkers: Lock<Registered<dyn Shrinker>>,
    pub(crate) oom_notifiers: Lock<Registered<dyn OomNotifier>>,
    pub(crate) addresses: Lock<Addresses>,
    pub(crate) slabs: Slabs,
    current: Current,
    pub(crate) per_cpu: CpuLocal<PerCpu>,
    pub(crate) epochs: Arc<Epochs>,
    /// Where each zone ends.
    pub(crate) zone_ends: Box<[u32]>,
    /// Whether the fault source is to be asked: all that a request looks at when it is not.
    pub(crate) gate: Gate,
    pub(crate) policy: Arc<Policy>,
    /// Whether a request may follow another one: from the first scope on that has one.
    pub(crate) has_other_policies: AtomicBool,
    /// Whether requests for objects are counted that say KERNEL.
    pub(crate) counts_objects: AtomicBool,
    /// Whether some requests failed and were not served since: see [`Retries`](crate::retries::Retries).
    pub(crate) retries_watched: Arc<AtomicBool>,
    /// Whether a request may be made in a named site: from the first one on.
    pub(crate) has_sites: AtomicBool,
    pub(crate) faults: Apart<Lock<Option<Arc<dyn FaultSource>>>>,
    /// How often the source was replaced.
    pub(crate) faults_version: AtomicU64,
    pub(crate) faults_at_hand: CpuLocal<Option<SourceAtHand>>,
    /// What it was built from: its next life is, too.
    /// Apart, so that it moves nothing that requests look at.
    pub(crate) blueprint: Box<Blueprint>,
    #[cfg(feature = "std")]
    pub(crate) live: Option<Arc<Live>>,
}

impl Deref for Machine {
    type Target = Core;

    #[inline(always)]
    fn deref(&self) -> &Core {
        &self.core
    }
}

/// Threads share machines.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<Machine>();
};

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").field("number", &self.number).field("free_pages", &self.free_pages(None)).finish()
    }
}

impl Machine {
    /// The task that a machine boots with: it is current at first, and cannot be killed.
    pub const BOOT: TaskId = TaskId(0);

    pub(crate) fn assemble(
        state: State,
        arena: Arena,
        slabs: Slabs,
        cpus: Cpus,
        blueprint: Blueprint,
        #[cfg(feature = "std")] live: Option<Arc<Live>>,
    ) -> Machine {
        let number = MACHINES.fetch_add(1, Ordering::Relaxed);
        let core = Arc::new(Core {
            #[cfg(all(feature = "std", target_os = "linux"))]
            known_to_forks: std::sync::OnceLock::new(),
            #[cfg(feature = "std")]
            live,
            known_addresses: places::Registered::default(),
            number,
            per_cpu: CpuLocal::new(&cpus, |_| PerCpu::new(state.zones.iter().map(|zone| zone.managed), cpus.count())),
            faults_at_hand: CpuLocal::new(&cpus, |_| None),
            epochs: Arc::clone(&state.epochs),
            policy: Arc::clone(&state.policy),
            has_other_policies: AtomicBool::new(false),
            has_sites: AtomicBool::new(false),
            counts_objects: AtomicBool::new(false),
            retries_watched: state.retries.watched(),
            zone_ends: state.zones.iter().map(|zone| zone.buddy.end()).collect(),
            cpus,
            state: Apart(Lock::new(state)),
            shrinkers: Lock::default(),
            oom_notifiers: Lock::default(),
            addresses: Lock::new(Addresses::new(arena.window_pages())),
            slabs,
            current: Current::new(number, Machine::BOOT),
            gate: Gate::of(None),
            faults: Apart(Lock::new(None)),
            blueprint: Box::new(blueprint),
            faults_version: AtomicU64::new(0),
            arena,
        });
        #[cfg(all(feature = "std", target_os = "linux"))]
        core.make_known();
        core.known_addresses.enter(&core.arena.addresses(), Arc::as_ptr(&core).cast_mut().cast());
        Machine::of_core(core)
    }

    /// The same machine, for one of its threads.
    #[cfg(feature = "std")]
    pub(crate) fn unowned(&self) -> Machine {
        Machine::of_core(Arc::clone(&self.core))
    }

    /// How many threads are in this machine's hands.
    pub(crate) fn threads(&self) -> usize {
        #[cfg(feature = "std")]
        return self._threads.as_ref().map_or(0, |threads| threads.handles.len());
        #[cfg(not(feature = "std"))]
        0
    }

    /// Ends the threads that are in this machine's hands.
    pub(crate) fn end_threads(&mut self) {
        #[cfg(feature = "std")]
        drop(self._threads.take());
    }

    /// How many others have a share of the machine: none that is not counted can come to be while it is borrowed exclusively.
    pub(crate) fn other_shares(&mut self) -> usize {
        Arc::strong_count(&self.core) - 1
    }

    /// A machine that does not own its threads.
    pub(crate) fn of_core(core: Arc<Core>) -> Machine {
        Machine {
            #[cfg(feature = "std")]
            _threads: None,
            core,
        }
    }

    /// What the machine shares with its threads, and with its other shares.
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The same machine, in whose hands its threads are: they end with it.
    #[cfg(feature = "std")]
    pub(crate) fn owning(self, threads: Threads) -> Machine {
        Machine { _threads: Some(threads), core: self.core }
    }

    /// The state, for one short piece of work that calls nobody's code but the machine's. Nothing is at hand: the free
    /// lists know of every free page.
    pub(crate) fn state(&self) -> Locked<'_> {
        let mut state = self.raw();
        self.collect(&mut state);
        state
    }

    /// The same, for work that does not ask what is free: processors may have pages at hand that the state does not know of.
    pub(crate) fn raw(&self) -> Locked<'_> {
        #[cfg(feature = "std")]
        if let Some(live) = &self.live {
            return Locked::live(self.state.lock(), &self.arena, &live.signals);
        }
        Locked::stepped(self.state.lock(), &self.arena)
    }

    /// The number by which machines are told apart.
    #[inline(always)]
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    // The current task.

    /// The task in whose name this thread makes requests. Without the feature `std`, all threads have one in common.
    #[inline]
    pub fn current(&self) -> TaskId {
        self.current.get()
    }

    /// Runs `body` in the name of another task. Threads that it starts do not inherit it.
    pub fn run_as<R>(&self, task: TaskId, body: impl FnOnce() -> R) -> R {
        self.current.run_as(task, body)
    }

    // Processors.

    /// How many processors the machine has.
    pub fn cpus(&self) -> usize {
        self.cpus.count()
    }

    /// Makes all requests from now on on one of the processors, counted from 0; beyond the last it begins anew.
    pub fn set_cpu(&self, cpu: usize) {
        self.cpus.set(cpu);
    }
}
