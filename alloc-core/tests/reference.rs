//! A second reading of the policy, slow and obvious, which must agree with the engine on random requests in random
//! situations; and `explain`, which must not contradict what happens.
#![expect(unsafe_code, reason = "one host's memory is lent to many machines, one after the other")]

mod support;

use alloc_core::{
    AllocError, AtomicSleep, BadNofail, Context, ContextSource, FrameNumber, Gfp, Host, LargeNofail, Machine,
    NestedNofail, NodePages, NofsOom, OnOom, Order, Pages, PlainHost, Policy, Promise, ReclaimClass, Scope, Shrinker,
    Small, TaskOptions,
};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::{Arc, Mutex};

const PAGES: u32 = 64;
const MIN: u64 = 16;
const LOW: u64 = 20;
const HIGH: u64 = 24;

/// One host's memory, lent.
struct Lent(Arc<PlainHost>);

// SAFETY: 1. and 2. are the lender's promises, except that the memory was zeroed only for the first borrower; no test here
// reads it. 3. The machines that borrow it live one after the other. 4. `release` does nothing.
unsafe impl Host for Lent {
    fn base(&self) -> std::ptr::NonNull<u8> {
        self.0.base()
    }

    fn pages(&self) -> usize {
        self.0.pages()
    }
}

/// Where choices come from: a seed, or bytes that a fuzzer has made. Behind the last byte every choice is the first.
#[allow(dead_code, reason = "seeds are the tests', bytes the fuzzer's")]
enum Random<'b> {
    Seed(u64),
    Bytes(&'b [u8]),
}

impl Random<'_> {
    fn below(&mut self, limit: u64) -> u64 {
        match self {
            Random::Seed(state) => {
                *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (*state >> 33) % limit
            }
            Random::Bytes(bytes) => bytes.split_off_first().map_or(0, |byte| u64::from(*byte) % limit),
        }
    }

    fn one_in(&mut self, limit: u64) -> bool {
        self.below(limit) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// A cache that gives all that it has when it is asked.
struct Generous {
    class: ReclaimClass,
    pages: Mutex<Vec<Pages>>,
}

impl Shrinker for Generous {
    fn class(&self) -> ReclaimClass {
        self.class
    }

    fn count(&self) -> u64 {
        if self.pages.lock().unwrap().is_empty() { 0 } else { 1 << 12 }
    }

    fn scan(&self, _: u64, free: &mut dyn FnMut(Pages)) {
        std::mem::take(&mut *self.pages.lock().unwrap()).into_iter().for_each(free);
    }
}

/// Everything that a request's end depends on.
#[derive(Clone, Debug)]
struct World {
    policy: Policy,
    flags: Gfp,
    order: u32,
    scopes: Vec<Scope>,
    free: BTreeSet<u32>,
    class: ReclaimClass,
    cached: BTreeSet<u32>,
    hog: BTreeSet<u32>,
    /// Something else ends the task that asks, and its memory is locked.
    dying: bool,
}

/// How a request ended, and how many were killed for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct End {
    result: Result<(), AllocError>,
    kills: u64,
}

/// The second reading.
struct Reading {
    world: World,
    flags: Gfp,
    interrupt: bool,
    closed: bool,
    victim: bool,
    reap_tries: u32,
    kills: u64,
    kswapd: bool,
    changed: bool,
    slept: bool,
}

impl Reading {
    fn new(world: World) -> Reading {
        let interrupt = world.scopes.contains(&Scope::Interrupt);
        let closed = !interrupt && world.scopes.contains(&Scope::NoReclaim);
        let flags = world.flags;
        Reading {
            world,
            flags,
            interrupt,
            closed,
            victim: false,
            reap_tries: 0,
            kills: 0,
            kswapd: false,
            changed: false,
            slept: false,
        }
    }

    fn end(self, result: Result<(), AllocError>) -> End {
        End { result, kills: self.kills }
    }

    fn in_scope(&self, scope: Scope) -> bool {
        !self.interrupt && self.world.scopes.contains(&scope)
    }

    fn has(&self, flag: Gfp) -> bool {
        self.flags.contains(flag)
    }

    fn fits(&self, level: Option<u64>) -> bool {
        let pages = 1_u32 << self.world.order;
        let block = (0..PAGES)
            .step_by(pages as usize)
            .any(|begin| begin + pages <= PAGES && (begin..begin + pages).all(|page| self.world.free.contains(&page)));
        let free = self.world.free.len() as u64;
        block && level.is_none_or(|level| free >= u64::from(pages) && free - u64::from(pages) + 1 > level)
    }

