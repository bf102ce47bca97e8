//! The machine: one simulated memory system, and the doors through which its memory is asked for and given back.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell, RefMut};
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::{AllocError, FreeError};
use crate::event::{Event, EventKind};
use crate::fault::source::{Capability, FaultSource, Site, TaskFaults};
use crate::gfp::Gfp;
use crate::host::arena::Arena;
use crate::numa::mems::{MemsMove, MemsStep, MoveKind};
use crate::numa::node_mask::NodeMask;
use crate::page::buddy::AuditError;
use crate::page::engine::Course;
use crate::page::frame;
use crate::page::pages::Pages;
use crate::page::reclaim::{BATCH, PRIORITY_FIRST, Shrinker, ShrinkerId, Shrinkers};
use crate::page::state::State;
use crate::page::watermark::Watermarks;
use crate::page::zone::ZoneKind;
use crate::policy::Policy;
use crate::stats::Stats;
use crate::task::{Task, TaskId, TaskOptions};
use crate::units::{FrameNumber, NodeId, Order};

/// Machines are told apart by number, so that a block given to the wrong one is noticed.
static MACHINES: AtomicU64 = AtomicU64::new(0);

/// One simulated memory system: nodes, zones, tasks, a policy, and memory that can really run out.
///
/// Machines know nothing of each other, and a process may have many. A machine's time is **stepped**: it belongs to one
/// thread, requests of different tasks take turns at the ends of their steps, and the same turns give the same results.
/// Background work (the reclaimer, the reaper) is done when a request would sleep, and on [`Machine::background`].
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
    number: u64,
    pub(crate) arena: Arena,
    state: RefCell<State>,
    shrinkers: RefCell<Shrinkers>,
    current: Cell<TaskId>,
    /// Whether there is a fault source: all that a request looks at when there is none.
    faults_armed: AtomicBool,
    faults: RefCell<Option<Rc<dyn FaultSource>>>,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").field("number", &self.number).field("free_pages", &self.free_pages(None)).finish()
    }
}

impl Machine {
    /// The task that a machine boots with: it is current at first, and cannot be killed.
    pub const BOOT: TaskId = TaskId(0);

    pub(crate) fn assemble(state: State, arena: Arena, faults: Option<Rc<dyn FaultSource>>) -> Machine {
        Machine {
            number: MACHINES.fetch_add(1, Ordering::Relaxed),
            arena,
            state: RefCell::new(state),
            shrinkers: RefCell::default(),
            current: Cell::new(Machine::BOOT),
            faults_armed: AtomicBool::new(faults.is_some()),
            faults: RefCell::new(faults),
        }
    }

    /// The state, for one short piece of work that calls nobody's code but the machine's.
    pub(crate) fn state(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
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
        let mut course = Course::begin(&mut self.state(), task, node, order, flags)?;
        if self.faults_armed.load(Ordering::Relaxed) && self.is_failed(task, course.flags(), order) {
            return Err(course.inject(&mut self.state()));
        }
        Ok(course)
    }

    fn is_failed(&self, task: TaskId, flags: Gfp, order: Order) -> bool {
        let Some(source) = self.faults.borrow().clone() else { return false };
        let task = self.state().task(task).map(|task| Rc::clone(&task.faults));
        let capability = Capability::PageAlloc;
        task.is_some_and(|task| source.fails(&Site { capability, flags, order, task: &task }))
    }

    /// The token of a block that a request has just taken, zeroed if its flags say so.
    #[expect(unsafe_code, reason = "zeroes a block that nobody has yet")]
    pub(crate) fn token(&self, frame: FrameNumber, order: Order, flags: Gfp) -> Pages {
        if flags.contains(Gfp::ZERO) {
            // SAFETY: the block was taken off the free lists for this request, and its token is made only below.
            unsafe { self.arena.zero(frame, order) };
        }
        Pages::new(frame, order, self.number)
    }

    // Giving back.

    /// Takes a block back.
    ///
    /// # Errors
    /// The block itself, if it is another machine's.
    pub fn free(&self, pages: Pages) -> Result<(), Pages> {
        if pages.machine() != self.number {
            return Err(pages);
        }
        let freed = self.state().give_checked(pages.frame(), pages.order(), frame::State::Owned);
        freed.map_err(|_| pages)
    }

    /// Turns a block into a bare number, as kernel code passes it around. It comes back through [`Machine::free_raw`].
    ///
    /// # Errors
    /// The block itself, if it is another machine's.
    pub fn into_raw(&self, pages: Pages) -> Result<FrameNumber, Pages> {
        if pages.machine() != self.number {
            return Err(pages);
        }
        self.state().frames.at(pages.frame().0).state = frame::State::Raw;
        Ok(pages.frame())
    }

