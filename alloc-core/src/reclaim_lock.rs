//! A mutex that the machine knows of, so that it can say when reclaim would wait for whoever waits for reclaim.
#![expect(unsafe_code, reason = "hands out what the lock protects")]

use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::lock_order::HeldLock;
use crate::machine::Machine;
use crate::page::reclaim::ReclaimClass;
use crate::task::TaskId;
use crate::time::{Patience, Slept};
use crate::units::Order;

/// A mutex of simulated tasks, of which a machine knows who holds it.
///
/// The machine notes two things of all locks of one name: that one is held while its holder makes a request that may
/// call shrinkers of a class, and that a shrinker of that class takes one. Once both were seen, however far apart and
/// however much memory is free, the request could wait for the shrinker and the shrinker for the lock:
/// [`EventKind::PossibleDeadlock`]. Requests with NOLOCKDEP are not looked at.
///
/// What a task holds when the policy kills it stays held, unless [`Policy::release_on_kill`](crate::Policy) says otherwise.
///
/// ```
/// use alloc_core::{Gfp, Machine, NodePages, Order, ReclaimClass, ReclaimLock};
/// let machine = Machine::builder().node(NodePages::new(64)).build()?;
/// let inodes = ReclaimLock::new(&machine, "inodes", vec![1, 2, 3]);
/// inodes.taken_by_shrinkers(&machine, ReclaimClass::Fs);
/// let held = inodes.lock(&machine)?;
/// let block = machine.alloc_pages(Order::ZERO, Gfp::NOFS)?;
/// assert_eq!(machine.stats().possible_deadlocks, 0);
/// let block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL)?;
/// assert_eq!(machine.stats().possible_deadlocks, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Invariants
/// `lock` is the number that the machine number `machine` gave to this lock alone. While the machine says that a task
/// holds it, one [`ReclaimGuard`] has the right to `value`, or none ever again.
pub struct ReclaimLock<T> {
    machine: u64,
    lock: usize,
    value: UnsafeCell<T>,
}

// SAFETY: by the invariant one guard at a time reaches the value, which is the same as sending it back and forth.
unsafe impl<T: Send> Sync for ReclaimLock<T> {}

/// Why a lock was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LockError {
    /// Its holder has ended or was killed, and will never give it back.
    HolderGone(TaskId),
    /// Its holder is alive, and nothing that could make it go on has happened.
    Hang(TaskId),
    /// The task holds it already.
    Recursive,
    /// It is another machine's.
    OtherMachine,
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LockError::HolderGone(task) => {
                write!(f, "task {} held the lock when it ended, and holds it for ever", task.0)
            }
            LockError::Hang(task) => write!(f, "task {} holds the lock, and nothing moves", task.0),
            LockError::Recursive => f.write_str("the task holds the lock already, and would wait for itself"),
            LockError::OtherMachine => f.write_str("the lock is another machine's"),
        }
    }
}

impl core::error::Error for LockError {}

impl<T> ReclaimLock<T> {
    /// A lock around a value, for tasks of `machine`. Locks of the same name are one kind to the checker.
    pub fn new(machine: &Machine, name: &'static str, value: T) -> ReclaimLock<T> {
        let lock = machine.raw().locks.add(name);
        // INVARIANT: the number is new, and numbers of locks are never given twice.
        ReclaimLock { machine: machine.number(), lock, value: UnsafeCell::new(value) }
    }

    /// Says that shrinkers of a class take the lock, before any of them runs.
    pub fn taken_by_shrinkers(&self, machine: &Machine, class: ReclaimClass) {
        if machine.number() == self.machine {
            machine.note_taken_in(self.lock, class);
        }
    }

    /// Takes the lock for the current task. If another task holds it, the background's work is done as long as anything
    /// moves.
    ///
    /// # Errors
    /// See [`LockError`].
    pub fn lock<'l>(&'l self, machine: &'l Machine) -> Result<ReclaimGuard<'l, T>, LockError> {
        if machine.number() != self.machine {
            return Err(LockError::OtherMachine);
        }
        let task = machine.current();
        machine.take_lock(self.lock, task)?;
        // INVARIANT: the machine has just said that nobody held it, and that this task does now.
        Ok(ReclaimGuard { lock: self, machine, task, stays: PhantomData })
    }

    /// The value of a lock that nobody can hold.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T> fmt::Debug for ReclaimLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReclaimLock(number {} of machine {})", self.lock, self.machine)
    }
}

/// The right to a lock's value, given back on drop: unless its task was killed meanwhile.
#[derive(Debug)]
#[must_use = "the lock is given back when its guard is dropped"]
pub struct ReclaimGuard<'l, T> {
    lock: &'l ReclaimLock<T>,
    machine: &'l Machine,
    task: TaskId,
    stays: PhantomData<*const ()>,
}

impl<T> Deref for ReclaimGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: by the lock's invariant this guard is the only right to the value, and is borrowed as long as the reference.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for ReclaimGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard is borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for ReclaimGuard<'_, T> {
    fn drop(&mut self) {
        let mut state = self.machine.raw();
        let stays = state.task(self.task).is_some_and(|task| task.killed) && !state.policy.release_on_kill;
        if !stays {
            // INVARIANT: the guard's right ends with it.
            state.locks.release(self.lock.lock);
            state.progress += 1;
        }
    }
}

impl Machine {
    /// The locks that are held, and by whom. After a test has ended, there should be none.
    pub fn held_locks(&self) -> Vec<HeldLock> {
        self.raw().locks.held().collect()
    }

    fn note_taken_in(&self, lock: usize, class: ReclaimClass) {
        let mut state = self.raw();
        if state.locks.note_taken_in(lock, class) {
            let (name, _) = state.locks.at(lock);
            state.report_deadlock(name, class, self.current(), Gfp::NONE);
        }
    }

    fn take_lock(&self, lock: usize, task: TaskId) -> Result<(), LockError> {
        let inside = self.raw().task(task).and_then(|task| task.passes.inside());
        if let Some(class) = inside {
            self.note_taken_in(lock, class);
        }
        let (mut patience, mut slept) = (Patience::default(), Slept::Moved);
        loop {
            let mut state = self.raw();
            let (name, holder) = state.locks.at(lock);
            let Some(holder) = holder else {
                state.locks.take(lock, task);
                // Requests under a lock are looked at: what was answered without one is not repeated.
                let _ = state.task_mut(task);
                return Ok(());
            };
            let gone = state.task(holder).is_none_or(|holder| holder.exited || holder.killed);
            let error = match () {
                () if holder == task => LockError::Recursive,
                () if gone => LockError::HolderGone(holder),
                () if slept == Slept::Hung => LockError::Hang(holder),
                () => {
                    drop(state);
                    slept = self.sleep(&mut patience);
                    continue;
                }
            };
            state.stats.hangs += 1;
            state.events.note(EventKind::LockHang { lock: name, holder }, task, Order::ZERO, Gfp::NONE);
            return Err(error);
        }
    }
}
