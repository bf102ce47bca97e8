//! The seen set: a lock-free map from chain identities to chain numbers, in memory that processes share.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

// The model checker puts its own here: see `tests/interleavings.rs`.
use super::atomic::{AtomicU32, AtomicU64};
use crate::chain::id::Id;

/// How often a set can double its first level.
pub(crate) const LEVELS: usize = 11;

/// One identity and the chain it stands for; complete before a slot names it, and never changed after.
#[repr(C)]
pub(crate) struct Variant {
    lo: AtomicU64,
    hi: AtomicU64,
    chain: AtomicU32,
    _unused: [u32; 3],
}

impl Variant {
    /// The chain, if this is the variant of `id`.
    #[inline(always)]
    pub(crate) fn chain_of(&self, id: Id) -> Option<u32> {
        let same = self.lo.load(Relaxed) == id.lo && self.hi.load(Relaxed) == id.hi;
        same.then(|| self.chain.load(Relaxed))
    }
}

/// The counters of one set.
#[repr(C)]
pub(crate) struct Control {
    /// The level that lookups start in and insertions go to.
    level: AtomicU32,
    /// Set while one thread copies a level into the next.
    growing: AtomicU32,
    /// How many variants are handed out.
    variants: AtomicU32,
    /// Set once an identity found no room: the sweep must say so.
    overflowed: AtomicU32,
    /// How many slots of each level are taken.
    used: [AtomicU32; LEVELS],
}

/// A view of a set: `levels[n]` has twice the slots of `levels[n - 1]`, each a power of two.
///
/// # Invariants
/// - A slot is 0, or `tag << 32 | (variant number + 1)`; it goes from 0 to its value once and stays.
/// - The variant that a slot names was written before the slot (release), so a reader that sees the
///   slot (acquire) sees the whole identity: "seen" is never answered for another identity.
/// - An identity may be missed (while a level is copied); the caller then asks the exact walk.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) control: &'a Control,
    pub(crate) levels: [&'a [AtomicU64]; LEVELS],
    pub(crate) variants: &'a [Variant],
}

/// What became of an insertion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Inserted {
    /// The identity is in the set now, with the number given.
    New,
    /// It was there before, with this number.
    Present(u32),
    /// Not inserted, because another thread is making room: nothing is lost, the next walk inserts it.
    Later,
    /// There was no room; [`Seen::overflowed`] stays true from now on.
    Full,
}

fn tag(id: Id) -> u64 {
    id.lo << 32
}

fn place(id: Id) -> usize {
    (id.lo >> 32) as usize
}

impl Seen<'static> {
    /// A set in private memory, for identities that only this process knows; never given back.
    pub(crate) fn leaked(first_level: usize, variants: usize) -> Seen<'static> {
        Seen::with_levels(std::array::from_fn(|level| first_level << level), variants)
    }

    /// A set in private memory with levels of these sizes, each a power of two.
    pub(crate) fn with_levels(levels: [usize; LEVELS], variants: usize) -> Seen<'static> {
        let zeros = |count| Box::leak(std::iter::repeat_with(AtomicU64::default).take(count).collect());
        let variant =
            || Variant { lo: AtomicU64::new(0), hi: AtomicU64::new(0), chain: AtomicU32::new(0), _unused: [0; 3] };
        Seen {
            control: Box::leak(Box::new(Control {
                level: AtomicU32::new(0),
                growing: AtomicU32::new(0),
                variants: AtomicU32::new(0),
                overflowed: AtomicU32::new(0),
                used: Default::default(),
            })),
            levels: levels.map(|count| &*zeros(count)),
            variants: Box::leak(std::iter::repeat_with(variant).take(variants).collect()),
        }
    }
}

