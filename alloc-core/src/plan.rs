//! A request's plan: every answer that the policy gives about it, made once and read by the engine and by `explain`.

use crate::context::{Context, Scope};
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::latency::RequestClass;
use crate::misuse::{MISUSES, Misuse, Misuses};
use crate::policy::{
    AtomicSleep, BadNofail, ContextSource, Discipline, LargeNofail, NestedNofail, NofsOom, OnOom, Policy, Small,
};
use crate::units::Order;

/// How hard a request tries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effort {
    /// It looks at the free lists and does not wait.
    NoWait,
    /// One pass of direct reclaim.
    OnePass,
    /// Passes until sixteen in a row gave nothing; then the killer's door.
    Rounds,
}

/// What happens at the killer's door.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OomStep {
    /// The request gives up.
    GiveUp,
    /// It goes on as if something had been gained.
    Pretend,
    /// Somebody is killed.
    Kill,
}

/// What is done with a request that the policy does not let through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    /// It fails with this.
    Fail(AllocError),
    /// The task that asked is killed.
    KillTask,
    /// The machine stops.
    Stop,
}

/// Every answer about one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    pub(crate) order: Order,
    /// The flags as the scopes left them.
    pub(crate) flags: Gfp,
    pub(crate) effort: Effort,
    pub(crate) oom: OomStep,
    /// Whether the end is never a failure.
    pub(crate) nofail: bool,
    /// Whether a NOFAIL that looks for ever was already known to be impossible.
    pub(crate) misuses: Misuses,
}

impl Plan {
    /// The answers of `policy` about a request.
    ///
    /// # Errors
    /// What is to be done instead of serving it, with the misuses that were found.
    pub(crate) fn new(policy: &Policy, asked: Gfp, order: Order, context: Context) -> Result<Plan, (Refusal, Misuses)> {
        let mut misuses = Misuses::of(asked, order, policy.costly, context);
        if policy.context_source == ContextSource::CallerFlagsOnly {
            misuses = misuses.except(Misuse::SleepInAtomic);
        }
        if policy.strict && MISUSES.iter().any(|row| row.strict_refuses && misuses.has(row.misuse)) {
            return Err((Refusal::Fail(AllocError::InvalidFlags), misuses));
        }
        if order > policy.largest {
            let misuses = if asked.contains(Gfp::NOFAIL) { misuses.and(Misuse::NofailTooBig) } else { misuses };
            return match too_big(policy, asked, AllocError::OrderTooBig) {
                Some(refusal) => Err((refusal, misuses)),
                None => Ok(Plan::waiting_for_ever(asked, order, misuses)),
            };
        }
        if order > Order::ZERO && !asked.contains(Gfp::FALLBACK) {
            match policy.discipline {
                Discipline::Free => {}
                Discipline::PageOrLessNoted => misuses = misuses.and(Misuse::LargeWithoutFallback),
                Discipline::PageOrLess => return Err((Refusal::Fail(AllocError::Discipline), misuses)),
            }
        }
        let refuse = |refusal| Err((refusal, misuses));
        if misuses.has(Misuse::SleepInAtomic) {
            match policy.atomic_sleep {
                AtomicSleep::Report => {}
                AtomicSleep::Fail => return refuse(Refusal::Fail(AllocError::InvalidFlags)),
                AtomicSleep::Bug => return refuse(Refusal::Stop),
            }
        }
        if misuses.has(Misuse::NofailAboveTwoPages) || misuses.has(Misuse::NofailCostly) {
            match policy.large_nofail {
                LargeNofail::Serve | LargeNofail::Kill => {}
                LargeNofail::Fail => return refuse(Refusal::Fail(AllocError::InvalidFlags)),
                LargeNofail::Bug => return refuse(Refusal::Stop),
            }
        }

        let mut flags = context.effective(asked);
        let mut closed = context.frees_memory();
        if misuses.has(Misuse::NofailCannotWait) {
            match policy.bad_nofail {
                // A failure with a warning, as any request that cannot wait.
                BadNofail::Fail => flags = flags.without(Gfp::NOFAIL),
                BadNofail::Loop => {}
                BadNofail::KillTask => return refuse(Refusal::KillTask),
                BadNofail::Bug => return refuse(Refusal::Stop),
                BadNofail::Promote => flags |= Gfp::DIRECT_RECLAIM,
            }
        }
        if misuses.has(Misuse::NofailNestedInNoReclaim) {
            match policy.nested_nofail {
                NestedNofail::Violate => flags = flags.without(Gfp::NOFAIL),
                NestedNofail::WarnAndReclaim => {
                    flags |= Gfp::DIRECT_RECLAIM;
                    // Reclaim never enters itself, whatever the policy says.
                    closed = context.reclaiming;
                }
                NestedNofail::Loop => {}
                NestedNofail::KillTask => return refuse(Refusal::KillTask),
                NestedNofail::Bug => return refuse(Refusal::Stop),
            }
        }
        let optional = Gfp::NORETRY | Gfp::RETRY_MAYFAIL;
        let gives_up = flags.without(optional) != flags;
        let waits = flags.may_wait() && !closed;
        let nofail =
            flags.contains(Gfp::NOFAIL) || (policy.order_zero_nofail && order == Order::ZERO && waits && !gives_up);
        Ok(Plan {
            order,
            flags,
            effort: effort(policy, flags, order, waits, nofail),
            oom: if context.has(Scope::CoreDump) { OomStep::GiveUp } else { oom_step(policy, flags, order, nofail) },
            nofail,
            misuses,
        })
    }

