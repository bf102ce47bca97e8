//! A pool of elements set aside in advance: the guarantee that flags alone cannot give.

use alloc::vec::Vec;
use core::fmt;

use crate::backing::{Backing, Blocks, Kmalloced, Objects};
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::slab::cache::Cache;
use crate::sync::lock::Lock;
use crate::task::TaskId;
use crate::units::Order;

/// A pool with a reserve of elements: blocks of pages of one order, or what another [`Backing`] makes.
///
/// A caller that may wait is never refused: it gets a new element, one of the reserve, or waits for one that another caller
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
pub struct Mempool<'m, B: Backing<'m> = Blocks<'m>> {
    pub(crate) machine: &'m Machine,
    backing: B,
    /// The smallest order that holds an element.
    pub(crate) order: Order,
    pub(crate) inside: Lock<Inside<B::Element>>,
}

/// What changes of a pool.
pub(crate) struct Inside<E> {
    /// Elements that the full reserve has.
    pub(crate) size: usize,
    /// At most `size` elements, and room for as many.
    pub(crate) reserve: Vec<E>,
    /// Elements that are out.
    out: usize,
    /// The tasks that have them, as far as there is room to note it: for as many as the pool's size, from the beginning.
    holders: Vec<Holder>,
}

/// A task that has elements of a pool.
#[derive(Debug)]
struct Holder {
    task: TaskId,
    elements: usize,
    /// Its requests for more that sleep.
    waiting: usize,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<E> Inside<E> {
    fn holder(&mut self, task: TaskId) -> Option<&mut Holder> {
        self.holders.iter_mut().find(|holder| holder.task == task)
    }

    /// An element goes out to a task.
    pub(crate) fn hold(&mut self, task: TaskId) {
        self.out += 1;
        if let Some(holder) = self.holder(task) {
            holder.elements += 1;
        } else if self.holders.len() < self.holders.capacity() {
            self.holders.push(Holder { task, elements: 1, waiting: 0 });
        }
    }

    /// An element comes back from a task.
    fn let_go(&mut self, task: TaskId) {
        self.out -= 1;
        if let Some(holder) = self.holder(task) {
            holder.elements = holder.elements.saturating_sub(1);
        }
        self.holders.retain(|holder| holder.elements > 0 || holder.waiting > 0);
    }

    /// A request of a task sleeps; whether that was noted: only who has elements of the pool is of interest.
    pub(crate) fn sleeps(&mut self, task: TaskId) -> bool {
        self.holder(task).map(|holder| holder.waiting += 1).is_some()
    }

    /// A request of a task, of which that was noted, sleeps no longer.
    pub(crate) fn wakes(&mut self, task: TaskId) {
        if let Some(holder) = self.holder(task) {
            holder.waiting = holder.waiting.saturating_sub(1);
        }
        self.holders.retain(|holder| holder.elements > 0 || holder.waiting > 0);
    }

    /// Whether every element that is out is held by somebody who waits for another one.
    pub(crate) fn is_stuck(&self) -> bool {
        let stuck = self.holders.iter().filter(|holder| holder.waiting > 0);
        self.out > 0 && stuck.map(|holder| holder.elements).sum::<usize>() == self.out
    }
}

/// A list with room for `size` things.
fn room<T>(size: usize) -> Result<Vec<T>, AllocError> {
    let mut list = Vec::new();
    list.try_reserve_exact(size).map_err(|_| AllocError::NoMemory)?;
    Ok(list)
}

impl<'m> Mempool<'m> {
    /// A pool with a full reserve of `size` blocks of pages.
    ///
    /// # Errors
    /// As [`Mempool::over`].
    pub fn new(machine: &'m Machine, size: usize, order: Order) -> Result<Mempool<'m>, AllocError> {
        Mempool::over(Blocks::new(machine, order), size)
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'c, 'm> Mempool<'m, Objects<'c, 'm>> {
    /// A pool with a full reserve of `size` objects of a cache (`mempool_create_slab_pool`).
    ///
    /// ```
    /// use alloc_core::{CacheOptions, Gfp, Machine, Mempool, NodeId, NodePages};
    /// let machine = Machine::builder().node(NodePages::new(1024)).build()?;
    /// let cache = machine.cache(CacheOptions::new("bio", 200))?;
    /// let bios = Mempool::of_objects(&cache, 16)?;
    /// let _nothing_left = machine.exhaust(NodeId(0), 0);
    /// let held: Vec<_> = (0..16).map(|_| bios.alloc(Gfp::NOIO)).collect::<Result<_, _>>()?;
    /// assert_eq!(held[0].bytes().len(), 200);
    /// # drop(held);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Mempool::over`].
    pub fn of_objects(cache: &'c Cache<'m>, size: usize) -> Result<Mempool<'m, Objects<'c, 'm>>, AllocError> {
        Mempool::over(Objects(cache), size)
    }
}

impl<'m> Mempool<'m, Kmalloced<'m>> {
    /// A pool with a full reserve of `size` pieces of memory of `bytes` bytes each (`mempool_create_kmalloc_pool`).
    ///
    /// # Errors
    /// As [`Mempool::over`].
    pub fn of_kmalloc(
        machine: &'m Machine,
        size: usize,
        bytes: usize,
    ) -> Result<Mempool<'m, Kmalloced<'m>>, AllocError> {
        Mempool::over(Kmalloced::new(machine, bytes), size)
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'m, B: Backing<'m>> Mempool<'m, B> {
    /// A pool with a full reserve of `size` elements.
    ///
    /// # Errors
    /// That of the first request for an element that failed; and `NoMemory` if the surrounding process has no memory for
    /// the list.
    pub fn over(backing: B, size: usize) -> Result<Mempool<'m, B>, AllocError> {
        let (machine, order) = (backing.machine(), Order::for_layout(backing.size(), 1));
        let inside = Inside { size: 0, reserve: Vec::new(), out: 0, holders: Vec::new() };
        let pool = Mempool { machine, backing, order, inside: Lock::new(inside) };
        pool.resize(size)?;
        Ok(pool)
    }

