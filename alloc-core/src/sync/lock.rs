//! A lock for short pieces of work that call nobody's code: it spins, and then lets others run.
#![expect(unsafe_code, reason = "hands out what the lock protects")]

use core::cell::UnsafeCell;
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::steps::{AtomicBool, relax};

/// A value that one thread uses at a time. A panic while it is used does not spoil it for others.
///
/// # Invariants
/// While `locked` is set, one thread has the right to `value`: the one that changed it from false to true, by the
/// [`Guard`] that it got.
pub(crate) struct Lock<T> {
    locked: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: by the invariant one thread at a time reaches the value, which is the same as sending it back and forth.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    /// A lock around a value.
    pub(crate) fn new(value: T) -> Lock<T> {
        Lock { locked: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Waits until nobody else uses the value. Must not be called by who holds a guard of the same lock.
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        let mut tries = 0;
        loop {
            if let Some(guard) = self.try_lock() {
                return guard;
            }
            // Looking does not take the cache line away from its holder, as trying does.
            while self.locked.load(Relaxed) {
                relax(tries);
                tries = tries.saturating_add(1);
            }
        }
    }

    /// Takes the right to the value and keeps it beyond the guard's life, until [`Lock::let_go`].
    pub(crate) fn hold(&self) {
        core::mem::forget(self.lock());
    }

    /// Ends what [`Lock::hold`] began.
    ///
    /// # Safety
    /// The caller holds the lock by `hold`, and uses the value no longer.
    pub(crate) unsafe fn let_go(&self) {
        // INVARIANT: the right was the caller's, and ends here.
        self.locked.store(false, Release);
    }

    /// The value, if nobody uses it.
    pub(crate) fn try_lock(&self) -> Option<Guard<'_, T>> {
        let free = self.locked.compare_exchange(false, true, Acquire, Relaxed).is_ok();
        // INVARIANT: this thread made the change. A guard for nothing must not even be made: it would unlock.
        free.then(|| Guard { lock: self })
    }
}

impl<T: Default> Default for Lock<T> {
    fn default() -> Lock<T> {
        Lock::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Lock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.try_lock() {
            Some(guard) => f.debug_tuple("Lock").field(&*guard).finish(),
            None => f.write_str("Lock(in use)"),
        }
    }
}

/// The right to a lock's value, given back on drop.
pub(crate) struct Guard<'l, T> {
    lock: &'l Lock<T>,
}

// SAFETY: a shared guard gives shared references to the value, and nothing else.
unsafe impl<T: Sync> Sync for Guard<'_, T> {}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: by the lock's invariant this guard is the only right to the value, and it is borrowed as long as the reference.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the guard is borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        // INVARIANT: the guard's right ends with it. What was done to the value is seen by the next holder.
        self.lock.locked.store(false, Release);
    }
}
