//! What all threads of a scope share: its phase, its targets, its sets, and the settings it was made of.

use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize};
use std::sync::{Arc, Mutex, OnceLock};

use crate::chain::module::Modules;
use crate::chain::walker::Walker;
use crate::memory::campaign::Campaign;
use crate::memory::header::Slot;
use crate::memory::record::NONE;
use crate::memory::seen::Seen;
use crate::mode::Mode;

/// What the scope's allocations mean at the moment.
pub(crate) mod phase {
    /// Nothing: they pass unseen.
    pub(crate) const OFF: u32 = 0;
    /// They are counted.
    pub(crate) const COUNT: u32 = 1;
    /// Their chains are looked up: recorded, or compared with the target.
    pub(crate) const WALK: u32 = 2;
    /// The failure was delivered; the mode decides.
    pub(crate) const AFTER: u32 = 3;
    /// Every request fails: the proof that failures are delivered.
    pub(crate) const CANARY: u32 = 4;
}

/// What those above the scope do when its threads come to a point of theirs.
#[derive(Clone, Copy)]
pub(crate) struct Watch {
    /// A failed request turned out to be of a caller that cannot report it; may end the process.
    pub(crate) infallible: fn(&Scope),
    /// A chain was met by a scope that carries; true if the request is to fail after all.
    pub(crate) met: fn(&Scope, u32) -> bool,
    /// A failure is being delivered, on the running thread.
    pub(crate) struck: fn(&Scope),
}

/// Who the process of this scope is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// It finds out which chains there are: new ones are planned, and put into the shared seen sets.
    Recorder,
    /// It fails one chain: the shared seen sets are only read; new chains are reported to the director.
    Attempt,
}

/// The identities that only this process knows: raw and stable.
pub(super) struct Private {
    pub(super) raw: Seen<'static>,
    pub(super) stable: Seen<'static>,
}

/// The scope of one sweep in one process.
pub(crate) struct Scope {
    pub(crate) campaign: Arc<Campaign>,
    pub(super) slot: AtomicUsize,
    pub(crate) role: Role,
    pub(crate) mode: Mode,
    /// Whether chains of recovery code are looked for: depth 2.
    pub(crate) deep: bool,
    pub(crate) walker: Walker,
    pub(crate) watch: Watch,
    pub(super) epoch: u32,
    pub(super) phase: AtomicU32,
    /// Whether raw identities of this process are those of the shared set.
    pub(super) shares_raw: bool,
    /// Whether functions of std can be known by their addresses here.
    pub(crate) shares_std: bool,
    /// Every allocation's chain is found, for the account of live allocations.
    pub(super) account: AtomicBool,
    pub(super) carries: AtomicBool,
    /// The chains to fail, in this order; [`NONE`] for none.
    pub(super) targets: [AtomicU32; 2],
    pub(super) fired: AtomicU32,
    /// The chain to fail next, as the hot path compares it; a hit is checked with [`target`](Scope::target).
    aimed: AtomicU32,
    /// Set until the first request after a failure has been looked at.
    pub(super) first_after: AtomicBool,
    /// How many recovery arms have run since the failure.
    pub(super) arms_after: AtomicU32,
    pub(super) modules: Mutex<Modules>,
    pub(super) private: OnceLock<Private>,
    /// The first of its threads' parts, in a list that `scope::thread` keeps.
    pub(super) threads: AtomicPtr<()>,
}

impl Scope {
    pub(crate) fn new(campaign: Arc<Campaign>, settings: ScopeSettings) -> Scope {
        let modules = Modules::load(&campaign);
        Scope {
            slot: AtomicUsize::new(settings.slot),
            role: settings.role,
            mode: settings.mode,
            deep: settings.deep,
            walker: settings.walker,
            shares_raw: settings.shares_raw,
            shares_std: settings.shares_std,
            watch: settings.watch,
            epoch: campaign.header().epoch.load(Relaxed),
            phase: AtomicU32::new(phase::OFF),
            account: AtomicBool::new(false),
            carries: AtomicBool::new(false),
            targets: [AtomicU32::new(NONE), AtomicU32::new(NONE)],
            fired: AtomicU32::new(0),
            aimed: AtomicU32::new(NONE),
            first_after: AtomicBool::new(false),
            arms_after: AtomicU32::new(0),
            modules: Mutex::new(modules),
            private: OnceLock::new(),
            threads: AtomicPtr::new(ptr::null_mut()),
            campaign,
        }
    }

    /// The record of this process.
    pub(crate) fn slot(&self) -> &Slot {
        &self.campaign.header().slots[self.slot_number()]
    }

    pub(crate) fn slot_number(&self) -> usize {
        self.slot.load(Relaxed)
    }

