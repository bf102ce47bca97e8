//! Requests to a pool: for one element, or for several at once, which come all or not at all.

use alloc::vec::Vec;
use core::fmt;

use crate::backing::{Backing, Blocks};
use crate::error::AllocError;
use crate::event::EventKind;
use crate::fault::source::Capability;
use crate::gfp::Gfp;
use crate::mempool::{Mempool, PoolBlock};
use crate::misuse::Misuse;
use crate::page::course::WaitFor;
use crate::task::TaskId;
use crate::time::{Patience, Slept};

/// What a step of a pool's request came to.
#[derive(Debug)]
pub enum PoolStep<B> {
    /// It sleeps until a block is given back.
    Wait(WaitFor),
    /// It is over: with a [`PoolBlock`], or with the list of several.
    Done(Result<B, AllocError>),
}

/// What both kinds of requests are: so many blocks, all or none.
struct Wanted<'p, 'm, B: Backing<'m>> {
    pool: &'p Mempool<'m, B>,
    task: TaskId,
    blocks: usize,
    flags: Gfp,
    begun: bool,
    /// Whether the pool has noted that it sleeps.
    noted: bool,
    /// The machine's progress when it last went to sleep.
    seen: Option<u64>,
}

/// Blocks on their way to a request. One needs no memory for a list.
struct Gathered<E>(Option<E>, Vec<E>);

impl<E> Gathered<E> {
    fn len(&self) -> usize {
        usize::from(self.0.is_some()) + self.1.len()
    }

    fn push(&mut self, block: E) {
        if self.0.is_none() { self.0 = Some(block) } else { self.1.push(block) }
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'p, 'm, B: Backing<'m>> Wanted<'p, 'm, B> {
    /// Makes the next step; `None` if it sleeps. The blocks that it comes to are given to `take`.
    fn step(&mut self, mut take: impl FnMut(PoolBlock<'p, 'm, B>)) -> Option<Result<(), AllocError>> {
        let (pool, first) = (self.pool, !self.begun);
        let machine = pool.machine;
        self.begun = true;
        if self.blocks > pool.size().max(1) {
            // The pool has become smaller.
            self.sleep(false);
            return Some(Err(AllocError::Impossible));
        }
        let forced = first && machine.is_forced(self.task, Capability::MempoolAlloc, pool.bytes(), self.flags);
        let cheap = self.flags.without(Gfp::DIRECT_RECLAIM | Gfp::IO);
        let waits = self.flags.may_wait();
        let gathered = machine.run_as(self.task, || {
            let reserve = if forced { self.gather(None) } else { Err(AllocError::NoMemory) };
            let without_waiting = reserve.or_else(|_| self.gather(Some(if first { cheap } else { self.flags })));
            without_waiting.or_else(|error| if first && waits { self.gather(Some(self.flags)) } else { Err(error) })
        });
        let error = match gathered {
            Ok(Gathered(one, rest)) => {
                self.sleep(false);
                one.into_iter().chain(rest).for_each(|block| take(pool.hand_out(self.task, block)));
                return Some(Ok(()));
            }
            Err(error) => error,
        };
        use AllocError as E;
        let passes = matches!(error, E::NoMemory | E::Injected | E::OverLimit | E::VictimReservesGone);
        if !waits || !passes {
            self.sleep(false);
            return Some(Err(error));
        }
        self.sleep(true);
        let stuck = pool.inside.lock().is_stuck();
        let progress = Some(machine.state().progress);
        if stuck && progress == self.seen {
            return Some(Err(self.hang()));
        }
        self.seen = progress;
        machine.raw().stats.sleeps += 1;
        None
    }

    /// New blocks as far as there are any, and the rest from the reserve at once, or nothing at all.
    fn gather(&self, fresh: Option<Gfp>) -> Result<Gathered<B::Element>, AllocError> {
        let mut gathered = Gathered(None, Vec::new());
        gathered.1.try_reserve_exact(self.blocks.saturating_sub(1)).map_err(|_| AllocError::NoMemory)?;
        let mut error = AllocError::NoMemory;
        while let Some(flags) = fresh.filter(|_| gathered.len() < self.blocks) {
            match self.pool.fresh(flags) {
                Ok(block) => gathered.push(block),
                Err(failed) => {
                    error = failed;
                    break;
                }
            }
        }
        let mut inside = self.pool.inside.lock();
        let missing = self.blocks - gathered.len();
        let Some(left) = inside.reserve.len().checked_sub(missing) else {
            // Too few together: what was got stays in the reserve, where it is not lost to those who need less.
            let Gathered(one, rest) = gathered;
            let mut got = one.into_iter().chain(rest);
            let room = inside.size.saturating_sub(inside.reserve.len());
            inside.reserve.extend(got.by_ref().take(room));
            drop(inside);
            drop(got);
            return Err(error);
        };
        inside.reserve.drain(left..).for_each(|block| gathered.push(block));
        drop(inside);
        Ok(gathered)
    }

    /// Notes with the pool that the request sleeps, or no longer.
    fn sleep(&mut self, sleeps: bool) {
        if sleeps && !self.noted {
            self.noted = self.pool.inside.lock().sleeps(self.task);
        } else if !sleeps && self.noted {
            self.noted = false;
            self.pool.inside.lock().wakes(self.task);
        }
    }

    fn hang(&mut self) -> AllocError {
        self.sleep(false);
        let mut state = self.pool.machine.raw();
        state.stats.hangs += 1;
        let kind = EventKind::Failed(AllocError::Hang);
        state.events.note(kind, self.task, self.pool.order, self.flags);
        AllocError::Hang
    }

    /// Drives the request to its end: whenever it sleeps, the background's work is done, as long as anything moves.
    fn finish(mut self, mut take: impl FnMut(PoolBlock<'p, 'm, B>)) -> Result<(), AllocError> {
        let mut patience = Patience::default();
        loop {
            if let Some(result) = self.step(&mut take) {
                return result;
            }
            if self.pool.machine.sleep(&mut patience) == Slept::Hung {
                return Err(self.hang());
            }
        }
    }
}

impl<'m, B: Backing<'m>> fmt::Debug for Wanted<'_, 'm, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} of {:?} for {:?})", self.blocks, self.pool, self.flags)
    }
}

