//! From an allocation to its chain: the fast lookup, and the exact walk of a chain that it does not know.
#![expect(unsafe_code, reason = "walks the running stack and uses the thread's own walker state")]

use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use super::pairs;
use super::shared::{Private, Role, Scope, phase};
use super::thread::{FRAMES_MAX, ThreadScope};
use super::tip::{Described, Tip};
use crate::chain::frame_pointers::{BROKEN, MISS};
use crate::chain::id::Id;
use crate::chain::registers::Registers;
use crate::chain::walker::{self, Walker};
use crate::chain::{cycles, quiet};
use crate::memory::record::{Facts, Kind, NONE, Quiet, Span, state};
use crate::memory::seen::{Inserted, Seen};

/// A raw identity that stands for more than one chain: its walk is exact at every hit.
const AMBIGUOUS: u32 = u32::MAX - 2;

/// A walk from a place that is still running, and the raw identity that it found, if it arrived.
#[derive(Clone, Copy)]
pub(crate) struct Walked {
    here: Registers,
    raw: Option<Id>,
}

impl ThreadScope {
    /// The number of the chain that the running request stands at the end of.
    ///
    /// Inlined into a function that is not: a chain begins behind that one, with the runtime's own caller of it.
    #[inline(always)]
    pub(crate) fn chain_here(&self) -> u32 {
        let chain = match self.scope.walker {
            // SAFETY: 1. The context is this thread's own and not borrowed elsewhere. 2. The set is the campaign's,
            // mapped and never full. 3. The boundary's frame is live while the thread is current.
            Walker::FramePointers => unsafe { (*self.context.get()).walk() },
            Walker::UnwindRules => {
                let Registers { ip, sp, fp } = Registers::inline();
                // SAFETY: the registers are of the function this is inlined into.
                unsafe { self.look_up_by_rules(ip, sp, fp) }
            }
            Walker::Portable => BROKEN,
        };
        if chain < AMBIGUOUS {
            return chain;
        }
        // Behind the walk's call, and so with the frame pointer set up where there is one.
        let Registers { ip, sp, fp } = Registers::inline();
        self.find(ip, sp, fp, chain)
    }

    /// As [`Context::walk`](crate::chain::frame_pointers::Context::walk), by unwind rules.
    ///
    /// # Safety
    /// The registers are of a function that is running on this thread, inside the boundary.
    #[inline(never)]
    unsafe fn look_up_by_rules(&self, ip: usize, sp: usize, fp: usize) -> u32 {
        // SAFETY: the walker and the context are this thread's own and not borrowed elsewhere.
        let (walker, context) = unsafe { (&mut *self.walker.get(), &mut *self.context.get()) };
        let Some(walker) = walker else { return BROKEN };
        // SAFETY: the caller's promise; the walker is aimed at the boundary, whose frame is live while the thread is current.
        let Ok(raw) = (unsafe { walker.again(Registers { ip, sp, fp }) }) else { return BROKEN };
        // SAFETY: the set is the campaign's, mapped and never full.
        unsafe { context.find(raw) }
    }

    /// The walk from the function that this is inlined into, whose own frame is left out.
    ///
    /// As with [`chain_here`](ThreadScope::chain_here), that function must not be inlined itself.
    #[inline(always)]
    pub(crate) fn walked_here(&self) -> Walked {
        let raw = match self.scope.walker {
            Walker::FramePointers => {
                // SAFETY: as in `chain_here`. No chain that ends at a fail point is known by its addresses alone.
                let context = unsafe { &mut *self.context.get() };
                // SAFETY: as in `chain_here`.
                let missed = unsafe { context.walk() } == MISS;
                missed.then(|| context.raw())
            }
            Walker::UnwindRules => {
                let Registers { ip, sp, fp } = Registers::inline();
                // SAFETY: the registers are of the function this is inlined into.
                unsafe { self.raw_by_rules(ip, sp, fp) }
            }
            Walker::Portable => None,
        };
        // Behind the walk's call, as in `chain_here`.
        Walked { here: Registers::inline(), raw }
    }

