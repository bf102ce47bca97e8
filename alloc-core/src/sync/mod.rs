//! What threads need to share a machine: locks, and values of which each processor has its own.

pub(crate) mod asymmetric;
pub(crate) mod cpu_local;
pub(crate) mod cpus;
#[cfg(feature = "std")]
pub(crate) mod gone;
pub(crate) mod lock;
pub(crate) mod mark;
#[cfg(feature = "std")]
pub(crate) mod signal;
#[cfg(all(feature = "std", target_os = "linux"))]
pub(crate) mod still;
#[cfg(feature = "std")]
mod threads;

/// The steps between threads, for the files of this folder; the model checker puts its own here: see
/// `tests/interleavings.rs`.
mod steps {
    pub(super) use core::sync::atomic::{AtomicPtr, AtomicUsize};

    /// The calling thread's number, which is not 0.
    #[inline]
    pub(super) fn me() -> usize {
        #[cfg(feature = "std")]
        return super::threads::number();
        #[cfg(not(feature = "std"))]
        1
    }

    /// Lets others run, the thread of a number above all, after so many tries in vain.
    pub(super) fn wait_for(thread: usize, tries: u32) {
        #[cfg(feature = "std")]
        if super::gone::is_gone(thread) {
            super::gone::give_up();
        }
        let _ = thread;
        relax(tries);
    }

    /// What is waited for will never come: its thread was left behind by a fork.
    pub(super) fn give_up() -> ! {
        #[cfg(feature = "std")]
        super::gone::give_up();
        #[cfg(not(feature = "std"))]
        unreachable!("without std nobody notices forks")
    }

    /// Lets others run, after so many tries in vain.
    pub(super) fn relax(tries: u32) {
        // Whoever holds a lock is done soon, unless it lost its processor.
        #[cfg(feature = "std")]
        if tries > 100 {
            return std::thread::yield_now();
        }
        let _ = tries;
        core::hint::spin_loop();
    }

    /// The light half of a barrier: it keeps the compiler from moving memory accesses over it, and costs nothing. The
    /// heavy half makes the processors of all threads do the rest.
    #[inline(always)]
    pub(super) fn light_barrier() {
        core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::SeqCst);
    }
}
