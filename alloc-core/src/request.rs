//! The doors of requests: asked and driven to the end at once, or step by step, so that others can get in between.

use alloc::vec::Vec;

use crate::asking::Decision;
use crate::block::PageBlock;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::numa::node_mask::NodeMask;
use crate::page::course::{Course, Move, WaitFor};
use crate::quick::Claimed;
use crate::task::TaskId;
use crate::time::{Patience, Slept};
use crate::units::{NodeId, Order};

/// What a step of a request came to.
#[derive(Debug)]
pub enum Step<'m> {
    /// It goes on; whatever happens before the next step, happens in the middle of it.
    Next,
    /// It sleeps. Another step means that it woke up.
    Wait(WaitFor),
    /// It is over.
    Done(Result<PageBlock<'m>, AllocError>),
}

/// A request under way. Dropped, it is given up.
///
/// ```
/// use alloc_core::{Gfp, Machine, NodePages, Order, Step};
/// let machine = Machine::builder().node(NodePages::new(1024)).build()?;
/// let mut request = machine.request(Machine::BOOT, None, Order::ZERO, Gfp::KERNEL)?;
/// let block = loop {
///     match request.step() {
///         Step::Next | Step::Wait(_) => continue, // Other tasks' steps go here.
///         Step::Done(result) => break result?,
///     }
/// };
/// assert_eq!(block.order(), Order::ZERO);
/// # drop(request);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a request does nothing until it is stepped"]
pub struct Request<'m> {
    machine: &'m Machine,
    course: Course,
    node: Option<NodeId>,
    order: Order,
    flags: Gfp,
    /// Whether its answer is remembered, and more is fetched for the next one like it.
    remembered: bool,
    over: Option<AllocError>,
}

impl<'m> Request<'m> {
    /// Makes the next step. A request that is over has failed with the same error ever after, or with `NoMemory` if it
    /// was served.
    pub fn step(&mut self) -> Step<'m> {
        if let Some(error) = self.over {
            return Step::Done(Err(error));
        }
        let next = self.next();
        match next {
            Move::Next => Step::Next,
            Move::Wait(why) => Step::Wait(why),
            Move::Reclaim(flags, pages) => {
                let gained = self.machine.direct_reclaim(self.course.task(), flags, pages);
                self.course.reclaimed(&mut self.machine.state(), gained);
                Step::Next
            }
            Move::Compact => {
                self.course.compact(&mut self.machine.state(), &self.machine.arena);
                Step::Next
            }
            Move::NotifyOom => {
                let gained = self.machine.notify_oom(self.course.task());
                self.course.notified(&mut self.machine.state(), gained);
                Step::Next
            }
            Move::Taken(frame) => {
                self.over = Some(AllocError::NoMemory);
                let zone = self.machine.zone_of_token(self.course.is_noted(), frame);
                let pages = self.machine.token_in(zone, frame, self.order, self.course.flags());
                Step::Done(Ok(PageBlock::new(self.machine, pages)))
            }
            Move::Failed(error) => {
                self.over = Some(error);
                Step::Done(Err(error))
            }
        }
    }

    /// The course's next step. As long as it only looks at free lists, what is at hand need not be collected, unless it is
    /// missing: a look that fails is made again with everything collected.
    fn next(&mut self) -> Move {
        let machine = self.machine;
        if !self.course.is_fast() {
            return self.course.step(&mut machine.state());
        }
        let state = &mut *machine.raw();
        let before = self.course;
        state.missed = false;
        let mut next = self.course.step(state);
        if next == Move::Next && state.missed && state.at_hand {
            machine.collect(state);
            self.course = before;
            next = self.course.step(state);
        }
        if let Move::Taken(frame) = next {
            let zone = machine.zone_of(frame);
            if !state.is_plentiful(zone) {
                machine.collect(state);
            } else if self.remembered {
                machine.remember(state, &self.course, self.node, self.flags, zone);
            }
        }
        next
    }

    /// Steps until the request sleeps or is over.
    fn run(&mut self) -> Option<Result<PageBlock<'m>, AllocError>> {
        loop {
            match self.step() {
                Step::Next => {}
                Step::Wait(_) => return None,
                Step::Done(result) => return Some(result),
            }
        }
    }

    /// The same request, by one who wants what lies next in the free lists, and no more to be fetched.
    pub(crate) fn once(self) -> Request<'m> {
        let mut request = self;
        request.remembered = false;
        request
    }

    /// Drives the request to its end. Whenever it sleeps in stepped time, the background's work is done; if nothing in the
    /// machine has moved between two sleeps, it would sleep for ever. In live time the thread sleeps until something moves.
    ///
    /// # Errors
    /// Those of the request, and [`AllocError::Hang`].
    pub fn finish(mut self) -> Result<PageBlock<'m>, AllocError> {
        let mut patience = Patience::default();
        loop {
            if let Some(result) = self.run() {
                return result;
            }
            if self.machine.sleep(&mut patience) == Slept::Hung {
                return Err(self.hang());
            }
        }
    }

    fn hang(&mut self) -> AllocError {
        let error = self.course.hang(&mut self.machine.state());
        self.over = Some(error);
        error
    }
}

