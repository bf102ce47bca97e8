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

    /// The value, if nobody uses it.
    pub(crate) fn try_lock(&self) -> Option<Guard<'_, T>> {
        let free = self.locked.compare_exchange(false, true, Acquire, Relaxed).is_ok();
        // INVARIANT: this thread made the change.
        // A guard that is made and not handed out would unlock what others hold, so it is made only if it is.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_a_panic_does_not_spoil_it() {
        let lock = Lock::new(1);
        let guard = lock.lock();
        assert!(lock.try_lock().is_none());
        drop(guard);
        *lock.lock() += 1;
        assert_eq!(*lock.lock(), 2);
        #[cfg(feature = "std")]
        {
            let holder = std::panic::AssertUnwindSafe(&lock);
            let panicked = std::panic::catch_unwind(move || {
                let _guard = holder.lock();
                panic!("while it is held");
            });
            assert!(panicked.is_err() && lock.try_lock().is_some());
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn no_addition_of_many_threads_is_lost() {
        let lock = Lock::new(0_u64);
        let times = if cfg!(miri) { 20 } else { 100_000 };
        // They begin together, or the first would be done before the last is there.
        let begin = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    begin.wait();
                    (0..times).for_each(|_| *lock.lock() += 1);
                });
            }
        });
        assert_eq!(*lock.lock(), 4 * times);
    }
}
