//! The second door to the engine: a caller says how it waits, instead of what may be done for it.

use crate::block::PageBlock;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::numa::node_mask::NodeMask;
use crate::policy::Discipline;
use crate::request::Step;
use crate::task::TaskId;
use crate::time::{Patience, Slept};
use crate::units::Order;

/// How a caller waits for memory. Proposed in the comments on "Revisiting too small to fail" (2017) in place of flags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Wait {
    /// Not at all.
    Never,
    /// For one pass of the background reclaimer: there is a cheap fallback.
    OnePass,
    /// Without bound, in the queue of each zone that the task may use: memory that comes free in a zone is handed to the
    /// first in its queue. Who waits for more than a page is not overtaken by those behind it: as many pages as it asks for
    /// are kept from them, though not from requests by the other doors. Forbidden where others wait for
    /// the caller to free memory: in shrinkers, on the write-out path, in scopes without reclaim; and in atomic context.
    Forever,
}

/// A caller in the queue. Dropped, it leaves the queue.
#[derive(Debug)]
#[must_use = "a request does nothing until it is stepped"]
pub struct Queued<'m> {
    machine: &'m Machine,
    task: TaskId,
    order: Order,
    over: bool,
}

impl<'m> Queued<'m> {
    /// Makes the next step: the block that was handed over is collected, or the task sleeps. A request that is over
    /// fails with `NoMemory` ever after.
    pub fn step(&mut self) -> Step<'m> {
        if self.over {
            return Step::Done(Err(AllocError::NoMemory));
        }
        let collected = self.machine.state().collect(self.task);
        let result = match collected {
            Ok(None) => {
                let mut state = self.machine.state();
                state.stats.sleeps += 1;
                return Step::Wait(crate::page::course::WaitFor::Memory);
            }
            Ok(Some(frame)) => {
                let pages = self.machine.token(frame, self.order, Gfp::NONE);
                self.machine.state().stats.served_by_policy += 1;
                Ok(PageBlock::new(self.machine, pages))
            }
            Err(error) => {
                self.machine.state().stats.failures += 1;
                Err(error)
            }
        };
        self.over = true;
        Step::Done(result)
    }

    /// Asks the killer, if this is the first in the queue and the policy kills for it: the notifiers first.
    fn asks_killer(&self) -> bool {
        let state = self.machine.state();
        let asks = state.is_kswapd_idle() && state.kills_for_queue(self.task);
        drop(state);
        asks && (self.machine.notify_oom(self.task) > 0 || self.machine.state().kill_for_queue(self.task))
    }

    /// Drives the request to its end: whenever it sleeps, the background's work is done; if that gains nothing and it is
    /// the first in the queue, somebody may be killed for it.
    ///
    /// # Errors
    /// [`AllocError::Hang`] when nobody is left to free anything, or, in steps, it slept as often as the policy's
    /// `rounds_max` although others moved; otherwise those of a task that ends or is killed, and of a machine that stops.
    pub fn finish(mut self) -> Result<PageBlock<'m>, AllocError> {
        let mut patience = Patience::default();
        loop {
            if let Step::Done(result) = self.step() {
                return result;
            }
            self.machine.wake_background();
            let slept = self.machine.sleep(&mut patience);
            let helped = slept == Slept::Moved || self.asks_killer();
            if !helped && slept == Slept::Hung {
                let mut state = self.machine.state();
                (state.stats.hangs, state.stats.failures) = (state.stats.hangs + 1, state.stats.failures + 1);
                return Err(AllocError::Hang);
            }
        }
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.machine.state().leave_queue(self.task);
        }
    }
}

impl Machine {
    /// A block of pages for the current task, which waits for it as `wait` says.
    ///
    /// ```
    /// use alloc_core::{AllocError, Machine, NodePages, Order, Scope, Wait};
    /// let machine = Machine::builder().node(NodePages::new(1024)).build()?;
    /// assert!(machine.wait_alloc(Order::ZERO, Wait::Forever).is_ok());
    /// let _scope = machine.scope(Scope::WriteOut);
    /// assert_eq!(machine.wait_alloc(Order::ZERO, Wait::Forever).unwrap_err(), AllocError::ForbiddenContext);
    /// # Ok::<(), alloc_core::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError::NoMemory`] for those who do not wait without bound, [`AllocError::ForbiddenContext`] for those who
    /// must not, and see [`Queued::finish`].
    pub fn wait_alloc(&self, order: Order, wait: Wait) -> Result<PageBlock<'_>, AllocError> {
        match wait {
            Wait::Never => self.alloc_pages(order, Gfp::NOWAIT),
            Wait::OnePass => self.alloc_pages(order, Gfp::NOWAIT).or_else(|error| {
                if error != AllocError::NoMemory {
                    return Err(error);
                }
                self.state().stats.sleeps += 1;
                self.wake_background();
                self.await_kswapd();
                // The reclaimer is left to sleep: this was its one pass.
                self.alloc_pages(order, Gfp::NOWAIT.without(Gfp::KSWAPD_RECLAIM))
            }),
            Wait::Forever => self.queue(self.current(), order)?.finish(),
        }
    }

    /// Puts a task into the queues of those who wait without bound. A task can wait once.
    ///
    /// # Errors
    /// [`AllocError::ForbiddenContext`] where that is forbidden or the task waits already; and when task or order are not
    /// the machine's.
    pub fn queue(&self, task: TaskId, order: Order) -> Result<Queued<'_>, AllocError> {
        let mut state = self.state();
        let site = state.site_of(task);
        state.stats.count(site, order, Gfp::NONE, 1);
        // Who waits without bound has no fallback.
        let policy = state.policies.at(state.policy_of(task));
        if policy.discipline == Discipline::PageOrLess && order > Order::ZERO {
            state.stats.undisciplined += 1;
            state.note_failure(AllocError::Discipline, task, order, Gfp::NONE, false);
            return Err(AllocError::Discipline);
        }
        if let Err(error) = state.take_ticket(task, order) {
            state.stats.failures += 1;
            return Err(error);
        }
        drop(state);
        Ok(Queued { machine: self, task, order, over: false })
    }

    /// Wakes the background reclaimer of the current task's node.
    fn wake_background(&self) {
        let mut state = self.state();
        let Some(node) = state.task(self.current()).map(|task| task.options.node) else { return };
        let wanted = state.kswapd_wanted.union(NodeMask::of(&[node]));
        state.stats.kswapd_wakes += u64::from(wanted != state.kswapd_wanted);
        state.kswapd_wanted = wanted;
    }
}