impl Drop for Request<'_> {
    fn drop(&mut self) {
        if self.over.is_none() {
            self.course.abandon(&mut self.machine.raw());
        }
    }
}

impl Machine {
    /// Begins a request in a task's name, from a node or from the task's own.
    ///
    /// # Errors
    /// When the request is refused before any memory is looked at: by the policy, by the fault source, because the
    /// machine has stopped, or because task or node are unknown.
    pub fn request(
        &self,
        task: TaskId,
        node: Option<NodeId>,
        order: Order,
        flags: Gfp,
    ) -> Result<Request<'_>, AllocError> {
        self.request_decided(task, node, order, flags, None)
    }

    /// A request for a page that begins at a node and is bound to others, whatever the task's policy says. Its answer is nobody else's.
    ///
    /// # Errors
    /// As [`Machine::request`].
    pub(crate) fn request_bound(
        &self,
        task: TaskId,
        node: Option<NodeId>,
        nodes: Option<NodeMask>,
        flags: Gfp,
    ) -> Result<Request<'_>, AllocError> {
        let mut request = self.request(task, node, Order::ZERO, flags)?.once();
        request.course.bind(&self.raw(), nodes);
        Ok(request)
    }

    /// The same; the fault source may have been asked before.
    fn request_decided(
        &self,
        task: TaskId,
        node: Option<NodeId>,
        order: Order,
        flags: Gfp,
        decided: Option<Decision>,
    ) -> Result<Request<'_>, AllocError> {
        let course = self.begin(task, node, order, flags, decided)?;
        Ok(Request { machine: self, course, node, order, flags, remembered: true, over: None })
    }

    /// A block for the current task, where that is not quick at once.
    #[cold]
    #[inline(never)]
    fn alloc_slowly(&self, node: Option<NodeId>, order: Order, flags: Gfp) -> Result<PageBlock<'_>, AllocError> {
        let decided = match self.claim_quickly(node, order, flags) {
            Claimed::Block(block) => return Ok(block),
            Claimed::Decided(decision) => Some(decision),
            Claimed::Nothing => None,
        };
        self.request_decided(self.current(), node, order, flags, decided)?.finish()
    }

    /// A block of pages for the current task.
    ///
    /// # Errors
    /// See [`AllocError`]; what to expect of which flags, [`Policy::explain`](crate::Policy::explain) says. There is
    /// always an error to handle: no policy makes this infallible.
    #[inline]
    pub fn alloc_pages(&self, order: Order, flags: Gfp) -> Result<PageBlock<'_>, AllocError> {
        match self.quick(None, order, flags) {
            Some(block) => Ok(block),
            None => self.alloc_slowly(None, order, flags),
        }
    }

    /// A block of pages for the current task, from a node's zones first.
    ///
    /// # Errors
    /// As [`Machine::alloc_pages`].
    #[inline]
    pub fn alloc_pages_node(&self, node: NodeId, order: Order, flags: Gfp) -> Result<PageBlock<'_>, AllocError> {
        match self.quick(Some(node), order, flags) {
            Some(block) => Ok(block),
            None => self.alloc_slowly(Some(node), order, flags),
        }
    }

    /// Drives several requests to their ends, in turns: each goes on until it sleeps, then the next. After a whole round
    /// in which all slept and nothing moved, all of them hang.
    ///
    /// The results are in the order of the requests.
    pub fn settle<'m>(&'m self, requests: Vec<Request<'m>>) -> Vec<Result<PageBlock<'m>, AllocError>> {
        let mut slots: Vec<_> = requests.into_iter().map(|request| (request, None)).collect();
        let mut patience = Patience::default();
        while slots.iter().any(|(_, result)| result.is_none()) {
            for (request, result) in slots.iter_mut().filter(|(_, result)| result.is_none()) {
                *result = request.run();
            }
            if self.sleep(&mut patience) == Slept::Hung {
                for (request, result) in slots.iter_mut().filter(|(_, result)| result.is_none()) {
                    *result = Some(Err(request.hang()));
                }
            }
        }
        slots.into_iter().filter_map(|(_, result)| result).collect()
    }
}
