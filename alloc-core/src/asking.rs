//! How a machine begins requests and asks its fault source about them.

use alloc::sync::Arc;
use core::ops::Deref;
use core::sync::atomic::Ordering::Relaxed;

use crate::error::AllocError;
use crate::fault::source::{CacheSite, Capability, FaultSource, SITES_MAX, Site};
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::page::course::Course;
use crate::policy::Policy;
use crate::task::TaskId;
use crate::units::{NodeId, Order, PAGE_SIZE};

/// What a fault source says of a request.
enum Decision {
    Fails,
    /// It goes on; what it is given is marked with this.
    Passes(u32),
}

/// The policy that a request follows.
pub(crate) enum Rules<'m> {
    Machines(&'m Policy),
    Scopes(Arc<Policy>),
}

impl Deref for Rules<'_> {
    type Target = Policy;

    #[inline]
    fn deref(&self) -> &Policy {
        match self {
            Rules::Machines(policy) => policy,
            Rules::Scopes(policy) => policy,
        }
    }
}

impl Machine {
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
        if self.has_faults() {
            let size = usize::try_from(order.pages()).map_or(usize::MAX, |pages| pages.saturating_mul(PAGE_SIZE));
            match self.asks(task, Capability::PageAlloc, course.flags(), order, size, None) {
                Decision::Fails => return Err(course.inject(&mut self.state())),
                Decision::Passes(mark) => course.mark(mark),
            }
            let charged = course.is_charged();
            if charged
                && matches!(self.asks(task, Capability::MemCg, course.flags(), order, size, None), Decision::Fails)
            {
                return Err(course.inject(&mut self.state()));
            }
        }
        Ok(course)
    }

    /// The policy that requests of the current task follow at the moment.
    #[inline]
    pub(crate) fn rules(&self) -> Rules<'_> {
        if !self.has_other_policies.load(Relaxed) {
            return Rules::Machines(&self.policy);
        }
        let state = self.raw();
        Rules::Scopes(Arc::clone(state.policies.at(state.policy_of(self.current()))))
    }

    /// Whether there is a fault source that is to be asked.
    #[inline(always)]
    pub(crate) fn has_faults(&self) -> bool {
        self.gate.is_open()
    }

    /// Asks the fault source about a request for bytes, in the current task's name: for what is made of pages, or for an
    /// object of a cache.
    ///
    /// # Errors
    /// `Injected`, if it is to fail.
    pub(crate) fn ask(
        &self,
        capability: Capability,
        size: usize,
        flags: Gfp,
        cache: Option<CacheSite>,
    ) -> Result<(), AllocError> {
        if !self.has_faults() {
            return Ok(());
        }
        let (task, order) = (self.current(), Order::for_layout(size, 1));
        // Scopes are for pages.
        let flags = if cache.is_some() { flags } else { self.context().effective(flags) };
        match self.asks(task, capability, flags, order, size, cache) {
            Decision::Passes(_) => Ok(()),
            Decision::Fails => {
                let quiet = flags.contains(Gfp::NOWARN);
                self.raw().note_failure(AllocError::Injected, task, order, flags, quiet);
                Err(AllocError::Injected)
            }
        }
    }

    /// Whether the fault source wants a request to take the harder way, on which it does not fail.
    pub(crate) fn is_forced(&self, task: TaskId, capability: Capability, size: usize, flags: Gfp) -> bool {
        let order = Order::for_layout(size, 1);
        let forced =
            self.has_faults() && matches!(self.asks(task, capability, flags, order, size, None), Decision::Fails);
        if forced {
            self.raw().stats.injected += 1;
        }
        forced
    }

    /// What the fault source says of a request.
    #[cold]
    fn asks(
        &self,
        asking: TaskId,
        capability: Capability,
        flags: Gfp,
        order: Order,
        size: usize,
        cache: Option<CacheSite>,
    ) -> Decision {
        let Some(source) = self.faults.lock().clone() else { return Decision::Passes(0) };
        let mut names = [""; SITES_MAX];
        let (task, found) = {
            let state = self.raw();
            let Some(task) = state.task(asking) else { return Decision::Passes(0) };
            (Arc::clone(&task.faults), state.stats.sites.names(state.site_of(asking), &mut names))
        };
        let site = Site { capability, flags, order, size, cache, sites: &names[..found], asking, task: &task };
        if source.fails(&site) { Decision::Fails } else { Decision::Passes(source.mark(&site)) }
    }

    /// Puts a fault source in, or takes it out.
    pub fn set_faults(&self, source: Option<Arc<dyn FaultSource>>) {
        self.gate.set(source.as_deref());
        let before = core::mem::replace(&mut *self.faults.lock(), source);
        // The user's code, should it end here, runs without the lock.
        drop(before);
    }
}