    /// The raw identity of the chain that the registers stand at the end of, by unwind rules.
    ///
    /// # Safety
    /// As [`look_up_by_rules`](ThreadScope::look_up_by_rules).
    #[inline(never)]
    unsafe fn raw_by_rules(&self, ip: usize, sp: usize, fp: usize) -> Option<Id> {
        // SAFETY: the walker is this thread's own and not borrowed elsewhere.
        let walker = unsafe { &mut *self.walker.get() };
        // SAFETY: the caller's promise; the walker is aimed at the boundary, which is live while the thread is current.
        walker.as_mut().and_then(|walker| unsafe { walker.again(Registers { ip, sp, fp }) }.ok())
    }

    /// The number of the chain of a walk with something at its end that is known by an `address` and a `number`, in this
    /// process, and that `tell` describes where the chain is not known.
    pub(crate) fn chain_to<D: Described>(
        &self,
        walked: Walked,
        address: u64,
        number: u32,
        tell: impl FnOnce() -> D,
    ) -> u32 {
        let raw = walked.raw.map(|raw| raw.with(address).with(u64::from(number)));
        let known = raw.and_then(|raw| {
            // SAFETY: the context is this thread's own and not borrowed elsewhere; the set is the campaign's.
            let context = unsafe { &mut *self.context.get() };
            // SAFETY: the set is mapped and never full.
            match unsafe { context.find(raw) } {
                MISS => {
                    context.refresh(&self.scope.campaign.raw());
                    self.scope.known(raw)
                }
                chain => Some(chain),
            }
        });
        match known {
            Some(chain) if chain != AMBIGUOUS => chain,
            _ => self.quietly(|| self.find_exactly(walked.here, raw, tell().tip())),
        }
    }

    /// The chain of a walk that ended with `miss`: an identity the newest level does not know, or one that is none.
    #[cold]
    #[inline(never)]
    fn find(&self, ip: usize, sp: usize, fp: usize, miss: u32) -> u32 {
        let scope = &*self.scope;
        let raw = (miss == MISS).then(|| {
            // SAFETY: the context is this thread's own and not borrowed elsewhere.
            let context = unsafe { &mut *self.context.get() };
            context.refresh(&scope.campaign.raw());
            context.raw()
        });
        match raw.and_then(|raw| scope.known(raw)) {
            Some(chain) if chain != AMBIGUOUS => chain,
            _ => self.quietly(|| self.find_exactly(Registers { ip, sp, fp }, raw, Tip::Request(self.asked.get()))),
        }
    }

    /// Walks exactly, and makes the chain known if it is new.
    #[cold]
    #[inline(never)]
    fn find_exactly(&self, here: Registers, raw: Option<Id>, tip: Tip<'_>) -> u32 {
        let scope = &*self.scope;
        // SAFETY: the room is this thread's own, of this many words, and `busy` keeps a second walk out.
        let scratch = unsafe { std::slice::from_raw_parts_mut(self.scratch.cast::<usize>(), FRAMES_MAX) };
        let Some((count, _)) = walker::exact(here, &self.place.get().boundary, scratch) else {
            scope.too_deep();
            return NONE;
        };
        let exact = &mut scratch[..count];
        let honest = scope.walker != Walker::FramePointers || pointers_agree(here, self, exact);
        let quiet = match tip.is_nofail() {
            true => Quiet::Nofail,
            false if self.raised.get() => Quiet::Panicking,
            false if scope.shares_std => quiet::reason(exact),
            false => Quiet::No,
        };
        let kept = cycles::collapse(exact);
        let chain = scope.chain_of(self, &exact[..kept], quiet, tip);
        if let Some(raw) = raw {
            scope.campaign.header().ambiguous.fetch_add(u32::from(!honest), Relaxed);
            scope.learn(raw, if honest { chain } else { AMBIGUOUS });
        }
        chain
    }

    /// The chain of the place that is about to spawn a thread, and the seed of the chains behind it.
    #[inline(never)]
    pub(crate) fn spawning(&self) -> super::thread::Origin {
        let here = Registers::here();
        let chain = self.quietly(|| self.find_exactly(here, None, Tip::Spawn));
        let facts = self.scope.campaign.chains().get(chain as usize).and_then(|chain| self.scope.campaign.facts(chain));
        let seed = facts.map_or(self.place.get().stable_seed, |facts| Id::EMPTY.with(facts.id.lo).with(facts.id.hi));
        super::thread::Origin { seed, spawned_by: chain }
    }
}

