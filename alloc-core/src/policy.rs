//! What the machine does where opinions differ: one value a disputed point, and presets named for what they do.

use crate::gfp::Gfp;
use crate::kv_cap::KvCap;
use crate::units::Order;

/// What becomes of a request that may wait and asks for little: up to [`Policy::costly`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Small {
    /// It is retried, if need be by killing, until it succeeds: "too small to fail" (LWN, "The too small to fail
    /// memory-allocation rule", 2014, and "Revisiting too small to fail", 2017).
    Loop,
    /// It fails when sixteen rounds of reclaim in a row gave nothing, and nobody is killed.
    MayFail,
}

/// What becomes of NOFAIL that cannot be kept: the caller cannot wait, or asks for more than there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BadNofail {
    /// It fails, with a warning.
    Fail,
    /// It waits until somebody frees memory, without reclaiming itself.
    Loop,
    /// The task is killed. What it holds stays held.
    KillTask,
    /// The machine stops.
    Bug,
    /// The caller may wait after all. What is too big fails.
    Promote,
}

/// What becomes of NOFAIL inside of a scope that closes direct reclaim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NestedNofail {
    /// The scope wins, and the request fails: what the NOFAIL caller was promised is broken.
    Violate,
    /// The request wins, and reclaims.
    WarnAndReclaim,
    /// Both are kept: no reclaim, and no end before memory comes free.
    Loop,
    /// The task is killed.
    KillTask,
    /// The machine stops.
    Bug,
}

/// What becomes of NOFAIL for more than two pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LargeNofail {
    /// It is served as any NOFAIL; above the costly order it waits and nobody is killed for it.
    Serve,
    /// It is served, and above the costly order, too, the killer helps.
    Kill,
    /// It fails at once.
    Fail,
    /// The machine stops.
    Bug,
}

/// What a small request without FS does where another one would kill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NofsOom {
    /// It goes on as if something had been gained, and loops.
    Pretend,
    /// It kills as others do.
    Kill,
    /// It fails.
    Fail,
}

/// What happens when the killer finds nobody to kill.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnOom {
    /// The machine stops, as the kernel does; the process around it lives on.
    Panic,
    /// The request fails.
    Fail,
    /// The request waits for somebody to free memory.
    Wait,
}

/// What becomes of a request that may wait, where sleeping is forbidden.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtomicSleep {
    /// It is reported and served.
    Report,
    /// It fails.
    Fail,
    /// The machine stops.
    Bug,
}

/// Whether callers are held to ask for a page at most, or to have a fallback that does: the rule of Xen's developers, as told in
/// the comments on LWN's article of 2017.
///
/// A caller says that it has a fallback by [`Gfp::FALLBACK`](crate::Gfp::FALLBACK). [`Machine::kvmalloc`](crate::Machine::kvmalloc)
/// and [`Machine::vmalloc`](crate::Machine::vmalloc) are such fallbacks themselves, and so are slabs of caches that could be of a page.
/// ```
/// use alloc_core::{AllocError, Discipline, Gfp, Machine, NodePages, Order, Policy};
/// let policy = Policy { discipline: Discipline::PageOrLess, ..Policy::kernel() };
/// let machine = Machine::builder().node(NodePages::new(256)).policy(policy).build()?;
/// assert_eq!(machine.kmalloc(8192, Gfp::KERNEL).unwrap_err(), AllocError::Discipline);
/// assert!(machine.alloc_pages(Order::new(1), Gfp::KERNEL.with_fallback()).is_ok());
/// assert!(machine.blocking::<1>().with_fallback().alloc().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Discipline {
    /// They are not.
    Free,
    /// Larger requests without a fallback are noted ([`Misuse::LargeWithoutFallback`](crate::Misuse::LargeWithoutFallback)) and served.
    PageOrLessNoted,
    /// Larger requests without a fallback fail with [`AllocError::Discipline`](crate::AllocError::Discipline).
    PageOrLess,
}

/// Who knows whether a request may sleep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContextSource {
    /// Only the caller's flags, as in the kernel: sleeping under a spin lock is not seen.
    CallerFlagsOnly,
    /// The task's scopes are looked at, too.
    TaskTracked,
}

