//! Who has to look whether a request failed, and who may leave it: by a proposal from the thread on GFP flags.

use core::fmt;

use crate::context::Context;
use crate::explain::Promise;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::policy::Policy;
use crate::units::Order;

/// Whether the caller of a request has to look if it failed.
///
/// The proposal of the thread on removing `PF_MEMALLOC_NORECLAIM` (2024): callers with a small and fixed size who can sleep may leave
/// it, and all others look. It is about what is written in source code, and not a promise: to this crate's requests there is
/// always an error to handle.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Check {
    /// The caller may leave it: what it asks for fails only for a task that never returns to its user.
    MaySkip,
    /// The caller looks; why, in a few words.
    Needed(&'static str),
}

impl Check {
    /// Whether the caller has to look.
    pub const fn is_needed(self) -> bool {
        matches!(self, Check::Needed(_))
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Check::MaySkip => f.write_str("may be left: small, of a fixed size, and by a caller that can sleep"),
            Check::Needed(why) => write!(f, "needed: {why}"),
        }
    }
}

impl Policy {
    /// Whether the caller of such a request has to look if it failed; `is_size_constant` says that the size stands in the source, and
    /// is not computed from what users say.
    ///
    /// It never contradicts [`Policy::explain`]: what may be left is promised not to fail, or only to a victim. So under a
    /// policy under which small requests may fail, nothing may be left; nor by a task that is a victim already.
    ///
    /// ```
    /// use alloc_core::{Check, Context, Gfp, Order, Policy};
    /// let (policy, task) = (Policy::kernel(), Context::default());
    /// assert_eq!(policy.needs_check(true, Gfp::KERNEL, Order::ZERO, task), Check::MaySkip);
    /// assert_eq!(policy.needs_check(false, Gfp::KERNEL, Order::ZERO, task), Check::Needed("the size is not constant"));
    /// assert!(policy.needs_check(true, Gfp::ATOMIC, Order::ZERO, task).is_needed());
    /// assert!(Policy::small_may_fail().needs_check(true, Gfp::KERNEL, Order::ZERO, task).is_needed());
    /// ```
    pub fn needs_check(&self, is_size_constant: bool, flags: Gfp, order: Order, context: Context) -> Check {
        let promise = self.explain(flags, order, context).promise;
        let sleeps = context.effective(flags).may_wait() && context.place() == crate::context::Place::Process;
        Check::Needed(match () {
            () if !is_size_constant => "the size is not constant",
            () if order > self.costly => "it is not small",
            () if !sleeps => "the caller cannot sleep",
            () if !matches!(promise, Promise::CannotFail | Promise::FailsOnlyAsVictim) => "it is allowed to fail",
            () if context.is_victim() && promise != Promise::CannotFail => "the task is being killed",
            () => return Check::MaySkip,
        })
    }
}

impl Machine {
    /// Whether the caller of such a request of the current task has to look if it failed, by the policy that it follows and in the
    /// context that it is made in: see [`Policy::needs_check`].
    pub fn needs_check(&self, is_size_constant: bool, flags: Gfp, order: Order) -> Check {
        self.rules().needs_check(is_size_constant, flags, order, self.context())
    }
}
