//! What a request is promised, in words: read from the plan that the engine would follow.

use core::fmt;

use crate::context::Context;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::plan::{Effort, OomStep, Plan, Refusal, fails_without_victims};
use crate::policy::Policy;
use crate::units::Order;

/// What a request is promised.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Promise {
    /// It succeeds, however long that takes; only the machine's end ends it.
    CannotFail,
    /// It succeeds, unless its own task is being killed.
    FailsOnlyAsVictim,
    /// It fails when reclaim did not help.
    FailsAfterEffort,
    /// It fails when no memory is free.
    FailsFast,
    /// It is refused, or its task or the machine is ended for it, however much memory there is.
    InvalidUse,
}

/// A promise and its reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guarantee {
    /// What is promised.
    pub promise: Promise,
    /// Why, in one sentence.
    pub reason: &'static str,
    /// Whether pages that can be moved are moved out of the way before it fails, or somebody is killed for it.
    pub compacts: bool,
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.promise, self.reason)?;
        f.write_str(if self.compacts { "; compacts before that" } else { "" })
    }
}

impl Policy {
    /// What a request with these flags, of this order, in this context is promised.
    ///
    /// The answer is made from the same plan that the engine follows, so the two cannot drift apart. The size of the
    /// machine does not enter: a request for more pages than the machine has, or may use at once
    /// ([`NodePages::with_budget`](crate::NodePages::with_budget)), fails at once, and for all others a budget of a node is its size. Nor do
    /// the budgets of groups ([`MemCg`](crate::MemCg)), which refuse requests whatever they are promised here.
    ///
    /// ```
    /// use alloc_core::{Context, Gfp, Order, Policy, Promise};
    /// let atomic = Policy::kernel().explain(Gfp::ATOMIC, Order::ZERO, Context::default());
    /// assert_eq!(atomic.promise, Promise::FailsFast);
    /// ```
    pub fn explain(&self, flags: Gfp, order: Order, context: Context) -> Guarantee {
        let mut compacts = false;
        let (promise, reason) = match Plan::new(self, flags, order, context) {
            Err((Refusal::Fail(AllocError::OrderTooBig), _)) => {
                (Promise::InvalidUse, "the order is above the machine's largest")
            }
            Err((Refusal::Fail(AllocError::Discipline), _)) => {
                (Promise::InvalidUse, "more than a page without a fallback is against the discipline")
            }
            Err((Refusal::Fail(_), _)) => (Promise::InvalidUse, "the combination is refused"),
            Err((Refusal::KillTask, _)) => (Promise::InvalidUse, "the task is killed for the combination"),
            Err((Refusal::Stop, _)) => (Promise::InvalidUse, "the machine stops at the combination"),
            Ok(plan) => {
                compacts = self.compacts && order > Order::ZERO && plan.effort != Effort::NoWait;
                self.promise(&plan, context)
            }
        };
        Guarantee { promise, reason, compacts }
    }

    fn promise(&self, plan: &Plan, context: Context) -> (Promise, &'static str) {
        match (plan.effort, plan.oom) {
            (Effort::NoWait, _) if plan.nofail => (Promise::CannotFail, "waits, without reclaim of its own"),
            (_, OomStep::Kill) if plan.nofail && plan.effort == Effort::Rounds => {
                (Promise::CannotFail, "retries for ever, and kills if nothing else helps")
            }
            _ if plan.nofail => (Promise::CannotFail, "retries for ever, and kills nobody"),
            (Effort::NoWait, _) if context.frees_memory() => (Promise::FailsFast, "reclaim does not enter itself"),
            (Effort::NoWait, _) => (Promise::FailsFast, "may not wait"),
            (Effort::OnePass, _) => (Promise::FailsAfterEffort, "one pass of reclaim, and no kill"),
            (Effort::Rounds, OomStep::GiveUp) => {
                (Promise::FailsAfterEffort, "reclaims until 16 rounds in a row gave nothing, and no kill")
            }
            (Effort::Rounds, OomStep::Pretend) => (Promise::FailsOnlyAsVictim, "retries for ever, and kills nobody"),
            (Effort::Rounds, OomStep::Kill) if fails_without_victims(self, plan) => {
                (Promise::FailsAfterEffort, "kills, and fails when nobody is left to kill")
            }
            (Effort::Rounds, OomStep::Kill) => {
                (Promise::FailsOnlyAsVictim, "retries for ever, and kills if nothing else helps")
            }
        }
    }
}
