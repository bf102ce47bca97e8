//! The second reading of the policy: slow, obvious, and without a word of the engine's.

use alloc_core::{
    AllocError, AtomicSleep, BadNofail, ContextSource, Discipline, Gfp, LargeNofail, NestedNofail, NofsOom, OnOom,
    ReclaimClass, Scope, Small,
};
use std::collections::BTreeSet;

use super::world::{End, HIGH, LOW, MIN, NODES, PAGES, World};

/// The second reading.
pub(crate) struct Reading {
    world: World,
    flags: Gfp,
    interrupt: bool,
    closed: bool,
    victim: bool,
    reap_tries: u32,
    kills: u64,
    /// The nodes whose background reclaimers were woken.
    kswapd: BTreeSet<u32>,
    /// Whether the task's memory policy still holds for the request.
    binds: bool,
    changed: bool,
    slept: bool,
}

impl Reading {
    pub(crate) fn new(world: World) -> Reading {
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
            kswapd: BTreeSet::new(),
            binds: !interrupt && !flags.contains(Gfp::THISNODE),
            changed: false,
            slept: false,
        }
    }

    fn end(self, result: Result<(), AllocError>) -> End {
        End { result, kills: self.kills }
    }

    /// Ends with pages, unless a budget refuses them.
    fn served(self, certain: bool) -> End {
        let charged = self.world.budget.filter(|(_, all)| *all || self.has(Gfp::ACCOUNT)).filter(|_| !self.interrupt);
        let privileged = certain || self.closed || self.has(Gfp::HIGH) || self.has(Gfp::MEMALLOC);
        let refused = charged.is_some_and(|(room, _)| room < 1 << self.world.order) && !privileged;
        self.end(if refused { Err(AllocError::OverLimit) } else { Ok(()) })
    }

    fn in_scope(&self, scope: Scope) -> bool {
        !self.interrupt && self.world.scopes.contains(&scope)
    }

    fn has(&self, flag: Gfp) -> bool {
        self.flags.contains(flag)
    }

    /// The nodes that count at the moment, inside of the cpuset or not.
    fn nodes(&self, walls: bool) -> Vec<u32> {
        let open = |node: &u32| {
            let this = !self.has(Gfp::THISNODE) || *node == 0;
            let bound = self.world.bound.as_ref().is_none_or(|bound| bound.contains(node)) || !self.binds;
            let inside = self.world.mems.contains(node) || !walls || self.interrupt;
            this && bound && inside
        };
        (0..NODES).filter(open).collect()
    }

    /// Whether neither the cpuset nor the policy matters to whom asks with these rights.
    fn outweighs(&self) -> bool {
        let open = !self.has(Gfp::NOMEMALLOC);
        let frees = self.has(Gfp::MEMALLOC) || self.closed;
        let urgent = self.has(Gfp::HIGH) && !self.has(Gfp::DIRECT_RECLAIM);
        open && (frees || urgent || (self.victim && !self.interrupt))
    }

    fn fits_on(&self, node: u32, level: Option<u64>) -> bool {
        let pages = 1_u32 << self.world.order;
        let (from, to) = (node * PAGES, (node + 1) * PAGES);
        let block = (from..to)
            .step_by(pages as usize)
            .any(|begin| begin + pages <= to && (begin..begin + pages).all(|page| self.world.free.contains(&page)));
        let free = self.free_on(node);
        block && level.is_none_or(|level| free >= u64::from(pages) && free - u64::from(pages) + 1 > level)
    }

    fn free_on(&self, node: u32) -> u64 {
        self.world.free.range(node * PAGES..(node + 1) * PAGES).count() as u64
    }

    fn fits(&self, level: Option<u64>, walls: bool) -> bool {
        self.nodes(walls).into_iter().any(|node| self.fits_on(node, level))
    }

    /// Looks with all rights: what these outweigh is forgotten once it was in the way.
    fn looks_at_min(&mut self) -> bool {
        let outweighs = self.outweighs();
        let walls = self.has(Gfp::HARDWALL) && !outweighs;
        self.wakes_kswapd();
        if self.fits(self.min(), walls) {
            return true;
        }
        if outweighs && self.binds && self.world.bound.is_some() {
            self.binds = false;
            self.wakes_kswapd();
        }
        self.fits(self.min(), walls)
    }

    fn wakes_kswapd(&mut self) {
        if self.has(Gfp::KSWAPD_RECLAIM) {
            let woken = self.nodes(self.has(Gfp::HARDWALL));
            self.kswapd.extend(woken);
        }
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
        for node in std::mem::take(&mut self.kswapd) {
            if self.free_on(node) < HIGH {
                self.shrink(true);
            }
        }
        let goes_on = self.changed || !self.slept;
        self.slept = true;
        self.changed = false;
        goes_on
    }

    pub(crate) fn read(mut self) -> End {
        let policy = self.world.rules();
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
        if policy.discipline == Discipline::PageOrLess && order > 0 && !had(Gfp::FALLBACK) {
            return self.end(Err(AllocError::Discipline));
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
        let small = if had(Gfp::CONVERTED) { policy.default_small } else { policy.small };
        let kills_for_large = certain && policy.large_nofail == LargeNofail::Kill;

        if self.nodes(self.has(Gfp::HARDWALL)).is_empty() {
            // A node that it insists on, and may not use.
            match policy.bad_nofail {
                _ if !self.has(Gfp::NOFAIL) => return self.end(Err(AllocError::Impossible)),
                BadNofail::Fail | BadNofail::Promote => return self.end(Err(AllocError::Impossible)),
                BadNofail::Loop => {}
                BadNofail::KillTask => return self.end(Err(AllocError::TaskKilled)),
                BadNofail::Bug => return self.end(Err(AllocError::Dead)),
            }
        }
        if self.fits(Some(LOW), true) {
            return self.served(certain);
        }
        let (mut hog_killed, mut looked_as_victim) = (false, false);
        loop {
            looked_as_victim |= self.victim && !self.has(Gfp::NOMEMALLOC) && !self.interrupt;
            if self.looks_at_min() {
                return self.served(certain);
            }
            let mut gives_up = !waits;
            if waits {
                let open = match self.world.class {
                    ReclaimClass::Clean => true,
                    ReclaimClass::Fs => self.has(Gfp::FS),
                    ReclaimClass::Io => self.has(Gfp::IO),
                };
                let gained = self.shrink(open);
                let walls = self.has(Gfp::HARDWALL) && !self.outweighs();
                if gained && self.fits(self.min(), walls) {
                    return self.served(certain);
                }
                gives_up = self.has(Gfp::NORETRY) || (costly && !self.has(Gfp::RETRY_MAYFAIL) && !kills_for_large);
                if !gives_up && self.fits(Some(HIGH), true) {
                    return self.served(certain);
                }
            }
            if !gives_up {
                let never = (costly && !kills_for_large)
                    || self.has(Gfp::RETRY_MAYFAIL)
                    || self.has(Gfp::THISNODE)
                    || self.has(Gfp::DMA32)
                    || self.in_scope(Scope::CoreDump)
                    || (small == Small::MayFail && !certain);
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
                        if certain && self.fits(None, false) {
                            return self.served(certain);
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
            if self.fits(Some(MIN / 2), false) {
                return self.served(certain);
            }
            if !self.sleep(&mut hog_killed) {
                return self.end(Err(AllocError::Hang));
            }
        }
    }
}