    /// The level that this request must leave, by its rights; no level at all for those who free memory.
    fn min(&self) -> Option<u64> {
        let no_reserve = self.has(Gfp::NOMEMALLOC);
        if !no_reserve && (self.has(Gfp::MEMALLOC) || self.closed) {
            return None;
        }
        let urgent = if !self.has(Gfp::HIGH) {
            MIN
        } else if self.has(Gfp::DIRECT_RECLAIM) || no_reserve {
            MIN / 2
        } else {
            MIN * 3 / 8
        };
        Some(if self.victim && !no_reserve && !self.interrupt { urgent / 2 } else { urgent })
    }

    fn shrink(&mut self, open: bool) -> bool {
        let gained = open && !self.world.cached.is_empty();
        if gained {
            self.changed = true;
            let cached = std::mem::take(&mut self.world.cached);
            self.world.free.extend(cached);
        }
        gained
    }

    /// Sleeps; `false` if nothing has happened since it last did.
    fn sleep(&mut self, hog_killed: &mut bool) -> bool {
        if *hog_killed && !self.world.hog.is_empty() {
            let pages = std::mem::take(&mut self.world.hog);
            self.world.free.extend(pages);
            self.changed = true;
        }
        if self.victim && self.reap_tries < 10 {
            self.reap_tries += 1;
            self.changed = true;
        }
        if std::mem::take(&mut self.kswapd) && (self.world.free.len() as u64) < HIGH {
            self.shrink(true);
        }
        let goes_on = self.changed || !self.slept;
        self.slept = true;
        self.changed = false;
        goes_on
    }