    /// Goes on in another record: the process was split off the one that the record was of.
    pub(crate) fn move_to(&self, slot: usize) {
        self.slot.store(slot, Relaxed);
    }

    /// Whether the process splits at chains of the plan.
    #[inline(always)]
    pub(crate) fn carries(&self) -> bool {
        self.carries.load(Relaxed)
    }

    pub(crate) fn set_carries(&self, carries: bool) {
        self.carries.store(carries, Relaxed);
    }

    #[inline(always)]
    pub(crate) fn phase(&self) -> u32 {
        self.phase.load(Relaxed)
    }

    pub(crate) fn set_phase(&self, phase: u32) {
        self.phase.store(phase, Release);
    }

    pub(crate) fn keep_account(&self, keep: bool) {
        self.account.store(keep, Relaxed);
    }

    #[inline(always)]
    pub(crate) fn keeps_account(&self) -> bool {
        self.account.load(Relaxed)
    }

    /// Forgets earlier failures and aims at `first`, and behind it at `second`.
    pub(crate) fn aim(&self, first: u32, second: u32) {
        self.targets[0].store(first, Relaxed);
        self.targets[1].store(second, Relaxed);
        self.fired.store(0, Relaxed);
        self.aimed.store(first, Relaxed);
        self.first_after.store(false, Relaxed);
        self.arms_after.store(0, Relaxed);
    }

    /// Aims at nothing; how many failures were delivered stays known.
    pub(crate) fn rest(&self) {
        self.targets.iter().for_each(|target| target.store(NONE, Relaxed));
        self.aimed.store(NONE, Relaxed);
        self.first_after.store(false, Relaxed);
    }

    /// How many failures have been delivered since `aim`.
    pub(crate) fn fired(&self) -> u32 {
        self.fired.load(Relaxed)
    }

    /// The chain to fail next, or [`NONE`].
    #[inline(always)]
    pub(crate) fn target(&self) -> u32 {
        self.targets.get(self.fired.load(Relaxed) as usize).map_or(NONE, |target| target.load(Relaxed))
    }

    /// The chain that is to fail first, or [`NONE`].
    pub(super) fn first_target(&self) -> u32 {
        self.targets[0].load(Relaxed)
    }

    /// Whether a request of this chain has to be looked at closely.
    #[inline(always)]
    pub(crate) fn minds(&self, chain: u32) -> bool {
        (chain != NONE && chain == self.aimed.load(Relaxed)) || self.carries()
    }

    /// Claims the delivery of the next failure; one thread wins.
    pub(crate) fn fire(&self) -> bool {
        let fired = self.fired.load(Relaxed);
        let won = self.fired.compare_exchange(fired, fired + 1, Acquire, Relaxed).is_ok();
        if won {
            self.aimed.store(self.target(), Relaxed);
            self.first_after.store(true, Relaxed);
            self.set_phase(phase::AFTER);
            self.slot().update(|evidence| evidence.fired = fired + 1);
            (self.watch.struck)(self);
        }
        won
    }

    /// Whether this is the first request since the last failure.
    pub(crate) fn is_first_after(&self) -> bool {
        self.first_after.load(Relaxed) && self.first_after.swap(false, Relaxed)
    }

    /// Notes the first damage: what was done to freed memory, or what an allocator of the code's own found in itself.
    pub(crate) fn damaged(&self, what: &str) {
        if self.slot().evidence().damage.len == 0 {
            let what = self.campaign.add_text(what.as_bytes());
            self.slot().update(|evidence| evidence.damage = what);
        }
    }

    /// Notes what was taken from such an allocator and never given back, in words and by the chains that took it.
    #[cfg(feature = "alloc-core")]
    pub(crate) fn lost(&self, what: &str, by: &[crate::memory::record::Leak]) {
        if self.slot().evidence().lost.len == 0 {
            let (what, by) = (self.campaign.add_text(what.as_bytes()), self.campaign.add_leaks(by));
            self.slot().update(|evidence| (evidence.lost, evidence.lost_by) = (what, by));
        }
    }

    /// Notes the first invariant that does not hold.
    pub(crate) fn broken(&self, name: &str) {
        if self.slot().evidence().invariant.len == 0 {
            let name = self.campaign.add_text(name.as_bytes());
            self.slot().update(|evidence| evidence.invariant = name);
        }
    }
}

/// What a process makes its scope of.
#[derive(Clone, Copy)]
pub(crate) struct ScopeSettings {
    pub(crate) watch: Watch,
    pub(crate) slot: usize,
    pub(crate) role: Role,
    pub(crate) mode: Mode,
    pub(crate) deep: bool,
    pub(crate) walker: Walker,
    pub(crate) shares_raw: bool,
    pub(crate) shares_std: bool,
}