/// How kvmalloc asks for contiguous pages before it maps single ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KvFast {
    /// Without direct reclaim: since 2025.
    NoReclaim,
    /// With one pass of it, as since the file-table incident of 2017.
    NoRetry,
    /// With all rights of the caller, as before that: looping hides the fallback.
    Loop,
}

/// What flags the page tables of vmalloc are asked for with: they are requests of their own, inside of the caller's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VmallocInner {
    /// KERNEL, whatever the caller said: before 6.19. A caller without FS finds itself in the file system.
    HardwiredKernel,
    /// KERNEL, inside of a scope that stands for the caller's flags; one that frees memory, reserves included, for
    /// callers that may not wait. Since 6.19.
    Scoped,
    /// As `Scoped`, and so many pages of addresses have their tables from the beginning and are kept for callers that may
    /// not wait. Proposed in the thread on removing `PF_MEMALLOC_NORECLAIM` (2024). The tables are taken from the
    /// machine's memory while it is built.
    Prealloc(u32),
}

/// What a machine does where the kernel's developers disagree, or might change their minds.
///
/// A policy belongs to a machine; two machines of one process may differ in every point. A task, or a named call site, may
/// follow another one for a while: see [`Machine::policy_scope`](crate::Machine::policy_scope) and
/// [`Machine::set_site_policy`](crate::Machine::set_site_policy).
///
/// ```
/// use alloc_core::{Context, Gfp, Order, Policy, Promise};
/// let small = Policy::kernel().explain(Gfp::KERNEL, Order::COSTLY, Context::default());
/// assert_eq!(small.promise, Promise::FailsOnlyAsVictim);
/// let large = Policy::kernel().explain(Gfp::KERNEL, Order::new(4), Context::default());
/// assert_eq!(large.promise, Promise::FailsAfterEffort);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// What becomes of small requests.
    pub small: Small,
    /// What becomes of small requests that say [`Gfp::DEFAULT`](crate::Gfp::DEFAULT): those of converted code.
    pub default_small: Small,
    /// Whether a single page is never refused to a caller that may wait, as if it had said NOFAIL.
    pub order_zero_nofail: bool,
    /// The largest order that counts as small. The kernel's is 3.
    pub costly: Order,
    /// The largest order that is served at all: at most [`Order::LIMIT`].
    pub largest: Order,
    /// Whether contradictions are refused at once instead of being made the best of.
    pub strict: bool,
    /// NOFAIL that cannot be kept.
    pub bad_nofail: BadNofail,
    /// NOFAIL inside of a scope without reclaim.
    pub nested_nofail: NestedNofail,
    /// NOFAIL for more than two pages.
    pub large_nofail: LargeNofail,
    /// Small requests without FS at the killer's door.
    pub nofs_oom: NofsOom,
    /// Nobody left to kill.
    pub on_oom: OnOom,
    /// Whether the machine stops instead of killing anybody.
    pub panic_on_oom: bool,
    /// Whether the task that asks is killed instead of the largest one.
    pub kill_allocating_task: bool,
    /// Whether the locks of a task that the policy kills are given back as it unwinds. In the kernel they are not.
    pub release_on_kill: bool,
    /// Sleeping where it is forbidden.
    pub atomic_sleep: AtomicSleep,
    /// Whether that is looked for.
    pub context_source: ContextSource,
    /// Whether a request of several pages that finds the pages, only not side by side, moves what can be moved
    /// ([`MovablePages`](crate::MovablePages)) out of the way, behind reclaim and before it kills or fails (`CONFIG_COMPACTION`).
    pub compacts: bool,
    /// Whether a request that missed a move of its task's nodes looks again before it kills or fails.
    pub mems_retry: bool,
    /// The first attempt of kvmalloc.
    pub kv_fast: KvFast,
    /// What kvmalloc is asked for at most.
    pub kv_cap: KvCap,
    /// Whether more than a page may be asked for without a fallback.
    pub discipline: Discipline,
    /// Failures of one task in a row, in one chain of sites and for one size, beyond which they are reported as a
    /// retry loop written by hand: see [`Machine::retry_loops`](crate::Machine::retry_loops).
    pub retries_max: u32,
    /// The requests for page tables inside of vmalloc.
    pub vmalloc_inner: VmallocInner,
    /// Mappings that all areas of vmalloc together may have. Linux grants a process 65,530.
    pub mappings_max: usize,
    /// Times that one request goes round before it counts as hanging although others make progress.
    pub rounds_max: u32,
}