    fn read(mut self) -> End {
        let policy = self.world.policy.clone();
        let (asked, order) = (self.world.flags, self.world.order);
        let costly = order > policy.costly.get();
        let had = |flag| asked.contains(flag);
        let nofail = had(Gfp::NOFAIL);
        let elsewhere = self.interrupt || self.in_scope(Scope::Atomic);
        let tracked = policy.context_source == ContextSource::TaskTracked;
        let sleeps_elsewhere = tracked && elsewhere && had(Gfp::DIRECT_RECLAIM);
        let nested = nofail && had(Gfp::DIRECT_RECLAIM) && (self.closed || self.in_scope(Scope::NoDirectReclaim));

        let contradicts = (nofail && !had(Gfp::DIRECT_RECLAIM))
            || nested
            || (nofail && order > 1)
            || (nofail && costly)
            || (nofail && (had(Gfp::NORETRY) || had(Gfp::RETRY_MAYFAIL)))
            || (had(Gfp::NORETRY) && had(Gfp::RETRY_MAYFAIL))
            || (had(Gfp::MOVABLE) && had(Gfp::RECLAIMABLE))
            || sleeps_elsewhere;
        if policy.strict && contradicts {
            return self.end(Err(AllocError::InvalidFlags));
        }
        if order > policy.largest.get() {
            let error = match policy.bad_nofail {
                BadNofail::Loop if nofail => AllocError::Hang,
                BadNofail::KillTask if nofail => AllocError::TaskKilled,
                BadNofail::Bug if nofail => AllocError::Dead,
                _ => AllocError::OrderTooBig,
            };
            return self.end(Err(error));
        }
        match policy.atomic_sleep {
            AtomicSleep::Fail if sleeps_elsewhere => return self.end(Err(AllocError::InvalidFlags)),
            AtomicSleep::Bug if sleeps_elsewhere => return self.end(Err(AllocError::Dead)),
            _ => {}
        }
        match policy.large_nofail {
            LargeNofail::Fail if nofail && (order > 1 || costly) => return self.end(Err(AllocError::InvalidFlags)),
            LargeNofail::Bug if nofail && (order > 1 || costly) => return self.end(Err(AllocError::Dead)),
            _ => {}
        }

        if self.in_scope(Scope::NoIo) {
            self.flags = self.flags.without(Gfp::IO).without(Gfp::FS);
        }
        if self.in_scope(Scope::NoFs) {
            self.flags = self.flags.without(Gfp::FS);
        }
        if self.in_scope(Scope::NoDirectReclaim) {
            self.flags = self.flags.without(Gfp::DIRECT_RECLAIM);
        }
        if nofail && !had(Gfp::DIRECT_RECLAIM) {
            match policy.bad_nofail {
                BadNofail::Fail => self.flags = self.flags.without(Gfp::NOFAIL),
                BadNofail::Loop => {}
                BadNofail::KillTask => return self.end(Err(AllocError::TaskKilled)),
                BadNofail::Bug => return self.end(Err(AllocError::Dead)),
                BadNofail::Promote => self.flags = self.flags.with(Gfp::DIRECT_RECLAIM),
            }
        }
        let mut may_reclaim = !self.closed;
        if nested {
            match policy.nested_nofail {
                NestedNofail::Violate => self.flags = self.flags.without(Gfp::NOFAIL),
                NestedNofail::WarnAndReclaim => {
                    self.flags = self.flags.with(Gfp::DIRECT_RECLAIM);
                    may_reclaim = true;
                }
                NestedNofail::Loop => {}
                NestedNofail::KillTask => return self.end(Err(AllocError::TaskKilled)),
                NestedNofail::Bug => return self.end(Err(AllocError::Dead)),
            }
        }
        let waits = self.has(Gfp::DIRECT_RECLAIM) && may_reclaim;
        let mild = self.has(Gfp::NORETRY) || self.has(Gfp::RETRY_MAYFAIL);
        let certain = self.has(Gfp::NOFAIL) || (policy.order_zero_nofail && order == 0 && waits && !mild);
        let kills_for_large = certain && policy.large_nofail == LargeNofail::Kill;

        if self.fits(Some(LOW)) {
            return self.end(Ok(()));
        }
        let (mut hog_killed, mut looked_as_victim) = (false, false);
        loop {
            self.kswapd |= self.has(Gfp::KSWAPD_RECLAIM);
            looked_as_victim |= self.victim && !self.has(Gfp::NOMEMALLOC) && !self.interrupt;
            if self.fits(self.min()) {
                return self.end(Ok(()));
            }
            let mut gives_up = !waits;
            if waits {
                let open = match self.world.class {
                    ReclaimClass::Clean => true,
                    ReclaimClass::Fs => self.has(Gfp::FS),
                    ReclaimClass::Io => self.has(Gfp::IO),
                };
                let gained = self.shrink(open);
                if gained && self.fits(self.min()) {
                    return self.end(Ok(()));
                }
                gives_up = self.has(Gfp::NORETRY) || (costly && !self.has(Gfp::RETRY_MAYFAIL) && !kills_for_large);
                if !gives_up && self.fits(Some(HIGH)) {
                    return self.end(Ok(()));
                }
            }
            if !gives_up {
                let never = (costly && !kills_for_large)
                    || self.has(Gfp::RETRY_MAYFAIL)
                    || self.has(Gfp::THISNODE)
                    || self.has(Gfp::DMA32)
                    || (policy.small == Small::MayFail && !certain);
                let door = match policy.nofs_oom {
                    _ if never => NofsOom::Fail,
                    _ if self.has(Gfp::FS) => NofsOom::Kill,
                    said => said,
                };
                let going = self.victim && self.reap_tries < 10;
                let progress = match door {
                    NofsOom::Fail => None,
                    NofsOom::Pretend => Some(()),
                    NofsOom::Kill if self.world.dying && self.reap_tries < 10 => {
                        self.changed |= !self.victim;
                        self.victim = true;
                        Some(())
                    }
                    NofsOom::Kill if going => Some(()),
                    NofsOom::Kill if policy.panic_on_oom => return self.end(Err(AllocError::Dead)),
                    NofsOom::Kill if !hog_killed && !self.world.hog.is_empty() => {
                        hog_killed = true;
                        self.changed = true;
                        self.kills += 1;
                        Some(())
                    }
                    NofsOom::Kill => match policy.on_oom {
                        OnOom::Panic => return self.end(Err(AllocError::Dead)),
                        OnOom::Fail => None,
                        OnOom::Wait if certain => None,
                        OnOom::Wait if self.sleep(&mut hog_killed) => continue,
                        OnOom::Wait => return self.end(Err(AllocError::Hang)),
                    },
                };
                if progress.is_some() {
                    let spent = looked_as_victim || self.has(Gfp::NOMEMALLOC);
                    if !(self.victim && !self.interrupt && spent) {
                        if certain && self.fits(None) {
                            return self.end(Ok(()));
                        }
                        if self.sleep(&mut hog_killed) {
                            continue;
                        }
                        return self.end(Err(AllocError::Hang));
                    }
                }
            }
            if !certain {
                let victim = self.victim && !self.interrupt && self.has(Gfp::DIRECT_RECLAIM);
                let error = if victim { AllocError::VictimReservesGone } else { AllocError::NoMemory };
                return self.end(Err(error));
            }
            if self.fits(Some(MIN / 2)) {
                return self.end(Ok(()));
            }
            if !self.sleep(&mut hog_killed) {
                return self.end(Err(AllocError::Hang));
            }
        }
    }
}

