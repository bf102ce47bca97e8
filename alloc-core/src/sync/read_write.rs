//! A lock that many may read under, for as long as a request takes, and one may write under.
//!
//! Nobody who reads keeps others from reading, whoever waits to write: so a reader may become one once more without waiting for
//! itself, and one who writes waits until nobody reads.
#![expect(unsafe_code, reason = "hands out what the lock protects")]

use core::cell::UnsafeCell;
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::steps::{AtomicUsize, relax};

/// In the place of the number of readers: somebody writes.
const WRITES: usize = usize::MAX;

/// A value that many read at a time, or one writes.
///
/// # Invariants
/// `users` is the number of [`Reading`] guards, and then there is no other; or [`WRITES`], and then there is one [`Writing`] guard.
pub(crate) struct ReadWrite<T> {
    users: AtomicUsize,
    value: UnsafeCell<T>,
}

// SAFETY: by the invariant threads share the value for reading, and one at a time writes.
unsafe impl<T: Send + Sync> Sync for ReadWrite<T> {}

impl<T> ReadWrite<T> {
    /// A lock around a value.
    pub(crate) fn new(value: T) -> ReadWrite<T> {
        ReadWrite { users: AtomicUsize::new(0), value: UnsafeCell::new(value) }
    }

    /// Waits until nobody writes.
    pub(crate) fn read(&self) -> Reading<'_, T> {
        let mut tries = 0;
        loop {
            let users = self.users.load(Relaxed);
            if users < WRITES - 1 && self.users.compare_exchange(users, users + 1, Acquire, Relaxed).is_ok() {
                // INVARIANT: one more is counted, and nobody wrote.
                return Reading(self);
            }
            relax(tries);
            tries = tries.saturating_add(1);
        }
    }

    /// Waits until nobody reads or writes. Must not be called by who does either.
    pub(crate) fn write(&self) -> Writing<'_, T> {
        let mut tries = 0;
        loop {
            if let Some(writing) = self.try_write() {
                return writing;
            }
            relax(tries);
            tries = tries.saturating_add(1);
        }
    }

    /// The right to write, if nobody reads or writes.
    pub(crate) fn try_write(&self) -> Option<Writing<'_, T>> {
        // INVARIANT: nobody had the lock, and nobody else gets it.
        self.users.compare_exchange(0, WRITES, Acquire, Relaxed).is_ok().then(|| Writing(self))
    }
}

impl<T> fmt::Debug for ReadWrite<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadWrite")
    }
}

/// The right to read, given back on drop.
#[derive(Debug)]
pub(crate) struct Reading<'l, T>(&'l ReadWrite<T>);

impl<T> Deref for Reading<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: by the lock's invariant nobody writes as long as the guard lives.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> Drop for Reading<'_, T> {
    fn drop(&mut self) {
        let mut users = self.0.users.load(Relaxed);
        // INVARIANT: this guard was counted.
        while let Err(now) = self.0.users.compare_exchange(users, users - 1, Release, Relaxed) {
            users = now;
        }
    }
}

/// The right to write, given back on drop.
pub(crate) struct Writing<'l, T>(&'l ReadWrite<T>);

impl<T> Deref for Writing<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: by the lock's invariant this guard is the only one.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Writing<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above, and the guard is borrowed exclusively.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Writing<'_, T> {
    fn drop(&mut self) {
        // INVARIANT: the guard's right ends with it.
        self.0.users.store(0, Release);
    }
}