    /// Elements in the reserve.
    pub fn reserved(&self) -> usize {
        self.inside.lock().reserve.len()
    }

    /// Elements that the full reserve has.
    pub fn size(&self) -> usize {
        self.inside.lock().size
    }

    /// Bytes in an element.
    pub(crate) fn bytes(&self) -> usize {
        self.backing.size()
    }

    /// Makes the reserve larger or smaller (`mempool_resize`). Elements for what it grows by are got first, with KERNEL; what
    /// it has too many is given back. Elements that are out come back to the reserve as far as it has room then.
    ///
    /// # Errors
    /// As [`Mempool::over`]. The pool is as it was then.
    pub fn resize(&self, size: usize) -> Result<(), AllocError> {
        let mut more = room(size)?;
        let mut holders = room(size)?;
        while more.len() < size.saturating_sub(self.size()) {
            more.push(self.backing.get(Gfp::KERNEL)?);
        }
        let mut inside = self.inside.lock();
        // The lists that had room before are let go without the lock, with what is too much.
        let mut before = core::mem::replace(&mut inside.reserve, more);
        let free = size.saturating_sub(inside.reserve.len());
        let kept = before.len().saturating_sub(free);
        inside.reserve.extend(before.drain(kept..));
        if inside.holders.len() <= holders.capacity() {
            holders.append(&mut inside.holders);
            core::mem::swap(&mut inside.holders, &mut holders);
        }
        inside.size = size;
        drop(inside);
        drop((before, holders));
        // There is more for those who sleep.
        self.machine.raw().progress += 1;
        Ok(())
    }

    /// A new element, asked for so that a failure costs little.
    pub(crate) fn fresh(&self, flags: Gfp) -> Result<B::Element, AllocError> {
        self.backing.get(flags | Gfp::NOMEMALLOC | Gfp::NORETRY | Gfp::NOWARN)
    }

    /// Hands an element out to a task.
    pub(crate) fn hand_out(&self, task: TaskId, element: B::Element) -> PoolBlock<'_, 'm, B> {
        self.inside.lock().hold(task);
        PoolBlock { pool: self, task, element: Some(element) }
    }
}

impl<'m, B: Backing<'m>> fmt::Debug for Mempool<'m, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mempool({} of {} elements of {} bytes)", self.reserved(), self.size(), self.bytes())
    }
}

/// An element of a pool; it goes back to the pool's reserve, or to where it came from if the reserve is full.
pub struct PoolBlock<'p, 'm, B: Backing<'m> = Blocks<'m>> {
    pool: &'p Mempool<'m, B>,
    task: TaskId,
    element: Option<B::Element>,
}

impl<'m, B: Backing<'m>> PoolBlock<'_, 'm, B> {
    /// The element's bytes: what its last owner left.
    pub fn bytes(&self) -> &[u8] {
        self.element.as_ref().map_or(&[], B::bytes)
    }

    /// The element's bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.element.as_mut().map_or(&mut [], B::bytes_mut)
    }
}

impl<'m, B: Backing<'m>> fmt::Debug for PoolBlock<'_, 'm, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PoolBlock({} bytes)", self.bytes().len())
    }
}

impl<'m, B: Backing<'m>> Drop for PoolBlock<'_, 'm, B> {
    fn drop(&mut self) {
        self.pool.machine.raw().progress += 1;
        let mut inside = self.pool.inside.lock();
        inside.let_go(self.task);
        if inside.reserve.len() < inside.size {
            inside.reserve.extend(self.element.take());
        }
    }
}