impl Seen<'_> {
    /// The chain number of `id`, if it has been inserted and its insertion is visible here.
    pub(crate) fn find(&self, id: Id) -> Option<u32> {
        let newest = self.control.level.load(Acquire) as usize;
        self.levels[..=newest].iter().rev().find_map(|slots| self.find_in(slots, id))
    }

    fn find_in(&self, slots: &[AtomicU64], id: Id) -> Option<u32> {
        let mask = slots.len() - 1;
        for step in 0..slots.len() {
            let slot = slots[(place(id) + step) & mask].load(Acquire);
            if slot == 0 {
                return None;
            }
            if let Some(chain) = self.chain_of(slot, id) {
                return Some(chain);
            }
        }
        None
    }

    fn chain_of(&self, slot: u64, id: Id) -> Option<u32> {
        if slot & !0xffff_ffff != tag(id) {
            return None;
        }
        self.variants[(slot as u32 - 1) as usize].chain_of(id)
    }

    /// Puts `id` into the set under `chain`, unless it is there.
    pub(crate) fn insert(&self, id: Id, chain: u32) -> Inserted {
        if let Some(present) = self.find(id) {
            return Inserted::Present(present);
        }
        let number = self.control.variants.fetch_add(1, Relaxed);
        let Some(variant) = self.variants.get(number as usize) else {
            self.control.variants.fetch_sub(1, Relaxed);
            return self.overflow();
        };
        variant.lo.store(id.lo, Relaxed);
        variant.hi.store(id.hi, Relaxed);
        variant.chain.store(chain, Relaxed);
        let slot = tag(id) | u64::from(number + 1);
        loop {
            let level = self.control.level.load(Acquire) as usize;
            match self.claim(self.levels[level], id, slot) {
                Inserted::Full if level + 1 == LEVELS => return self.overflow(),
                Inserted::Full if !self.grow(level) => return Inserted::Later,
                Inserted::Full => {}
                Inserted::New => {
                    let used = self.control.used[level].fetch_add(1, Relaxed) as usize;
                    if used * 2 > self.levels[level].len() && level + 1 < LEVELS {
                        self.grow(level);
                    }
                    return Inserted::New;
                }
                done => return done,
            }
        }
    }

    fn claim(&self, slots: &[AtomicU64], id: Id, slot: u64) -> Inserted {
        let mask = slots.len() - 1;
        for step in 0..slots.len() {
            let place = &slots[(place(id) + step) & mask];
            let found = match place.compare_exchange(0, slot, AcqRel, Acquire) {
                Ok(_) => return Inserted::New,
                Err(found) => found,
            };
            if let Some(chain) = self.chain_of(found, id) {
                return Inserted::Present(chain);
            }
        }
        Inserted::Full
    }

    /// Copies `level` into the next one and makes that the newest; false if another thread is at it.
    fn grow(&self, level: usize) -> bool {
        let control = self.control;
        if control.growing.compare_exchange(0, 1, AcqRel, Acquire).is_err() {
            return false;
        }
        if control.level.load(Acquire) as usize == level {
            let mut copied = 0;
            for slot in self.levels[level] {
                let slot = slot.load(Acquire);
                if slot != 0 {
                    let variant = &self.variants[(slot as u32 - 1) as usize];
                    let id = Id { lo: variant.lo.load(Relaxed), hi: variant.hi.load(Relaxed) };
                    copied += u32::from(self.claim(self.levels[level + 1], id, slot) == Inserted::New);
                }
            }
            control.used[level + 1].fetch_add(copied, Relaxed);
            control.level.store(level as u32 + 1, Release);
        }
        control.growing.store(0, Release);
        true
    }

    /// Lets levels grow again after the death of a process that may have been at it; nobody else may be writing.
    pub(crate) fn recover(&self) {
        self.control.growing.store(0, Release);
    }

    fn overflow(&self) -> Inserted {
        self.control.overflowed.store(1, Relaxed);
        Inserted::Full
    }

    /// Whether an identity ever found no room.
    pub(crate) fn overflowed(&self) -> bool {
        self.control.overflowed.load(Relaxed) != 0
    }

    /// The newest level, for walkers that look up by themselves.
    pub(crate) fn newest(&self) -> &[AtomicU64] {
        self.levels[self.control.level.load(Acquire) as usize]
    }
}
