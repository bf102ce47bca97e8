//! From an allocation to its chain: the fast lookup, and the exact walk of a chain that it does not know.
#![expect(unsafe_code, reason = "walks the running stack and uses the thread's own walker state")]

use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use super::shared::{Private, Role, Scope, phase};
use super::thread::{FRAMES_MAX, ThreadScope};
use crate::chain::frame_pointers::{BROKEN, MISS};
use crate::chain::id::Id;
use crate::chain::registers::Registers;
use crate::chain::walker::{self, Walker};
use crate::chain::{cycles, quiet};
use crate::memory::record::{Facts, Kind, NONE, Quiet, Request, Span, state};
use crate::memory::seen::Seen;

/// A raw identity that stands for more than one chain: its walk is exact at every hit.
const AMBIGUOUS: u32 = u32::MAX - 2;

impl ThreadScope {
    /// The number of the chain that the running request stands at the end of.
    ///
    /// Never inlined, and called by functions that are not: a chain begins behind this function's caller, the
    /// runtime's own, which may call it from more than one place.
    #[inline(never)]
    pub(crate) fn chain_here(&self, request: Request) -> u32 {
        let scope = &*self.scope;
        // SAFETY: the context is this thread's own and not borrowed elsewhere.
        let context = unsafe { &mut *self.context.get() };
        let (chain, raw) = match scope.walker {
            Walker::FramePointers => {
                // SAFETY: the set is the campaign's, mapped and never full; the boundary's frame is live while the
                // thread is current.
                let chain = unsafe { context.walk() };
                (chain, Some(context.raw()))
            }
            Walker::UnwindRules => match self.raw_by_rules() {
                // SAFETY: the set is the campaign's, mapped and never full.
                Some(raw) => (unsafe { context.find(raw) }, Some(raw)),
                None => (BROKEN, None),
            },
            Walker::Portable => (BROKEN, None),
        };
        if chain < AMBIGUOUS {
            return chain;
        }
        let raw = raw.filter(|_| chain == MISS);
        if let Some(raw) = raw {
            context.refresh(&scope.campaign.raw());
            match scope.known(raw) {
                Some(chain) if chain != AMBIGUOUS => return chain,
                _ => {}
            }
        }
        let here = Registers::here();
        self.quietly(|| self.find_exactly(here, raw, request, 1))
    }

    /// The raw identity that the thread's own walker by unwind rules finds.
    #[inline(always)]
    fn raw_by_rules(&self) -> Option<Id> {
        let here = Registers::here();
        // SAFETY: the walker is this thread's own and not borrowed elsewhere.
        let walker = unsafe { &mut *self.walker.get() };
        let place = self.place.get();
        // SAFETY: `here` is of the function this is inlined into, and the boundary's frame is live on its stack.
        unsafe { walker.as_mut()?.raw(here, &place.boundary, place.raw_seed) }.ok()
    }

    /// Walks exactly, and makes the chain behind the innermost `own` frames known if it is new.
    #[cold]
    #[inline(never)]
    fn find_exactly(&self, here: Registers, raw: Option<Id>, request: Request, own: usize) -> u32 {
        let scope = &*self.scope;
        // SAFETY: the room is this thread's own, of this many words, and `busy` keeps a second walk out.
        let scratch = unsafe { std::slice::from_raw_parts_mut(self.scratch.cast::<usize>(), FRAMES_MAX) };
        let Some((count, _)) = walker::exact(here, &self.place.get().boundary, scratch) else {
            scope.too_deep();
            return NONE;
        };
        let exact = &mut scratch[..count];
        let honest = scope.walker != Walker::FramePointers || pointers_agree(here, self, exact);
        let exact = exact.get_mut(own..).unwrap_or_default();
        let quiet = quiet::reason(exact);
        let kept = cycles::collapse(exact);
        let chain = scope.chain_of(self, &exact[..kept], quiet, request);
        if let Some(raw) = raw {
            scope.campaign.header().ambiguous.fetch_add(u32::from(!honest), Relaxed);
            scope.learn(raw, if honest { chain } else { AMBIGUOUS });
        }
        chain
    }

    /// The frames from the caller of the function that `here` is of, kept in the campaign.
    pub(crate) fn frames_of(&self, here: Registers) -> Span {
        let mut frames = vec![0; FRAMES_MAX];
        let Some((count, _)) = walker::exact(here, &self.place.get().boundary, &mut frames) else {
            return Span::default();
        };
        let kept = cycles::collapse(&mut frames[..count]);
        let modules = self.scope.modules.lock().unwrap_or_else(PoisonError::into_inner);
        self.scope.campaign.add_frames(frames[..kept].iter().map(|frame| modules.relative(*frame)))
    }

    /// The frames of this thread where a signal interrupted it, kept in the campaign; allocates nothing.
    pub(crate) fn interrupted_frames(&self, at: Registers) -> Span {
        // SAFETY: the room is this thread's own; a walk that was interrupted is not gone on with.
        let scratch = unsafe { std::slice::from_raw_parts_mut(self.scratch.cast::<usize>(), FRAMES_MAX) };
        let (innermost, outer) = scratch.split_at_mut(1);
        // Symbols are looked up one byte before an address, which suits return addresses.
        innermost[0] = at.ip + 1;
        let walked = walker::exact_at(at, &self.place.get().boundary, outer);
        let (Some((count, _)), Ok(modules)) = (walked, self.scope.modules.try_lock()) else { return Span::default() };
        let kept = cycles::collapse(&mut scratch[..count + 1]);
        self.scope.campaign.add_frames(scratch[..kept].iter().map(|frame| modules.relative(*frame)))
    }

    /// The chain of the place that is about to spawn a thread, and the seed of the chains behind it.
    #[inline(never)]
    pub(crate) fn spawning(&self) -> super::thread::Origin {
        let here = Registers::here();
        let request = Request { kind: Kind::Spawn, ..Request::default() };
        let chain = self.quietly(|| self.find_exactly(here, None, request, 0));
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

    /// The number of the chain with these frames, which gets one if it is new.
    fn chain_of(&self, thread: &ThreadScope, frames: &[usize], quiet: Quiet, request: Request) -> u32 {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if frames.iter().any(|frame| modules.relative(*frame) == u64::MAX) {
            *modules = crate::chain::module::Modules::load(&self.campaign);
        }
        let kind = if request.kind == Kind::Spawn { 1 } else { 0 };
        let id = frames.iter().fold(thread.place.get().stable_seed.with(kind), |id, frame| {
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
        let first = self.targets[0].load(Relaxed);
        let after = if self.fired() > 0 { first } else { NONE };
        let facts = Facts { id, frames: span, request, spawned_by: thread.place.get().spawned_by, after };
        // Nothing is failed where a run is only accounted for: in a retry, and where a result is described and dropped.
        let quiet = if quiet == Quiet::No && self.phase() == phase::COUNT { Quiet::RecoveryOnly } else { quiet };
        let published = match (self.role, quiet, request.kind) {
            (_, _, Kind::Spawn) => state::SKIPPED,
            (_, reason, _) if reason != Quiet::No => state::SKIPPED,
            (Role::Recorder, ..) => state::PLANNED,
            (Role::Attempt, ..) => state::FOUND,
        };
        let Some(chain) = self.campaign.add_chain(published, quiet, facts) else { return NONE };
        match self.role {
            Role::Recorder => stable.insert(id, chain),
            Role::Attempt => self.private().stable.insert(id, chain),
        };
        chain
    }

    fn too_deep(&self) {
        self.campaign.header().too_deep.fetch_add(1, Relaxed);
    }
}
