//! A lock for short pieces of work that call nobody's code: it spins, and then lets others run.
#![expect(unsafe_code, reason = "hands out what the lock protects")]

use core::cell::UnsafeCell;
use core::fmt;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::inside;
use super::steps::{AtomicUsize, me, wait_for};

/// Nobody's, where the number of a thread may stand.
const NOBODY: usize = 0;

/// In the place of a thread's number: kept still while the process is forked.
#[cfg(all(feature = "std", target_os = "linux"))]
const FORK: usize = usize::MAX;

/// A value that one thread uses at a time. A panic while it is used does not spoil it for others.
///
/// # Invariants
/// While `holder` is not [`NOBODY`], one thread has the right to `value`: the one that changed it from that, to its own number,
/// by the [`Guard`] that it got.
pub(crate) struct Lock<T> {
    holder: AtomicUsize,
    value: UnsafeCell<T>,
}

// SAFETY: by the invariant one thread at a time reaches the value, which is the same as sending it back and forth.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    /// A lock around a value.
    pub(crate) fn new(value: T) -> Lock<T> {
        Lock { holder: AtomicUsize::new(NOBODY), value: UnsafeCell::new(value) }
    }

    /// Waits until nobody else uses the value. Must not be called by who holds a guard of the same lock.
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        let mut tries = 0;
        loop {
            if let Some(guard) = self.try_lock() {
                return guard;
            }
            // Looking does not take the cache line away from its holder, as trying does.
            loop {
                let holder = self.holder.load(Relaxed);
                if holder == NOBODY {
                    break;
                }
                wait_for(holder, tries);
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
        self.holder.store(NOBODY, Release);
        inside::leave();
    }

    /// Before a fork: keeps everybody out until [`Lock::go_on`], once nobody uses the value. Whether that happened in time; if it
    /// is the calling thread that uses it, it does not.
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(crate) fn stop(&self, deadline: super::still::Deadline) -> bool {
        while let Err(holder) = self.holder.compare_exchange(NOBODY, FORK, Acquire, Relaxed) {
            if holder == me() || super::numbers::is_gone(holder) || deadline.is_over() {
                return false;
            }
            std::thread::yield_now();
        }
        true
    }

    /// Behind a fork: ends what [`Lock::stop`] began, if it did.
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(crate) fn go_on(&self) {
        if self.is_stopped() {
            // INVARIANT: the right was that of the thread that forks, which is this one.
            self.holder.store(NOBODY, Release);
        }
    }

    /// The value, while it is kept still.
    ///
    /// # Safety
    /// The caller is the thread that forks, and does not use the reference beyond [`Lock::go_on`].
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(crate) unsafe fn stopped(&self) -> Option<&T> {
        // SAFETY: the right is the caller's, who changes nothing by it.
        self.is_stopped().then(|| unsafe { &*self.value.get() })
    }

    /// Whether it is kept still for the fork under way.
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(super) fn is_stopped(&self) -> bool {
        self.holder.load(Relaxed) == FORK
    }

    /// The value, if nobody uses it.
    pub(crate) fn try_lock(&self) -> Option<Guard<'_, T>> {
        let free = self.holder.compare_exchange(NOBODY, me(), Acquire, Relaxed).is_ok();
        // INVARIANT: this thread made the change. A guard for nothing must not even be made: it would unlock.
        free.then(|| {
            inside::enter();
            Guard { lock: self }
        })
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
        self.lock.holder.store(NOBODY, Release);
        inside::leave();
    }
}