impl<'m, B: Backing<'m>> Drop for Wanted<'_, 'm, B> {
    fn drop(&mut self) {
        self.sleep(false);
    }
}

/// A request to a pool for one block, under way.
#[must_use = "a request does nothing until it is stepped"]
pub struct PoolRequest<'p, 'm, B: Backing<'m> = Blocks<'m>>(Wanted<'p, 'm, B>);

impl<'m, B: Backing<'m>> fmt::Debug for PoolRequest<'_, 'm, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PoolRequest{:?}", self.0)
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'p, 'm, B: Backing<'m>> PoolRequest<'p, 'm, B> {
    /// Makes the next step: a new block without waiting, one of the reserve, a new block with all that the caller may do
    /// for it; and if there is none, a caller that may wait sleeps. A fault source that fails
    /// [`Capability::MempoolAlloc`] makes the first step begin with the reserve.
    pub fn step(&mut self) -> PoolStep<PoolBlock<'p, 'm, B>> {
        let mut taken = None;
        match self.0.step(|block| taken = Some(block)) {
            None => PoolStep::Wait(WaitFor::Memory),
            Some(result) => PoolStep::Done(result.and_then(|()| taken.ok_or(AllocError::NoMemory))),
        }
    }
}

/// A request to a pool for several blocks, under way.
#[must_use = "a request does nothing until it is stepped"]
pub struct BulkRequest<'p, 'm, B: Backing<'m> = Blocks<'m>>(Wanted<'p, 'm, B>);

impl<'m, B: Backing<'m>> fmt::Debug for BulkRequest<'_, 'm, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BulkRequest{:?}", self.0)
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'p, 'm, B: Backing<'m>> BulkRequest<'p, 'm, B> {
    /// Makes the next step, as [`PoolRequest::step`]: new blocks as far as there are any, and the rest from the reserve at
    /// once. A request that sleeps holds nothing.
    pub fn step(&mut self) -> PoolStep<Vec<PoolBlock<'p, 'm, B>>> {
        let mut taken = Vec::with_capacity(self.0.blocks);
        match self.0.step(|block| taken.push(block)) {
            None => PoolStep::Wait(WaitFor::Memory),
            Some(result) => PoolStep::Done(result.map(|()| taken)),
        }
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'m, B: Backing<'m>> Mempool<'m, B> {
    /// Begins a request for an element of the pool.
    ///
    /// # Errors
    /// `InvalidFlags` for ZERO, if the policy is strict: an element of the reserve is what its last user left. Otherwise it
    /// is noted ([`Misuse::MempoolZero`]), and only new elements are zeroed. NOFAIL says nothing new here.
    pub fn request(&self, flags: Gfp) -> Result<PoolRequest<'_, 'm, B>, AllocError> {
        self.want(1, flags).map(PoolRequest)
    }

    /// Begins a request for so many blocks of the pool, all or none. The surrounding process is asked for memory for the
    /// list of them.
    ///
    /// # Errors
    /// As [`Mempool::request`]; and `Impossible` for more blocks than the full reserve has: nobody could promise them.
    pub fn request_bulk(&self, blocks: usize, flags: Gfp) -> Result<BulkRequest<'_, 'm, B>, AllocError> {
        if blocks > self.size() {
            return Err(AllocError::Impossible);
        }
        self.want(blocks, flags).map(BulkRequest)
    }

    fn want(&self, blocks: usize, flags: Gfp) -> Result<Wanted<'_, 'm, B>, AllocError> {
        let task = self.machine.current();
        if flags.contains(Gfp::ZERO) {
            let mut state = self.machine.raw();
            state.note_misuse(Misuse::MempoolZero, task, self.order, flags);
            if state.policies.at(state.policy_of(task)).strict {
                let error = AllocError::InvalidFlags;
                state.note_failure(error, task, self.order, flags, flags.contains(Gfp::NOWARN));
                return Err(error);
            }
        }
        let flags = flags.without(Gfp::NOFAIL);
        Ok(Wanted { pool: self, task, blocks, flags, begun: false, noted: false, seen: None })
    }

    /// A block of the pool.
    ///
    /// # Errors
    /// `NoMemory` for callers that cannot wait. For others only [`AllocError::Hang`], when nobody is left to give a block
    /// back, and what ends every request: a machine that has stopped, a task that is over.
    pub fn alloc(&self, flags: Gfp) -> Result<PoolBlock<'_, 'm, B>, AllocError> {
        let mut taken = None;
        self.want(1, flags)?.finish(|block| taken = Some(block))?;
        taken.ok_or(AllocError::NoMemory)
    }

    /// So many blocks of the pool, all or none.
    ///
    /// # Errors
    /// As [`Mempool::alloc`], and those of [`Mempool::request_bulk`].
    pub fn alloc_bulk(&self, blocks: usize, flags: Gfp) -> Result<Vec<PoolBlock<'_, 'm, B>>, AllocError> {
        let mut taken = Vec::with_capacity(blocks.min(self.size()));
        self.request_bulk(blocks, flags)?.0.finish(|block| taken.push(block))?;
        Ok(taken)
    }
}
