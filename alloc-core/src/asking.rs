//! How a machine begins requests and asks its fault source about them.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::error::AllocError;
use crate::fault::at_hand::SourceAtHand;
use crate::fault::source::{CacheSite, Capability, FaultSource, SITES_MAX, Site};
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::page::course::Course;
use crate::policy::Policy;
#[cfg(feature = "std")]
use crate::sync::inside;
use crate::task::TaskId;
use crate::units::{NodeId, Order};

/// What a fault source says of a request.
pub(crate) enum Decision {
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
    /// Plans a request and asks the fault source about it, unless it has decided already.
    pub(crate) fn begin(
        &self,
        task: TaskId,
        node: Option<NodeId>,
        order: Order,
        flags: Gfp,
        decided: Option<Decision>,
    ) -> Result<Course, AllocError> {
        let mut state = self.raw();
        let begun = Course::begin(&mut state, task, node, order, flags);
        if state.dead.is_some() {
            self.collect(&mut state);
        }
        drop(state);
        let mut course = begun?;
        if decided.is_some() || self.has_faults() {
            let size = order.bytes();
            let decision = match decided {
                Some(decision) => decision,
                None => self.asks_for_pages(task, course.flags(), order),
            };
            match decision {
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

    /// What the fault source says of a request for pages, whose flags are as scopes and policy leave them.
    pub(crate) fn asks_for_pages(&self, task: TaskId, flags: Gfp, order: Order) -> Decision {
        self.asks(task, Capability::PageAlloc, flags, order, order.bytes(), None)
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
        let asks = || self.asks(task, capability, flags, Order::for_layout(size, 1), size, None);
        let forced = self.has_faults() && matches!(asks(), Decision::Fails);
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
        let Some(at_hand) = self.source_for(asking) else { return Decision::Passes(0) };
        let mut names = [""; SITES_MAX];
        let found = if self.has_sites.load(Relaxed) { self.sites_of(asking, &mut names) } else { 0 };
        let sites = &names[..found];
        let site = Site { capability, flags, order, size, cache, sites, asking, task: &at_hand.task };
        let decision = {
            // What a source notes is no request of the program that it looks at.
            #[cfg(feature = "std")]
            let _aside = inside::stands_aside();
            let fails = at_hand.source.fails(&site);
            if fails { Decision::Fails } else { Decision::Passes(at_hand.source.mark(&site)) }
        };
        // What is not kept ends here, outside of the processor's place: it may be the last of the user's source.
        drop(self.faults_at_hand.with(&self.cpus, |slot| {
            let keeps = slot.is_none() && at_hand.version == self.faults_version.load(Acquire);
            if keeps { slot.replace(at_hand) } else { Some(at_hand) }
        }));
        decision
    }

    /// Writes the names of the sites that a task is inside of, and says how many there are.
    #[cold]
    fn sites_of(&self, task: TaskId, names: &mut [&'static str]) -> usize {
        let state = self.raw();
        state.stats.sites.names(state.site_of(task), names)
    }

    /// The fault source, and what it is to be told of a task: as the processor has it at hand, or fetched.
    fn source_for(&self, asking: TaskId) -> Option<SourceAtHand> {
        let version = self.faults_version.load(Acquire);
        let at_hand = self.faults_at_hand.with(&self.cpus, Option::take).flatten();
        at_hand.filter(|at_hand| at_hand.version == version && at_hand.asking == asking).or_else(|| {
            let source = self.faults.lock().clone()?;
            Some(SourceAtHand { version, source, asking, task: self.task_faults(asking)? })
        })
    }

    /// Puts a fault source in, or takes it out.
    pub fn set_faults(&self, source: Option<Arc<dyn FaultSource>>) {
        let mut faults = self.faults.lock();
        self.gate.set(source.as_deref(), self.counts_objects.load(Relaxed));
        let before = core::mem::replace(&mut *faults, source);
        drop(faults);
        // Whoever asks the one before at this moment does not keep it, and nobody else has it at hand.
        self.faults_version.fetch_add(1, Release);
        let mut at_hand = Vec::new();
        if before.is_some() {
            at_hand.reserve(self.cpus());
            self.faults_at_hand.each(&self.cpus, |_, slot| at_hand.extend(slot.take()));
        }
        // The user's code, should it end here, runs without the lock, and outside of all places.
        drop((before, at_hand));
    }
}
