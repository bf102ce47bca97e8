//! The same steps, each of them a point at which the scheduler may let another thread go on: see the folder `schedules`.
#![allow(dead_code, reason = "has all that the ordinary steps have")]

use core::sync::atomic::Ordering;
use std::time::Duration;

/// Lets the scheduler choose who goes on.
fn point() {
    if shuttle::current::get_current_task().is_some() {
        // Time is not modelled: to sleep is to be overtaken.
        shuttle::thread::sleep(Duration::ZERO);
    }
}

macro_rules! atomic {
    ($name:ident $(<$generic:ident>)?, $value:ty) => {
        /// An atomic value whose every use is a step.
        #[derive(Debug, Default)]
        #[repr(transparent)]
        pub(crate) struct $name$(<$generic>)?(core::sync::atomic::$name$(<$generic>)?);

        impl$(<$generic>)? $name$(<$generic>)? {
            pub(crate) const fn new(value: $value) -> Self {
                $name(core::sync::atomic::$name::new(value))
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                point();
                self.0.load(order)
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                point();
                self.0.store(value, order);
            }

            pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                point();
                self.0.swap(value, order)
            }

            pub(crate) fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                point();
                self.0.compare_exchange(current, new, success, failure)
            }
        }
    };
}

atomic!(AtomicBool, bool);
atomic!(AtomicU8, u8);
atomic!(AtomicU32, u32);
atomic!(AtomicU64, u64);
atomic!(AtomicUsize, usize);
atomic!(AtomicPtr<T>, *mut T);

macro_rules! number {
    ($name:ident, $value:ty) => {
        impl $name {
            pub(crate) fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                point();
                self.0.fetch_add(value, order)
            }
        }
    };
}

number!(AtomicU32, u32);
number!(AtomicU64, u64);

pub(crate) fn me() -> usize {
    shuttle::current::get_current_task().map_or(1, |task| usize::from(task) + 2)
}

pub(crate) fn relax(_: u32) {
    shuttle::thread::yield_now();
}

pub(crate) fn wait_for(thread: usize, tries: u32) {
    assert!(!super::numbers::is_gone(thread), "there are no forks here");
    relax(tries);
}

pub(crate) fn give_up() -> ! {
    super::numbers::give_up()
}

/// The owner's half of the barrier. All steps are in one order here, so that neither half has anything to do: what they are
/// needed for, loom checks.
pub(crate) fn light_barrier() {
    point();
}

/// What a thread keeps of its own, with the scheduler's threads.
pub(crate) mod threads {
    use super::AtomicUsize;
    use crate::sync::mark::Mark;
    use alloc::boxed::Box;

    shuttle::thread_local! {
        /// One for each thread of each schedule; they are never freed.
        static MARK: &'static Mark = {
            Box::leak(Box::new(Mark { place: AtomicUsize::new(0), cpu: core::sync::atomic::AtomicUsize::new(0) }))
        };
    }

    pub(crate) fn mark() -> &'static Mark {
        MARK.with(|mark| *mark)
    }

    pub(crate) fn lease() -> Option<&'static Mark> {
        Some(mark())
    }

    pub(crate) fn leave_behind() {}
}