fn policy(random: &mut Random<'_>) -> Policy {
    use BadNofail as Bad;
    use NestedNofail as Nested;
    let kernel = Policy::kernel();
    Policy {
        small: random.of(&[Small::Loop, Small::Loop, Small::MayFail]),
        order_zero_nofail: random.one_in(4),
        costly: Order::new(random.below(5) as u32),
        largest: Order::new(5),
        strict: random.one_in(8),
        bad_nofail: random.of(&[Bad::Fail, Bad::Loop, Bad::KillTask, Bad::Bug, Bad::Promote]),
        nested_nofail: random.of(&[
            Nested::Violate,
            Nested::WarnAndReclaim,
            Nested::Loop,
            Nested::KillTask,
            Nested::Bug,
        ]),
        large_nofail: random.of(&[
            LargeNofail::Serve,
            LargeNofail::Serve,
            LargeNofail::Kill,
            LargeNofail::Fail,
            LargeNofail::Bug,
        ]),
        nofs_oom: random.of(&[NofsOom::Pretend, NofsOom::Kill, NofsOom::Fail]),
        on_oom: random.of(&[OnOom::Panic, OnOom::Fail, OnOom::Wait]),
        panic_on_oom: random.one_in(8),
        atomic_sleep: random.of(&[AtomicSleep::Report, AtomicSleep::Report, AtomicSleep::Fail, AtomicSleep::Bug]),
        context_source: random.of(&[ContextSource::TaskTracked, ContextSource::CallerFlagsOnly]),
        ..kernel
    }
}

fn flags(random: &mut Random<'_>) -> Gfp {
    let mut flags = Gfp::NONE;
    for flag in [Gfp::DIRECT_RECLAIM, Gfp::KSWAPD_RECLAIM, Gfp::IO, Gfp::FS] {
        flags |= if random.one_in(4) { Gfp::NONE } else { flag };
    }
    for flag in [
        Gfp::HIGH,
        Gfp::NOWARN,
        Gfp::RETRY_MAYFAIL,
        Gfp::NOFAIL,
        Gfp::NOFAIL,
        Gfp::NORETRY,
        Gfp::MEMALLOC,
        Gfp::NOMEMALLOC,
        Gfp::THISNODE,
        Gfp::DMA32,
        Gfp::MOVABLE,
        Gfp::RECLAIMABLE,
        Gfp::HARDWALL,
    ] {
        flags |= if random.one_in(6) { flag } else { Gfp::NONE };
    }
    flags
}

/// Builds a random situation for real, and describes it.
fn situation(random: &mut Random<'_>, host: &Arc<PlainHost>) -> (Machine, alloc_core::TaskId, Vec<Pages>, World) {
    let policy = policy(random);
    let machine = Machine::builder().node(NodePages::new(PAGES)).min_free_pages(MIN).policy(policy.clone());
    let machine = machine.host(Box::new(Lent(host.clone()))).build().unwrap();
    let hog = machine.spawn(TaskOptions::named("hog"));
    let hogged = if random.one_in(2) { 0 } else { random.below(40) };
    machine.grow(hog, hogged).unwrap();
    if hogged == 0 {
        machine.exit(hog);
    }
    let take = || machine.alloc_pages(Order::ZERO, Gfp::MEMALLOC | Gfp::NOWARN).map(alloc_core::PageBlock::into_pages);
    let all: Vec<Pages> = std::iter::from_fn(|| take().ok()).collect();
    let known: BTreeSet<u32> = all.iter().map(|pages| pages.frame().0).collect();
    let hog: BTreeSet<u32> = (0..PAGES).filter(|page| !known.contains(page)).collect();
    assert_eq!(hog.len() as u64, hogged);
    let (free_share, cache_share) = (random.below(101), random.below(101));
    let (run, cache_run) = (1 << random.below(6), 1 << random.below(6));
    let mut rolls = |share, run: u32| -> BTreeSet<u32> {
        let runs: Vec<bool> = (0..PAGES).map(|_| random.below(100) < share).collect();
        (0..PAGES).filter(|page| runs[(page / run) as usize]).collect()
    };
    let (to_free, to_cache) = (rolls(free_share, run), rolls(cache_share, cache_run));
    let (mut free, mut cached, mut cache, mut held) = (BTreeSet::new(), BTreeSet::new(), Vec::new(), Vec::new());
    for pages in all {
        let FrameNumber(frame) = pages.frame();
        if to_free.contains(&frame) {
            free.insert(frame);
            machine.free(pages).unwrap();
        } else if to_cache.contains(&frame) {
            cached.insert(frame);
            cache.push(pages);
        } else {
            held.push(pages);
        }
    }
    let class = random.of(&[ReclaimClass::Clean, ReclaimClass::Fs, ReclaimClass::Io]);
    machine.register_shrinker(Arc::new(Generous { class, pages: Mutex::new(cache) }));
    let asking = machine.spawn(TaskOptions { kernel_thread: true, ..TaskOptions::named("asking") });
    machine.set_memory_locked(asking, true);
    let dying = random.one_in(5);
    if dying {
        machine.set_dying(asking);
    }
    let scopes = [Scope::NoFs, Scope::NoIo, Scope::NoReclaim, Scope::NoDirectReclaim, Scope::Atomic, Scope::Interrupt];
    let scopes = scopes.into_iter().filter(|_| random.one_in(9)).collect();
    let (flags, order) = (flags(random), random.below(7) as u32);
    (machine, asking, held, World { policy, flags, order, scopes, free, class, cached, hog, dying })
}