impl Policy {
    /// This policy as part of a machine that has another one: what is about the machine is the machine's.
    pub(crate) fn within(&self, own: &Policy) -> Policy {
        Policy {
            largest: own.largest,
            rounds_max: self.rounds_max.min(own.rounds_max),
            mappings_max: own.mappings_max,
            release_on_kill: own.release_on_kill,
            ..self.clone()
        }
    }

    /// What becomes of a small request with these flags.
    pub(crate) fn small_for(&self, flags: Gfp) -> Small {
        if flags.contains(Gfp::CONVERTED) { self.default_small } else { self.small }
    }

    /// What Linux does, as of version 6.19. Where versions differ, the point's own values say which does what.
    pub const fn kernel() -> Policy {
        Policy {
            small: Small::Loop,
            default_small: Small::Loop,
            order_zero_nofail: false,
            costly: Order::COSTLY,
            largest: Order::LARGEST,
            strict: false,
            bad_nofail: BadNofail::Fail,
            nested_nofail: NestedNofail::Loop,
            large_nofail: LargeNofail::Serve,
            nofs_oom: NofsOom::Pretend,
            on_oom: OnOom::Panic,
            panic_on_oom: false,
            kill_allocating_task: false,
            release_on_kill: false,
            atomic_sleep: AtomicSleep::Report,
            context_source: ContextSource::TaskTracked,
            compacts: true,
            mems_retry: true,
            kv_fast: KvFast::NoReclaim,
            kv_cap: KvCap::IntMax,
            discipline: Discipline::Free,
            retries_max: 64,
            vmalloc_inner: VmallocInner::Scoped,
            mappings_max: 60_000,
            rounds_max: 1 << 16,
        }
    }

    /// The kernel's, and every contradiction is refused at once with `InvalidFlags`.
    pub const fn strict() -> Policy {
        Policy { strict: true, ..Policy::kernel() }
    }

    /// Small requests may fail, and nothing is killed for them: what recovery code is written for.
    pub const fn small_may_fail() -> Policy {
        Policy { small: Small::MayFail, default_small: Small::MayFail, ..Policy::kernel() }
    }

    /// A machine in the middle of the move from KERNEL to new names: small requests that say [`Gfp::DEFAULT`](crate::Gfp::DEFAULT)
    /// may fail, those that say KERNEL are too small to, and NOFAIL does not. See [`Machine::conversion`](crate::Machine::conversion).
    pub const fn default_may_fail() -> Policy {
        Policy { default_small: Small::MayFail, ..Policy::kernel() }
    }

    /// NOFAIL that cannot be kept fails, whatever made it impossible. Argued for in the thread on removing
    /// `PF_MEMALLOC_NORECLAIM` (2024): a null pointer is better than a task that cannot be killed.
    pub const fn impossible_nofail_fails() -> Policy {
        Policy {
            bad_nofail: BadNofail::Fail,
            nested_nofail: NestedNofail::Violate,
            large_nofail: LargeNofail::Fail,
            ..Policy::kernel()
        }
    }

    /// NOFAIL that cannot be kept ends the task. Argued for in the same thread: a silent failure is the worst outcome
    /// for a caller that does not check.
    pub const fn impossible_nofail_kills() -> Policy {
        Policy { bad_nofail: BadNofail::KillTask, nested_nofail: NestedNofail::KillTask, ..Policy::kernel() }
    }

    /// A single page cannot be refused to a caller that may wait; wished for in the comments on LWN's article of 2017.
    pub const fn single_page_never_fails() -> Policy {
        Policy { order_zero_nofail: true, ..Policy::kernel() }
    }
}

impl Default for Policy {
    fn default() -> Policy {
        Policy::kernel()
    }
}
