//! A pool of blocks set aside in advance: the guarantee that flags alone cannot give.

use alloc::vec::Vec;

use crate::block::PageBlock;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::sync::lock::Lock;
use crate::task::TaskId;
use crate::units::Order;

/// A pool with a reserve of blocks of one order.
///
/// A caller that may wait is never refused: it gets a new block, one of the reserve, or waits for one that another caller
/// gives back. That holds as long as nobody waits for a second block while it holds a first one (the kernel's
/// documentation of `mempool_alloc`). When every block that is out is held by tasks that wait for another one, and nothing
/// moves, their requests end with [`AllocError::Hang`]. A block counts as held by the task that asked for it.
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
    pub(crate) machine: &'m Machine,
    pub(crate) order: Order,
    pub(crate) size: usize,
    pub(crate) inside: Lock<Inside<'m>>,
}

/// What changes of a pool.
#[derive(Debug)]
pub(crate) struct Inside<'m> {
    /// At most as many blocks as the pool's size, and room for as many from the beginning.
    pub(crate) reserve: Vec<PageBlock<'m>>,
    /// Blocks that are out.
    out: usize,
    /// The tasks that have them, as far as there is room to note it: for as many as the pool's size, from the beginning.
    holders: Vec<Holder>,
}

/// A task that has blocks of a pool.
#[derive(Debug)]
struct Holder {
    task: TaskId,
    blocks: usize,
    /// Its requests for more that sleep.
    waiting: usize,
}

impl Inside<'_> {
    fn holder(&mut self, task: TaskId) -> Option<&mut Holder> {
        self.holders.iter_mut().find(|holder| holder.task == task)
    }

    /// A block goes out to a task.
    pub(crate) fn hold(&mut self, task: TaskId) {
        self.out += 1;
        if let Some(holder) = self.holder(task) {
            holder.blocks += 1;
        } else if self.holders.len() < self.holders.capacity() {
            self.holders.push(Holder { task, blocks: 1, waiting: 0 });
        }
    }

    /// A block comes back from a task.
    fn let_go(&mut self, task: TaskId) {
        self.out -= 1;
        if let Some(holder) = self.holder(task) {
            holder.blocks = holder.blocks.saturating_sub(1);
        }
        self.holders.retain(|holder| holder.blocks > 0 || holder.waiting > 0);
    }

    /// A request of a task sleeps; whether that was noted: only who has blocks of the pool is of interest.
    pub(crate) fn sleeps(&mut self, task: TaskId) -> bool {
        self.holder(task).map(|holder| holder.waiting += 1).is_some()
    }

    /// A request of a task, of which that was noted, sleeps no longer.
    pub(crate) fn wakes(&mut self, task: TaskId) {
        if let Some(holder) = self.holder(task) {
            holder.waiting = holder.waiting.saturating_sub(1);
        }
        self.holders.retain(|holder| holder.blocks > 0 || holder.waiting > 0);
    }

    /// Whether every block that is out is held by somebody who waits for another one.
    pub(crate) fn is_stuck(&self) -> bool {
        let stuck = self.holders.iter().filter(|holder| holder.waiting > 0);
        self.out > 0 && stuck.map(|holder| holder.blocks).sum::<usize>() == self.out
    }
}

impl<'m> Mempool<'m> {
    /// A pool with a full reserve of `size` blocks.
    ///
    /// # Errors
    /// That of the first request for a block that failed; and `NoMemory` if the surrounding process has no memory for the
    /// list.
    pub fn new(machine: &'m Machine, size: usize, order: Order) -> Result<Mempool<'m>, AllocError> {
        fn room<T>(size: usize) -> Result<Vec<T>, AllocError> {
            let mut list = Vec::new();
            list.try_reserve_exact(size).map_err(|_| AllocError::NoMemory)?;
            Ok(list)
        }
        let (mut reserve, holders) = (room(size)?, room(size)?);
        for _ in 0..size {
            reserve.push(machine.alloc_pages(order, Gfp::KERNEL)?);
        }
        let inside = Inside { reserve, out: 0, holders };
        Ok(Mempool { machine, order, size, inside: Lock::new(inside) })
    }

    /// Blocks in the reserve.
    pub fn reserved(&self) -> usize {
        self.inside.lock().reserve.len()
    }

    /// A new block, asked for so that a failure costs little.
    pub(crate) fn fresh(&self, flags: Gfp) -> Result<PageBlock<'m>, AllocError> {
        self.machine.alloc_pages(self.order, flags | Gfp::NOMEMALLOC | Gfp::NORETRY | Gfp::NOWARN)
    }

    /// Hands a block out to a task.
    pub(crate) fn hand_out(&self, task: TaskId, block: PageBlock<'m>) -> PoolBlock<'_, 'm> {
        self.inside.lock().hold(task);
        PoolBlock { pool: self, task, block: Some(block) }
    }
}

/// A block of a pool; it goes back to the pool's reserve, or to the machine if the reserve is full.
#[derive(Debug)]
pub struct PoolBlock<'p, 'm> {
    pool: &'p Mempool<'m>,
    task: TaskId,
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
        let mut inside = self.pool.inside.lock();
        inside.let_go(self.task);
        if inside.reserve.len() < self.pool.size {
            inside.reserve.extend(self.block.take());
        }
    }
}
