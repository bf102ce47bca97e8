//! Call sites by name, and policies that hold for a stretch of a task's calls only.

use core::marker::PhantomData;
use core::sync::atomic::Ordering::Relaxed;

use crate::calls::Call;
use crate::explain::Guarantee;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::policy::Policy;
use crate::task::{Task, TaskId};
use crate::units::Order;

/// A stretch of a task's calls that goes by a name, or follows a policy; it ends on drop.
///
/// Stretches nest, and the innermost counts, in whatever order guards are dropped. A guard stays on its thread, and
/// nothing of it is inherited. In an interrupt only what was begun there counts.
#[derive(Debug)]
#[must_use = "the stretch ends when its guard is dropped"]
pub struct CallScope<'m> {
    machine: &'m Machine,
    task: TaskId,
    number: u64,
    stays: PhantomData<*const ()>,
}

impl Drop for CallScope<'_> {
    fn drop(&mut self) {
        if let Some(task) = self.machine.raw().task_mut(self.task) {
            task.calls.leave(self.number);
        }
    }
}

impl Machine {
    /// Requests of the current task follow another policy until the guard is dropped.
    ///
    /// It replaces every point that is about requests. Some are about the machine, and stay: the largest order
    /// ([`Policy::largest`]), how many mappings there may be ([`Policy::mappings_max`]), whether locks of killed tasks are
    /// given back ([`Policy::release_on_kill`]), and as an upper bound the rounds of a request ([`Policy::rounds_max`]).
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodeId, NodePages, Order, Policy, Promise, Small};
    /// let machine = Machine::builder().node(NodePages::new(1024)).build()?;
    /// let _nothing_left = machine.exhaust(NodeId(0), 0);
    /// let converted = machine.policy_scope(Policy { small: Small::MayFail, ..machine.policy() });
    /// assert_eq!(machine.explain(Gfp::KERNEL, Order::ZERO).promise, Promise::FailsAfterEffort);
    /// assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_err());
    /// drop(converted);
    /// assert_eq!(machine.explain(Gfp::KERNEL, Order::ZERO).promise, Promise::FailsOnlyAsVictim);
    /// # Ok::<(), alloc_core::BuildError>(())
    /// ```
    ///
    /// The surrounding process is asked for memory to note it.
    pub fn policy_scope(&self, policy: Policy) -> CallScope<'_> {
        self.enter(None, Some(policy))
    }

    /// The current task's calls are part of a named site until the guard is dropped.
    ///
    /// Requests for pages are counted for the chain of sites that they are made in ([`Stats::sites`](crate::Stats::sites)), and
    /// follow the policy that the site was given ([`Machine::set_site_policy`]).
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodePages, Order};
    /// let machine = Machine::builder().node(NodePages::new(1024)).build()?;
    /// let _fsck = machine.site("fsck");
    /// for _ in 0..12 {
    ///     let _read = machine.site("read_block");
    ///     machine.alloc_pages(Order::ZERO, Gfp::NOFS)?;
    /// }
    /// let chains: Vec<String> = machine.stats().sites.chains().map(|chain| chain.to_string()).collect();
    /// assert_eq!(chains, ["fsck", "fsck > read_block: 12 of order 0"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A machine tells 4,096 chains apart; requests of further ones count for the chain that they go on from. The
    /// surrounding process is asked for memory to note it.
    pub fn site(&self, name: &'static str) -> CallScope<'_> {
        self.enter(Some(name), None)
    }

    fn enter(&self, name: Option<&'static str>, policy: Option<Policy>) -> CallScope<'_> {
        let task = self.current();
        self.has_other_policies.fetch_or(policy.is_some(), Relaxed);
        self.has_sites.fetch_or(name.is_some(), Relaxed);
        let mut state = self.raw();
        state.begun += 1;
        let number = state.begun;
        let in_interrupt = state.task(task).is_some_and(Task::is_in_interrupt);
        let policy = match name {
            Some(name) => state.policies.of_sites(name),
            None => policy.map(|policy| state.policies.number(&policy)),
        };
        let from = state.task(task).and_then(|task| task.calls.site(in_interrupt));
        let site = name.and_then(|name| state.stats.sites.enter(from, name));
        if let Some(task) = state.task_mut(task) {
            task.calls.enter(Call { number, name, site, policy, in_interrupt });
        }
        CallScope { machine: self, task, number, stays: PhantomData }
    }

    /// Has requests inside of all sites of a name follow a policy, or no longer one of their own, from the next time on
    /// that the site is entered. So code is moved to other promises site by site, without touching it.
    ///
    /// A site without a policy follows what it was entered from. See [`Machine::policy_scope`] for what a policy replaces.
    pub fn set_site_policy(&self, name: &'static str, policy: Option<Policy>) {
        self.has_other_policies.fetch_or(policy.is_some(), Relaxed);
        let mut state = self.raw();
        let policy = policy.map(|policy| state.policies.number(&policy));
        state.policies.set_of_sites(name, policy);
    }

    /// The policy that requests of the current task follow at the moment: that of the innermost scope or site that has one,
    /// or the machine's.
    pub fn current_policy(&self) -> Policy {
        Policy::clone(&self.rules())
    }

    /// What a request of the current task is promised at the moment: by the policy that it follows, in the context that it
    /// is made in.
    pub fn explain(&self, flags: Gfp, order: Order) -> Guarantee {
        self.rules().explain(flags, order, self.context())
    }
}