    /// The class that its time counts in.
    pub(crate) fn class(&self) -> RequestClass {
        match (self.effort, self.oom) {
            _ if self.nofail => RequestClass::Nofail,
            (Effort::NoWait, _) => RequestClass::NoWait,
            (Effort::OnePass, _) => RequestClass::OnePass,
            (Effort::Rounds, OomStep::GiveUp) => RequestClass::Rounds,
            (Effort::Rounds, OomStep::Pretend | OomStep::Kill) => RequestClass::Loop,
        }
    }

    /// What `policy` makes of this request when the allowed nodes have fewer pages in all than it asks for.
    pub(crate) fn impossible(&self, policy: &Policy) -> Option<Refusal> {
        too_big(policy, self.flags, AllocError::Impossible)
    }

    /// A request that nothing can serve, and that is not allowed to end.
    fn waiting_for_ever(flags: Gfp, order: Order, misuses: Misuses) -> Plan {
        Plan { order, flags, effort: Effort::NoWait, oom: OomStep::GiveUp, nofail: true, misuses }
    }
}

/// What becomes of a request for more than there can be: only NOFAIL is a question.
fn too_big(policy: &Policy, flags: Gfp, error: AllocError) -> Option<Refusal> {
    match policy.bad_nofail {
        _ if !flags.contains(Gfp::NOFAIL) => Some(Refusal::Fail(error)),
        BadNofail::Fail | BadNofail::Promote => Some(Refusal::Fail(error)),
        BadNofail::Loop => None,
        BadNofail::KillTask => Some(Refusal::KillTask),
        BadNofail::Bug => Some(Refusal::Stop),
    }
}

fn effort(policy: &Policy, flags: Gfp, order: Order, waits: bool, nofail: bool) -> Effort {
    let costly = order > policy.costly;
    let kills_for_costly = nofail && costly && policy.large_nofail == LargeNofail::Kill;
    match () {
        () if !waits => Effort::NoWait,
        () if flags.contains(Gfp::NORETRY) => Effort::OnePass,
        () if costly && !flags.contains(Gfp::RETRY_MAYFAIL) && !kills_for_costly => Effort::OnePass,
        () => Effort::Rounds,
    }
}

fn oom_step(policy: &Policy, flags: Gfp, order: Order, nofail: bool) -> OomStep {
    let low_zone = flags.without(Gfp::DMA | Gfp::DMA32) != flags;
    let costly = order > policy.costly && !(nofail && policy.large_nofail == LargeNofail::Kill);
    match () {
        () if costly || flags.contains(Gfp::RETRY_MAYFAIL) => OomStep::GiveUp,
        () if flags.contains(Gfp::THISNODE) || low_zone => OomStep::GiveUp,
        () if policy.small_for(flags) == Small::MayFail && !nofail => OomStep::GiveUp,
        () if flags.contains(Gfp::FS) => OomStep::Kill,
        () => match policy.nofs_oom {
            NofsOom::Pretend => OomStep::Pretend,
            NofsOom::Kill => OomStep::Kill,
            NofsOom::Fail => OomStep::GiveUp,
        },
    }
}

/// Whether the killer's finding nobody ends the request.
pub(crate) fn fails_without_victims(policy: &Policy, plan: &Plan) -> bool {
    policy.on_oom == OnOom::Fail && plan.oom == OomStep::Kill && !plan.nofail
}
