//! The machine: one simulated memory system, and the doors through which its memory is asked for and given back.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::current::Current;
use crate::epochs::Epochs;
use crate::error::{AllocError, FreeError};
use crate::event::Event;
use crate::fault::source::{CacheSite, Capability, FaultSource, Site};
use crate::gfp::Gfp;
use crate::host::arena::Arena;
use crate::page::buddy::AuditError;
use crate::page::course::Course;
use crate::page::frame;
use crate::page::locked::Locked;
use crate::page::pages::Pages;
use crate::page::per_cpu::PerCpu;
use crate::page::reclaim::Shrinkers;
use crate::page::state::State;
use crate::page::watermark::Watermarks;
use crate::page::zone::ZoneKind;
use crate::policy::Policy;
use crate::slab::registry::Slabs;
use crate::stats::Stats;
use crate::sync::cpu_local::CpuLocal;
use crate::sync::cpus::Cpus;
use crate::sync::lock::Lock;
use crate::task::TaskId;
#[cfg(feature = "std")]
use crate::threads::{Live, Threads};
use crate::units::{FrameNumber, NodeId, Order};
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
    number: u64,
    pub(crate) arena: Arena,
    pub(crate) cpus: Cpus,
    state: Lock<State>,
    pub(crate) shrinkers: Lock<Shrinkers>,
    pub(crate) addresses: Lock<Addresses>,
    pub(crate) slabs: Slabs,
    current: Current,
    pub(crate) per_cpu: CpuLocal<PerCpu>,
    pub(crate) epochs: Arc<Epochs>,
    /// Where each zone ends.
    zone_ends: Box<[u32]>,
    /// Whether there is a fault source: all that a request looks at when there is none.
    faults_armed: AtomicBool,
    faults: Lock<Option<Arc<dyn FaultSource>>>,
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
        faults: Option<Arc<dyn FaultSource>>,
        #[cfg(feature = "std")] live: Option<Arc<Live>>,
    ) -> Machine {
        let number = MACHINES.fetch_add(1, Ordering::Relaxed);
        let core = Core {
            #[cfg(feature = "std")]
            live,
            number,
            per_cpu: CpuLocal::new(&cpus, |_| PerCpu::new(state.zones.iter().map(|zone| zone.managed), cpus.count())),
            epochs: Arc::clone(&state.epochs),
            zone_ends: state.zones.iter().map(|zone| zone.buddy.end()).collect(),
            cpus,
            state: Lock::new(state),
            shrinkers: Lock::default(),
            addresses: Lock::new(Addresses::new(arena.window_pages())),
            slabs,
            current: Current::new(number, Machine::BOOT),
            faults_armed: AtomicBool::new(faults.is_some()),
            faults: Lock::new(faults),
            arena,
        };
        Machine {
            #[cfg(feature = "std")]
            _threads: None,
            core: Arc::new(core),
        }
    }

    /// The same machine, for one of its threads.
    #[cfg(feature = "std")]
    pub(crate) fn unowned(&self) -> Machine {
        Machine { _threads: None, core: Arc::clone(&self.core) }
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
            return Locked::live(self.state.lock(), &live.signals);
        }
        Locked::stepped(self.state.lock())
    }

    /// The machine's number.
    #[inline(always)]
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    // Requests.

    /// Plans a request and asks the fault source about it.
    pub(crate) fn begin(
        &self,
        task: TaskId,
        node: Option<NodeId>,
        order: Order,
        flags: Gfp,
    ) -> Result<Course, AllocError> {
        let mut state = self.raw();
        let begun = Course::begin(&mut state, task, node, order, flags);
        if state.dead.is_some() {
            self.collect(&mut state);
        }
        drop(state);
        let mut course = begun?;
        if self.has_faults() && self.is_failed(Capability::PageAlloc, task, course.flags(), order, None) {
            return Err(course.inject(&mut self.state()));
        }
        Ok(course)
    }

    /// Whether there is a fault source to be asked.
    #[inline(always)]
    pub(crate) fn has_faults(&self) -> bool {
        self.faults_armed.load(Ordering::Relaxed)
    }

    /// Asks the fault source about a request.
    #[cold]
    pub(crate) fn is_failed(
        &self,
        capability: Capability,
        task: TaskId,
        flags: Gfp,
        order: Order,
        cache: Option<CacheSite>,
    ) -> bool {
        let Some(source) = self.faults.lock().clone() else { return false };
        let task = self.task_faults(task);
        task.is_some_and(|task| source.fails(&Site { capability, flags, order, cache, task: &task }))
    }

    /// The token of a block that a request has just taken, zeroed if its flags say so.
    pub(crate) fn token(&self, frame: FrameNumber, order: Order, flags: Gfp) -> Pages {
        self.token_in(self.zone_of(frame), frame, order, flags)
    }

    /// The number of the zone that a frame lies in.
    pub(crate) fn zone_of(&self, frame: FrameNumber) -> usize {
        self.zone_ends.partition_point(|end| *end <= frame.0)
    }

    /// The token of a block of a zone, as above.
    #[inline(always)]
    #[expect(unsafe_code, reason = "zeroes a block that nobody has yet")]
    pub(crate) fn token_in(&self, zone: usize, frame: FrameNumber, order: Order, flags: Gfp) -> Pages {
        if flags.contains(Gfp::ZERO) {
            // SAFETY: the block was taken from what is free for this request, and its token is made only below.
            unsafe { self.arena.zero(frame, order) };
        }
        Pages::new(zone, frame, order, self.number)
    }

    // Giving back.

    /// Takes a block back.
    ///
    /// # Errors
    /// The block itself, if it is another machine's.
    #[inline]
    pub fn free(&self, pages: Pages) -> Result<(), Pages> {
        if pages.machine() != self.number {
            return Err(pages);
        }
        if !self.give_quickly(&pages) {
            self.give_slowly(&pages);
        }
        Ok(())
    }

    /// Turns a block into a bare number, as kernel code passes it around. It comes back through [`Machine::free_raw`].
    ///
    /// # Errors
    /// The block itself, if it is another machine's.
    pub fn into_raw(&self, pages: Pages) -> Result<FrameNumber, Pages> {
        if pages.machine() != self.number {
            return Err(pages);
        }
        self.raw().frames.at(pages.frame().0).state = frame::State::Raw;
        Ok(pages.frame())
    }

    /// Takes back a block that was turned into a number. Nothing about the number is believed.
    ///
    /// # Errors
    /// What the number is instead: see [`FreeError`]. Nothing has changed then.
    pub fn free_raw(&self, frame: FrameNumber, order: Order) -> Result<(), FreeError> {
        let mut state = self.raw();
        state.give_checked(frame, order, frame::State::Raw).or_else(|_| {
            // What looks owned may be free, and at hand.
            self.collect(&mut state);
            state.give_checked(frame, order, frame::State::Raw)
        })
    }

    /// Tells the host that the contents of free memory are not needed: what stands behind it may be given back.
    pub fn release_free_memory(&self) {
        let state = self.state();
        for frame in 0..state.frames.len() as u32 {
            let entry = state.frames.get(frame);
            if let Some(entry) = entry.filter(|entry| entry.state == frame::State::Free) {
                self.arena.release(FrameNumber(frame), entry.order);
            }
        }
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

    // Faults.

    /// Puts a fault source in, or takes it out.
    pub fn set_faults(&self, source: Option<Arc<dyn FaultSource>>) {
        self.faults_armed.store(source.is_some(), Ordering::Relaxed);
        let before = core::mem::replace(&mut *self.faults.lock(), source);
        // The user's code, should it end here, runs without the lock.
        drop(before);
    }

    // Questions.

    /// Looks at every frame and list of the machine, and at every slab: see [`Machine::audit_slabs`].
    ///
    /// # Errors
    /// The first thing that is not as it must be.
    pub fn audit(&self) -> Result<(), AuditError> {
        self.state().audit()?;
        self.audit_known_slabs().map_err(|error| AuditError { frame: error.frame(), what: error.what })
    }

    /// What the machine has done so far.
    pub fn stats(&self) -> Stats {
        self.state().stats.clone()
    }

    /// The number that the next event will have.
    pub fn next_event(&self) -> u64 {
        self.raw().events.next()
    }

    /// The events from a number on, oldest first, as far as they are still kept (the last 1,024 are).
    pub fn events_since(&self, number: u64) -> Vec<Event> {
        self.raw().events.since(number).collect()
    }

    /// The machine's policy.
    pub fn policy(&self) -> Policy {
        self.raw().policy.clone()
    }

    /// Free pages, of one node or of all.
    pub fn free_pages(&self, node: Option<NodeId>) -> u64 {
        self.state().free(node)
    }

    /// Free blocks of exactly one order, on all nodes.
    pub fn free_blocks(&self, order: Order) -> u64 {
        self.state().zones.iter().map(|zone| u64::from(zone.buddy.blocks(order))).sum()
    }

    /// The levels of a zone, or `None` if the machine has no such zone.
    pub fn watermarks(&self, node: NodeId, kind: ZoneKind) -> Option<Watermarks> {
        self.raw().zones.iter().find(|zone| zone.node == node && zone.kind == kind).map(|zone| zone.marks)
    }

    /// Why the machine has stopped, if it has.
    pub fn stopped(&self) -> Option<&'static str> {
        self.raw().dead
    }
}
