//! A value that threads share behind a short spin lock: what allocators need may not wait in the C library's locks.
#![expect(unsafe_code, reason = "is a lock")]

use std::cell::UnsafeCell;
use std::hint;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A value behind a lock. Nothing that is done with it waits, allocates from the program's allocator, or comes back here.
#[derive(Debug)]
pub(crate) struct Spin<T> {
    locked: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: the value is only touched by the thread that holds `locked`; so it must be one that threads may hand on.
unsafe impl<T: Send> Sync for Spin<T> {}

impl<T> Spin<T> {
    pub(crate) const fn new(value: T) -> Spin<T> {
        Spin { locked: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Works with the value. A panic inside would leave it locked.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        while self.locked.compare_exchange_weak(false, true, Acquire, Relaxed).is_err() {
            hint::spin_loop();
        }
        // SAFETY: the lock is held, so no other thread touches the value.
        let result = work(unsafe { &mut *self.value.get() });
        self.locked.store(false, Release);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_threads_have_the_value_at_a_time() {
        let sum = Spin::new(0_u64);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        sum.with(|sum| {
                            let before = *sum;
                            // Here another one would come in.
                            std::thread::yield_now();
                            *sum = before + 1;
                        });
                    }
                });
            }
        });
        assert_eq!(sum.with(|sum| *sum), 400);
    }
}
