//! A pool of blocks set aside in advance: the guarantee that flags alone cannot give.

use alloc::vec::Vec;

use crate::block::PageBlock;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::page::course::WaitFor;
use crate::sync::lock::Lock;
use crate::time::{Patience, Slept};
use crate::units::Order;

/// A pool with a reserve of blocks of one order.
///
/// A caller that may wait is never refused: it gets a new block, one of the reserve, or waits for one that another caller
/// gives back. That holds as long as nobody waits for a second block while it holds a first one (the kernel's
/// documentation of `mempool_alloc`).
///
/// ```
/// use alloc_core::{Gfp, Machine, Mempool, NodeId, NodePages, Order};
/// let machine = Machine::builder().node(NodePages::new(1024)).build()?;
/// let pool = Mempool::new(&machine, 4, Order::ZERO)?;
/// let _nothing_left = machine.exhaust(NodeId(0), 0);
/// let held: Vec<_> = (0..4).map(|_| pool.alloc(Gfp::NOFS)).collect::<Result<_, _>>()?;
/// assert!(pool.alloc(Gfp::NOWAIT).is_err());
/// # drop(held);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Mempool<'m> {
    machine: &'m Machine,
    order: Order,
    size: usize,
    /// At most `size` blocks, and room for as many from the beginning.
    reserve: Lock<Vec<PageBlock<'m>>>,
}

impl<'m> Mempool<'m> {
    /// A pool with a full reserve of `size` blocks.
    ///
    /// # Errors
    /// That of the first request for a block that failed; and `NoMemory` if the surrounding process has no memory for the
    /// list.
    pub fn new(machine: &'m Machine, size: usize, order: Order) -> Result<Mempool<'m>, AllocError> {
        let mut reserve = Vec::new();
        reserve.try_reserve_exact(size).map_err(|_| AllocError::NoMemory)?;
        for _ in 0..size {
            reserve.push(machine.alloc_pages(order, Gfp::KERNEL)?);
        }
        Ok(Mempool { machine, order, size, reserve: Lock::new(reserve) })
    }

    /// Blocks in the reserve.
    pub fn reserved(&self) -> usize {
        self.reserve.lock().len()
    }

    /// Begins a request for a block of the pool.
    ///
    /// # Errors
    /// `InvalidFlags` for ZERO, if the policy is strict: a block of the reserve is what its last user left. Otherwise ZERO
    /// is ignored. NOFAIL says nothing new here.
    pub fn request(&self, flags: Gfp) -> Result<PoolRequest<'_, 'm>, AllocError> {
        if flags.contains(Gfp::ZERO) && self.machine.policy().strict {
            return Err(AllocError::InvalidFlags);
        }
        let flags = flags.without(Gfp::ZERO | Gfp::NOFAIL);
        Ok(PoolRequest { pool: self, flags, slept: false })
    }

    /// A block of the pool.
    ///
    /// # Errors
    /// `NoMemory` for callers that cannot wait. For others only [`AllocError::Hang`], when nobody is left to give a block
    /// back or, in steps, the policy's `rounds_max` is reached; and what ends every request: a machine that has stopped, a
    /// task that is over.
    pub fn alloc(&self, flags: Gfp) -> Result<PoolBlock<'_, 'm>, AllocError> {
        let mut request = self.request(flags)?;
        let mut patience = Patience::default();
        loop {
            if let PoolStep::Done(result) = request.step() {
                return result;
            }
            if self.machine.sleep(&mut patience) == Slept::Hung {
                self.machine.state().stats.hangs += 1;
                return Err(AllocError::Hang);
            }
        }
    }

    /// A new block, asked for so that a failure costs little.
    fn fresh(&self, flags: Gfp) -> Result<PageBlock<'m>, AllocError> {
        self.machine.alloc_pages(self.order, flags | Gfp::NOMEMALLOC | Gfp::NORETRY | Gfp::NOWARN)
    }
}

/// What a step of a pool's request came to.
#[derive(Debug)]
pub enum PoolStep<'p, 'm> {
    /// It sleeps until a block is given back.
    Wait(WaitFor),
    /// It is over.
    Done(Result<PoolBlock<'p, 'm>, AllocError>),
}

/// A request to a pool under way.
#[derive(Debug)]
#[must_use = "a request does nothing until it is stepped"]
pub struct PoolRequest<'p, 'm> {
    pool: &'p Mempool<'m>,
    flags: Gfp,
    slept: bool,
}

impl<'p, 'm> PoolRequest<'p, 'm> {
    /// Makes the next step: a new block without waiting, one of the reserve, a new block with all that the caller may do
    /// for it; and if there is none, a caller that may wait sleeps.
    pub fn step(&mut self) -> PoolStep<'p, 'm> {
        let pool = self.pool;
        let cheap = self.flags.without(Gfp::DIRECT_RECLAIM | Gfp::IO);
        let block = pool.fresh(if self.slept { self.flags } else { cheap });
        let block = block.or_else(|error| pool.reserve.lock().pop().ok_or(error));
        let block = match block {
            Err(AllocError::NoMemory | AllocError::Injected) if self.flags.may_wait() && !self.slept => {
                pool.fresh(self.flags)
            }
            block => block,
        };
        match block {
            Err(AllocError::NoMemory | AllocError::Injected | AllocError::VictimReservesGone)
                if self.flags.may_wait() =>
            {
                self.slept = true;
                pool.machine.state().stats.sleeps += 1;
                PoolStep::Wait(WaitFor::Memory)
            }
            block => PoolStep::Done(block.map(|block| PoolBlock { pool, block: Some(block) })),
        }
    }
}

/// A block of a pool; it goes back to the pool's reserve, or to the machine if the reserve is full.
#[derive(Debug)]
pub struct PoolBlock<'p, 'm> {
    pool: &'p Mempool<'m>,
    block: Option<PageBlock<'m>>,
}

impl PoolBlock<'_, '_> {
    /// The block's bytes: what its last owner left.
    pub fn bytes(&self) -> &[u8] {
        self.block.as_ref().map_or(&[], PageBlock::bytes)
    }

    /// The block's bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.block.as_mut().map_or(&mut [], PageBlock::bytes_mut)
    }
}

impl Drop for PoolBlock<'_, '_> {
    fn drop(&mut self) {
        self.pool.machine.raw().progress += 1;
        let mut reserve = self.pool.reserve.lock();
        if reserve.len() < self.pool.size {
            reserve.extend(self.block.take());
        }
    }
}
