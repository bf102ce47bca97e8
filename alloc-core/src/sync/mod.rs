//! What threads need to share a machine.

pub(crate) mod lock;

/// The steps between threads, for the files of this folder; the model checker puts its own here: see
/// `tests/interleavings.rs`.
mod steps {
    pub(super) use core::sync::atomic::AtomicBool;

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
}
