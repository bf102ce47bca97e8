//! What threads need to share a machine: locks, and values of which each processor has its own.

pub(crate) mod apart;
pub(crate) mod asymmetric;
pub(crate) mod cpu_local;
pub(crate) mod cpus;
pub(crate) mod lock;
pub(crate) mod mark;
#[cfg(feature = "std")]
pub(crate) mod signal;
#[cfg(feature = "std")]
mod threads;

/// The steps between threads, for the files of this folder; the model checker puts its own here: see
/// `tests/interleavings.rs`.
mod steps {
    pub(super) use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize};

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
