//! From an allocation to its chain: the fast lookup, and the exact walk of a chain that it does not know.
#![expect(unsafe_code, reason = "walks the running stack and uses the thread's own walker state")]

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

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

/// The longest text of a fail point that is kept, in bytes.
const POINT_TEXT_MAX: usize = 160;

/// How often a lock is looked at that another thread holds: for a second.
const LOOKS_MAX: u32 = 5000;

/// What stands at the end of a chain.
#[derive(Clone, Copy)]
pub(crate) enum Tip<'a> {
    /// A request of memory.
    Request(Request),
    /// The place where a thread of the scope is spawned.
    Spawn,
    Alternative(&'a Alternative),
    Told(&'a Told),
}

/// What can stand at the end of a chain and is described only where the chain is not known.
pub(crate) trait Described {
    /// As [`Tip`] has it.
    fn tip(&self) -> Tip<'_>;
}

/// A request to an allocator that the code under test holds itself.
#[derive(Debug)]
pub(crate) struct Told {
    /// What tells the allocator's door from others.
    pub(crate) door: u64,
    /// What is asked for, in the allocator's words.
    pub(crate) text: String,
    /// Whether the request must not fail.
    pub(crate) nofail: bool,
}

impl Described for Told {
    fn tip(&self) -> Tip<'_> {
        Tip::Told(self)
    }
}

impl Described for Alternative {
    fn tip(&self) -> Tip<'_> {
        Tip::Alternative(self)
    }
}

/// One of the values that a fail point can return.
#[derive(Clone, Copy)]
pub(crate) struct Alternative {
    /// What tells the point from all others of the program, in every process that runs it.
    pub(crate) point: Id,
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// From 0.
    pub(crate) number: u32,
    /// How many the point has.
    pub(crate) count: u32,
}

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

    /// Frames of this thread, kept in the campaign; allocates nothing.
    pub(crate) fn kept(&self, frames: &[usize]) -> Span {
        let Some(modules) = held_soon(&self.scope.modules) else { return Span::default() };
        self.scope.campaign.add_frames(frames.iter().map(|frame| modules.relative(*frame)))
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

/// The lock, when another thread gives it back soon; one that is held by this very thread is not waited for without end.
fn held_soon<T>(lock: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    for _ in 0..LOOKS_MAX {
        match lock.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_micros(200)),
        }
    }
    None
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
        let first = self.targets[0].load(Relaxed);
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
        chain
    }

    fn too_deep(&self) {
        self.campaign.header().too_deep.fetch_add(1, Relaxed);
    }
}

impl Tip<'_> {
    /// Whether nothing is to be failed here, because the request says so.
    fn is_nofail(self) -> bool {
        matches!(self, Tip::Told(told) if told.nofail)
    }

    /// What the stable identities of chains begin with that end here.
    fn marked(self, seed: Id) -> Id {
        match self {
            Tip::Request(_) => seed.with(0),
            Tip::Spawn => seed.with(1),
            Tip::Alternative(Alternative { point, number, .. }) => {
                seed.with(2).with(point.lo).with(point.hi).with(u64::from(*number))
            }
            Tip::Told(Told { door, nofail, .. }) => seed.with(3).with(*door).with(u64::from(*nofail)),
        }
    }

    /// As the record has it.
    fn request(self) -> Request {
        let of = |kind| Request { kind, ..Request::default() };
        match self {
            Tip::Request(request) => request,
            Tip::Spawn => of(Kind::Spawn),
            Tip::Told(_) => of(Kind::Told),
            Tip::Alternative(Alternative { number, count, .. }) => {
                Request { size: u64::from(*number) + 1, old_size: u64::from(*count), ..of(Kind::FailPoint) }
            }
        }
    }

    /// The name of a fail point and what it is to return, or what else tells what failed; nothing for other requests.
    fn texts(&self) -> [&[u8]; 2] {
        let texts = match self {
            Tip::Request(_) | Tip::Spawn => ["", ""],
            Tip::Alternative(Alternative { name, text, .. }) => [*name, *text],
            Tip::Told(told) => [told.text.as_str(), ""],
        };
        texts.map(|text| &text.as_bytes()[..text.floor_char_boundary(POINT_TEXT_MAX)])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_lock_that_another_thread_is_about_to_give_back_is_waited_for() {
        let (lock, (held, is_held)) = (Mutex::new(7), channel());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let guard = lock.lock().unwrap();
                held.send(()).unwrap();
                std::thread::sleep(Duration::from_millis(5));
                drop(guard);
            });
            is_held.recv().unwrap();
            assert_eq!(held_soon(&lock).map(|value| *value), Some(7));
        });
    }

    #[test]
    fn a_lock_that_nobody_gives_back_is_given_up() {
        let lock = Mutex::new(7);
        let _guard = lock.lock().unwrap();
        assert!(held_soon(&lock).is_none());
    }
}
