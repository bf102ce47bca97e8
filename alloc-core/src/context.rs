//! Where a request is made: by a task, in atomic context or in an interrupt, and inside of which scopes.

use crate::gfp::Gfp;

/// The kind of place that code runs in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Place {
    /// A task that may sleep.
    #[default]
    Process,
    /// A task that holds a spin lock: it must not sleep.
    Atomic,
    /// An interrupt: nothing of the interrupted task applies, neither its scopes, its cpuset nor its rights as a victim.
    Interrupt,
}

/// One promise that holds for every request inside of a scope.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// Reclaim keeps out of the file system.
    NoFs,
    /// Reclaim starts no input or output; implies [`Scope::NoFs`].
    NoIo,
    /// The task frees memory: it may use all reserves and does not reclaim (the kernel's `PF_MEMALLOC`).
    NoReclaim,
    /// No direct reclaim and no reserves either: the disputed `PF_MEMALLOC_NORECLAIM`, an experiment.
    NoDirectReclaim,
    /// Pages are pinned: they do not come from the movable zone.
    Pin,
    /// No failure reports.
    NoWarn,
    /// The code is part of the write-out path: it must not wait for memory without bound.
    WriteOut,
    /// The code is a shrinker: it must not wait for memory without bound.
    Shrinking,
    /// The task writes its core: it is ending, and nobody is killed for it (the kernel's `PF_DUMPCORE`).
    CoreDump,
    /// A spin lock is held.
    Atomic,
    /// An interrupt is handled.
    Interrupt,
}

impl Scope {
    /// Every scope, in the order of their numbers.
    pub const ALL: [Scope; 11] = [
        Scope::NoFs,
        Scope::NoIo,
        Scope::NoReclaim,
        Scope::NoDirectReclaim,
        Scope::Pin,
        Scope::NoWarn,
        Scope::WriteOut,
        Scope::Shrinking,
        Scope::CoreDump,
        Scope::Atomic,
        Scope::Interrupt,
    ];

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// All that a request depends on besides its flags and the policy: the place, the open scopes, the task's fate.
///
/// ```
/// use alloc_core::{Context, Gfp, Scope};
/// let context = Context::default().inside(Scope::NoFs);
/// assert_eq!(context.effective(Gfp::KERNEL), Gfp::NOFS);
/// assert_eq!(context.inside(Scope::Interrupt).effective(Gfp::KERNEL), Gfp::KERNEL);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Context {
    scopes: u16,
    pub(crate) victim: bool,
    pub(crate) reclaiming: bool,
}

impl Context {
    /// The same context inside of one more scope.
    #[must_use]
    pub const fn inside(mut self, scope: Scope) -> Context {
        self.scopes |= scope.bit();
        self
    }

    /// The same context outside of a scope.
    #[must_use]
    pub(crate) const fn outside(mut self, scope: Scope) -> Context {
        self.scopes &= !scope.bit();
        self
    }

    /// The same context of a task that the OOM killer has chosen.
    #[must_use]
    pub const fn as_victim(mut self) -> Context {
        self.victim = true;
        self
    }

    /// The same context of a task that is reclaiming memory right now: it uses the reserves, and does not reclaim again.
    #[must_use]
    pub const fn while_reclaiming(mut self) -> Context {
        self.reclaiming = true;
        self
    }

    /// The place, by the scopes: an interrupt hides that a lock is held.
    pub const fn place(self) -> Place {
        if self.scopes & Scope::Interrupt.bit() != 0 {
            Place::Interrupt
        } else if self.scopes & Scope::Atomic.bit() != 0 {
            Place::Atomic
        } else {
            Place::Process
        }
    }

    /// Whether a scope is open and counts in this place.
    pub const fn has(self, scope: Scope) -> bool {
        let hidden = matches!(self.place(), Place::Interrupt) && !matches!(scope, Scope::Interrupt);
        self.scopes & scope.bit() != 0 && !hidden
    }

    /// Whether the rights of a victim count in this place.
    pub const fn is_victim(self) -> bool {
        self.victim && !matches!(self.place(), Place::Interrupt)
    }

    /// Whether all reserves are open and direct reclaim is closed, because the task itself frees memory.
    pub const fn frees_memory(self) -> bool {
        self.has(Scope::NoReclaim) || (self.reclaiming && !matches!(self.place(), Place::Interrupt))
    }

    /// What the scopes leave of a request's flags. Scopes take rights away, and silence.
    pub const fn effective(self, flags: Gfp) -> Gfp {
        let mut flags = flags;
        if self.has(Scope::NoIo) {
            flags = flags.without(Gfp::IO.with(Gfp::FS));
        }
        if self.has(Scope::NoFs) {
            flags = flags.without(Gfp::FS);
        }
        if self.has(Scope::Pin) {
            flags = flags.without(Gfp::MOVABLE);
        }
        if self.has(Scope::NoDirectReclaim) {
            flags = flags.without(Gfp::DIRECT_RECLAIM);
        }
        if self.has(Scope::NoWarn) {
            flags = flags.with(Gfp::NOWARN);
        }
        flags
    }
}
