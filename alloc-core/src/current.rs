//! The task in whose name a thread makes requests: each thread has its own, for each machine.
//!
//! With `std`, what a thread runs in whose name is a chain of frames on its own stack, so that changing it asks nobody for
//! memory. Without, there is one word for the whole machine.
#![cfg_attr(feature = "std", expect(unsafe_code, reason = "reads frames further out on the thread's own stack"))]

use crate::task::TaskId;

#[cfg(feature = "std")]
pub(crate) use threads::Current;
#[cfg(not(feature = "std"))]
pub(crate) use word::Current;

#[cfg(feature = "std")]
mod threads {
    use super::TaskId;
    use core::cell::Cell;
    use core::ptr;

    /// One call of [`Current::run_as`] that has not returned.
    struct Frame {
        machine: u64,
        task: TaskId,
        outer: *const Frame,
    }

    #[cfg(alloc_core_shuttle)]
    use shuttle::thread_local;
    #[cfg(not(alloc_core_shuttle))]
    use std::thread_local;

    thread_local! {
        /// The innermost frame.
        ///
        /// # Invariants
        /// Null, or a frame of a call that has not returned on this thread, as is every `outer` of it that is not null:
        /// a call sets it to its own frame, and back before it returns or unwinds.
        static INNERMOST: Cell<*const Frame> = const { Cell::new(ptr::null()) };
    }

    /// Sets the innermost frame back.
    struct Back(*const Frame);

    impl Drop for Back {
        fn drop(&mut self) {
            INNERMOST.with(|innermost| innermost.set(self.0));
        }
    }

    /// A machine's current tasks.
    #[derive(Debug)]
    pub(crate) struct Current {
        machine: u64,
        otherwise: TaskId,
    }

    impl Current {
        /// The current tasks of machine number `machine`: `otherwise` on every thread.
        pub(crate) fn new(machine: u64, otherwise: TaskId) -> Current {
            Current { machine, otherwise }
        }

        /// The task of this thread.
        #[inline]
        pub(crate) fn get(&self) -> TaskId {
            let mut at = INNERMOST.with(Cell::get);
            // SAFETY: by the invariant the pointer is null, or its frame lives on this thread's stack and does not change.
            while let Some(frame) = unsafe { at.as_ref() } {
                if frame.machine == self.machine {
                    return frame.task;
                }
                at = frame.outer;
            }
            self.otherwise
        }

        /// Runs `body` in the name of a task.
        pub(crate) fn run_as<R>(&self, task: TaskId, body: impl FnOnce() -> R) -> R {
            let outer = INNERMOST.with(Cell::get);
            let frame = Frame { machine: self.machine, task, outer };
            // Dropped before the frame, whether `body` returns or unwinds.
            let _back = Back(outer);
            INNERMOST.with(|innermost| innermost.set(&raw const frame));
            body()
        }
    }
}

#[cfg(not(feature = "std"))]
mod word {
    use super::TaskId;
    use core::sync::atomic::{AtomicU32, Ordering};

    /// A machine's current task: one for all threads.
    #[derive(Debug)]
    pub(crate) struct Current(AtomicU32);

    /// Sets the task back.
    struct Back<'c>(&'c Current, u32);

    impl Drop for Back<'_> {
        fn drop(&mut self) {
            self.0.0.store(self.1, Ordering::Relaxed);
        }
    }

    impl Current {
        /// The current task is `otherwise` at first.
        pub(crate) fn new(_: u64, otherwise: TaskId) -> Current {
            Current(AtomicU32::new(otherwise.0))
        }

        /// The task.
        #[inline]
        pub(crate) fn get(&self) -> TaskId {
            TaskId(self.0.load(Ordering::Relaxed))
        }

        /// Runs `body` in the name of a task.
        pub(crate) fn run_as<R>(&self, task: TaskId, body: impl FnOnce() -> R) -> R {
            let _back = Back(self, self.0.swap(task.0, Ordering::Relaxed));
            body()
        }
    }
}