/// Builds the situation that the choices describe, and asks the engine, the reading and `explain` about it: which promise
/// was made, and whether the request failed.
fn compare(random: &mut Random<'_>, host: &Arc<PlainHost>, case: &dyn Display) -> (usize, bool) {
    let (machine, asking, held, world) = situation(random, host);
    let before = machine.stats();
    let result = machine.run_as(asking, || {
        let _scopes: Vec<_> = world.scopes.iter().map(|scope| machine.scope(*scope)).collect();
        machine.alloc_pages(Order::new(world.order), world.flags).map(drop)
    });
    let after = machine.stats();
    let happened = End { result, kills: after.kills - before.kills };
    let read = Reading::new(world.clone()).read();
    assert_eq!(happened, read, "{case}, the engine (left) and the reading (right): {world:?}");
    machine.audit().unwrap();

    let context = world.scopes.iter().fold(Context::default(), |context, scope| context.inside(*scope));
    let guarantee = world.policy.explain(world.flags, Order::new(world.order), context);
    use AllocError::{Dead, Hang, InvalidFlags, NoMemory, OrderTooBig, TaskKilled, VictimReservesGone};
    let (place, allowed): (usize, &[AllocError]) = match guarantee.promise {
        Promise::CannotFail => (0, &[Hang, Dead]),
        Promise::FailsOnlyAsVictim => (1, &[Hang, Dead, VictimReservesGone]),
        Promise::FailsAfterEffort => (2, &[NoMemory, VictimReservesGone, Dead]),
        Promise::FailsFast => (3, &[NoMemory]),
        Promise::InvalidUse => (4, &[OrderTooBig, InvalidFlags, TaskKilled, Dead]),
    };
    let kept = result.map_or_else(|error| allowed.contains(&error), |()| guarantee.promise != Promise::InvalidUse);
    assert!(kept, "{case}: {guarantee}, but {result:?}: {world:?}");
    let passes = after.direct_passes - before.direct_passes;
    assert!(guarantee.promise != Promise::FailsFast || passes == 0, "{case}: {guarantee}, but it reclaimed");
    held.into_iter().for_each(|pages| machine.free(pages).unwrap());
    (place, result.is_err())
}

/// The situation that a fuzzer's bytes describe.
pub fn check(bytes: &[u8]) {
    thread_local!(static HOST: Arc<PlainHost> = Arc::new(PlainHost::new(PAGES as usize).unwrap()));
    compare(&mut Random::Bytes(bytes), &HOST.with(Arc::clone), &"a fuzzer's bytes");
}

#[test]
fn row_008_a_second_reading_agrees_and_explain_is_never_contradicted() {
    let host = Arc::new(PlainHost::new(PAGES as usize).unwrap());
    let cases = if cfg!(debug_assertions) { 10_000 } else { 1_000_000 };
    let mut seen = [0_u32; 6];
    for case in 0..cases {
        let mut random = Random::Seed(case);
        random.below(1);
        let (place, failed) = compare(&mut random, &host, &format_args!("case {case}"));
        seen[place] += 1;
        seen[5] += u32::from(failed);
    }
    // The situations are of all kinds, and not all harmless.
    assert!(seen.iter().all(|seen| u64::from(*seen) * 50 > cases), "{seen:?} of {cases}");
}