    /// Takes back a block that was turned into a number. Nothing about the number is believed.
    ///
    /// # Errors
    /// What the number is instead: see [`FreeError`]. Nothing has changed then.
    pub fn free_raw(&self, frame: FrameNumber, order: Order) -> Result<(), FreeError> {
        self.state().give_checked(frame, order, frame::State::Raw)
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

    // Tasks.

    /// A new task.
    pub fn spawn(&self, options: TaskOptions) -> TaskId {
        let mut state = self.state();
        state.tasks.push(Task::new(options));
        TaskId(state.tasks.len() as u32 - 1)
    }

    /// The task in whose name requests are made.
    pub fn current(&self) -> TaskId {
        self.current.get()
    }

    /// Runs `body` in the name of another task.
    pub fn run_as<R>(&self, task: TaskId, body: impl FnOnce() -> R) -> R {
        struct Back<'m>(&'m Cell<TaskId>, TaskId);
        impl Drop for Back<'_> {
            fn drop(&mut self) {
                self.0.set(self.1);
            }
        }
        let _back = Back(&self.current, self.current.replace(task));
        body()
    }

    /// Gives a task user pages, one request each, and says how many it has then. What it got before a failure it keeps.
    ///
    /// # Errors
    /// Those of the request that failed; and a task that is being killed gets none any more.
    pub fn grow(&self, task: TaskId, pages: u64) -> Result<u64, AllocError> {
        for _ in 0..pages {
            let block = self.request(task, None, Order::ZERO, Gfp::USER_MOVABLE)?.finish()?;
            if self.is_victim(task) {
                return Err(AllocError::TaskKilled);
            }
            let block = block.into_pages();
            let mut state = self.state();
            let State { frames, tasks, .. } = &mut *state;
            let entry = frames.at(block.frame().0);
            (entry.state, entry.owner) = (frame::State::User, task.0);
            if let Some(task) = tasks.get_mut(task.0 as usize) {
                task.user_pages.push(frames, block.frame().0);
            }
        }
        Ok(self.state().task(task).map_or(0, |task| u64::from(task.user_pages.len())))
    }

    /// Ends a task: its user pages are free.
    pub fn exit(&self, task: TaskId) {
        let mut state = self.state();
        if state.task(task).is_some() && task != Machine::BOOT {
            state.free_user_pages(task.0 as usize);
            state.tasks[task.0 as usize].exited = true;
        }
    }

    /// Whether the OOM killer has chosen a task.
    pub fn is_victim(&self, task: TaskId) -> bool {
        self.state().task(task).is_some_and(|task| task.victim)
    }

    /// Says that something else already ends a task: at the killer's door it is let through without a kill.
    pub fn set_dying(&self, task: TaskId) {
        if let Some(task) = self.state().task_mut(task) {
            task.dying = true;
        }
    }

    /// Says that a task's memory is locked, so that the reaper cannot get at it, or no longer.
    pub fn set_memory_locked(&self, task: TaskId, locked: bool) {
        if let Some(task) = self.state().task_mut(task) {
            task.memory_locked = locked;
        }
    }

    /// A task's own knobs of fault injection, or `None` if there is no such task.
    pub fn task_faults(&self, task: TaskId) -> Option<Rc<TaskFaults>> {
        self.state().task(task).map(|task| Rc::clone(&task.faults))
    }

    /// Makes the next step of a move of a task's nodes; `None` if there is no such task. See [`NodesMove`].
    fn step_move(&self, task: TaskId, step: &mut MemsMove) -> Option<MemsStep> {
        let mut state = self.state();
        let done = step.step(&mut state.task_mut(task)?.mems);
        state.progress += 1;
        state.events.note(EventKind::Moved(done), task, Order::ZERO, Gfp::NONE);
        Some(done)
    }

    /// A move of a task's nodes, to be made step by step.
    pub fn move_nodes(&self, task: TaskId, to: NodeMask, kind: MoveKind) -> NodesMove<'_> {
        NodesMove { machine: self, task, inner: MemsMove::new(to, kind) }
    }

    // Reclaim.

    /// Registers a shrinker.
    pub fn register_shrinker(&self, shrinker: Rc<dyn Shrinker>) -> ShrinkerId {
        self.shrinkers.borrow_mut().add(shrinker)
    }

    /// Gives a registered shrinker back, or `None` if it was given back before.
    pub fn unregister_shrinker(&self, id: ShrinkerId) -> Option<Rc<dyn Shrinker>> {
        self.shrinkers.borrow_mut().remove(id)
    }

    /// One pass of reclaim in the name of a task: shrinkers that the flags are open to, gently first, until enough is gained.
    pub(crate) fn reclaim_pass(&self, task: TaskId, flags: Gfp, enough: impl Fn(&State, u64) -> bool) -> u64 {
        struct Reclaiming<'m>(&'m Machine, TaskId);
        impl Drop for Reclaiming<'_> {
            fn drop(&mut self) {
                if let Some(task) = self.0.state().task_mut(self.1) {
                    task.reclaiming -= 1;
                }
            }
        }
        if let Some(task) = self.state().task_mut(task) {
            task.reclaiming += 1;
        }
        let _reclaiming = Reclaiming(self, task);
        let before = self.state().stats.freed_pages;
        let gained = || self.state().stats.freed_pages - before;
        for priority in (0..=PRIORITY_FIRST).rev() {
            let (mut place, mut reclaimable) = (0, 0_u64);
            while let Some(shrinker) = self.shrinker_at(place) {
                place += 1;
                let count = shrinker.count();
                reclaimable = reclaimable.saturating_add(count);
                if count >> priority == 0 || !shrinker.class().is_open_to(flags) {
                    continue;
                }
                self.run_as(task, || {
                    shrinker.scan(count >> priority, &mut |pages| {
                        // A block of another machine is not this one's gain, and is lost to both.
                        let _ = self.free(pages);
                    });
                });
                let gained = gained();
                if enough(&self.state(), gained) {
                    return gained;
                }
            }
            self.state().reclaimable = reclaimable;
        }
        gained()
    }

    fn shrinker_at(&self, place: usize) -> Option<Rc<dyn Shrinker>> {
        self.shrinkers.borrow().at(place)
    }

    /// The pass that a request asks for.
    pub(crate) fn direct_reclaim(&self, task: TaskId, flags: Gfp, pages: u64) -> u64 {
        let target = pages.max(BATCH);
        self.reclaim_pass(task, flags, |_, gained| gained >= target)
    }

    /// Does the background's work: the reaper takes the pages of victims, and the reclaimers of the nodes that were woken
    /// run until their zones are above the high level or nothing more can be gained.
    ///
    /// Requests that are driven to their end call it whenever they would sleep. Returns whether there was anything to do.
    pub fn background(&self) -> bool {
        let reaped = self.state().reap();
        let (wanted, nodes) = {
            let mut state = self.state();
            (core::mem::replace(&mut state.kswapd_wanted, NodeMask::NONE), state.zonelists.len())
        };
        for node in (0..nodes as u8).map(NodeId).filter(|node| wanted.has(*node)) {
            self.state().stats.kswapd_passes += 1;
            if !self.state().is_balanced(node) {
                self.reclaim_pass(Machine::BOOT, Gfp::KERNEL, |state, _| state.is_balanced(node));
            }
        }
        reaped || wanted != NodeMask::NONE
    }

    // Faults.

    /// Puts a fault source in, or takes it out.
    pub fn set_faults(&self, source: Option<Rc<dyn FaultSource>>) {
        self.faults_armed.store(source.is_some(), Ordering::Relaxed);
        let before = self.faults.replace(source);
        drop(before);
    }

    // Questions.

    /// Looks at every frame and list of the machine.
    ///
    /// # Errors
    /// The first thing that is not as it must be.
    pub fn audit(&self) -> Result<(), AuditError> {
        self.state().audit()
    }

    /// What the machine has done so far.
    pub fn stats(&self) -> Stats {
        self.state().stats.clone()
    }

    /// The number that the next event will have.
    pub fn next_event(&self) -> u64 {
        self.state().events.next()
    }

    /// The events from a number on, oldest first, as far as they are still kept (the last 1,024 are).
    pub fn events_since(&self, number: u64) -> Vec<Event> {
        self.state().events.since(number).collect()
    }

    /// The machine's policy.
    pub fn policy(&self) -> Policy {
        self.state().policy.clone()
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
        self.state().zones.iter().find(|zone| zone.node == node && zone.kind == kind).map(|zone| zone.marks)
    }

    /// Why the machine has stopped, if it has.
    pub fn stopped(&self) -> Option<&'static str> {
        self.state().dead
    }
}

/// A move of a task's nodes under way; see [`Machine::move_nodes`].
#[derive(Debug)]
#[must_use = "a move is made by its steps"]
pub struct NodesMove<'m> {
    machine: &'m Machine,
    task: TaskId,
    inner: MemsMove,
}

impl NodesMove<'_> {
    /// Makes the next step; `None` if there is no such task. A move is over with `Shrunk` or `Replaced`.
    pub fn step(&mut self) -> Option<MemsStep> {
        self.machine.step_move(self.task, &mut self.inner)
    }

    /// Makes all steps.
    pub fn finish(mut self) {
        while self.step() == Some(MemsStep::Expanded) {}
    }
}