/// Whether the frame pointers of this stack show exactly the frames that are there.
fn pointers_agree(here: Registers, thread: &ThreadScope, exact: &[usize]) -> bool {
    let mut pointed = vec![0; exact.len() + 1];
    let count = walker::pointed(here, &thread.place.get().boundary, &mut pointed);
    count.is_some_and(|count| pointed[..count] == *exact)
}

impl Scope {
    /// The chain that a raw identity is known to stand for, in any of the sets.
    fn known(&self, raw: Id) -> Option<u32> {
        let shared = self.shares_raw.then(|| self.campaign.raw().find(raw)).flatten();
        shared.or_else(|| self.private.get().and_then(|private| private.raw.find(raw)))
    }

    fn private(&self) -> &Private {
        self.private.get_or_init(|| Private { raw: Seen::leaked(64, 8192), stable: Seen::leaked(64, 8192) })
    }

    /// Remembers which chain a raw identity stands for.
    fn learn(&self, raw: Id, chain: u32) {
        let set = match self.role {
            Role::Recorder if self.shares_raw => self.campaign.raw(),
            _ => self.private().raw,
        };
        set.insert(raw, chain);
    }

    /// Remembers an identity in this process alone.
    pub(super) fn remembers(&self, id: Id, chain: u32) -> Inserted {
        self.private().stable.insert(id, chain)
    }

    /// The number of the chain with these frames, which gets one if it is new.
    fn chain_of(&self, thread: &ThreadScope, frames: &[usize], quiet: Quiet, tip: Tip<'_>) -> u32 {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if frames.iter().any(|frame| modules.relative(*frame) == u64::MAX) {
            *modules = crate::chain::module::Modules::load(&self.campaign);
        }
        let seed = tip.marked(thread.place.get().stable_seed);
        let id = frames.iter().fold(seed, |id, frame| {
            let (module, offset) = modules.stable(*frame);
            id.with(module).with(offset)
        });
        let stable = self.campaign.stable();
        if let Some(chain) = stable.find(id) {
            return chain;
        }
        if self.role == Role::Attempt
            && let Some(chain) = self.private.get().and_then(|private| private.stable.find(id))
        {
            return chain;
        }
        let span = self.campaign.add_frames(frames.iter().map(|frame| modules.relative(*frame)));
        if span == Span::default() && !frames.is_empty() {
            return NONE;
        }
        let first = self.first_target();
        let after = if self.fired() > 0 { first } else { NONE };
        let (request, point) = (tip.request(), tip.texts().map(|text| self.campaign.add_text(text)));
        let (spawned_by, site) = (thread.place.get().spawned_by, thread.sites.innermost());
        let facts = Facts { id, frames: span, request, spawned_by, after, point, site };
        // Nothing is failed where a run is only accounted for: in a retry, and where a result is described and dropped; nor
        // behind two failures, since no run has a third.
        let is_late = self.phase() == phase::COUNT || self.fired() > 1;
        let quiet = if quiet == Quiet::No && is_late { Quiet::RecoveryOnly } else { quiet };
        let published = match (self.role, quiet, request.kind) {
            (_, _, Kind::Spawn) => state::SKIPPED,
            (_, reason, _) if reason != Quiet::No => state::SKIPPED,
            (Role::Recorder, ..) => self.campaign.to_be_failed(),
            (Role::Attempt, ..) => state::FOUND,
        };
        let Some(chain) = self.campaign.add_chain(published, quiet, facts) else { return NONE };
        match self.role {
            Role::Recorder => stable.insert(id, chain),
            Role::Attempt => self.private().stable.insert(id, chain),
        };
        if published == state::FOUND && after != NONE {
            let _ = self.remembers(pairs::key(&self.campaign, &facts), chain);
        }
        chain
    }

    fn too_deep(&self) {
        self.campaign.header().too_deep.fetch_add(1, Relaxed);
    }
}
