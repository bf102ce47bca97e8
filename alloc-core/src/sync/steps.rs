//! The steps that threads make between each other: what a scheduler puts its own in the place of.

pub(crate) use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize};

/// The calling thread's number, which is not 0.
#[inline]
pub(crate) fn me() -> usize {
    #[cfg(feature = "std")]
    return super::numbers::mine();
    #[cfg(not(feature = "std"))]
    1
}

/// Lets others run, the thread of a number above all, after so many tries in vain.
pub(crate) fn wait_for(thread: usize, tries: u32) {
    #[cfg(feature = "std")]
    if super::numbers::is_gone(thread) {
        super::numbers::give_up();
    }
    let _ = thread;
    relax(tries);
}

/// What is waited for will never come: its thread was left behind by a fork.
pub(crate) fn give_up() -> ! {
    #[cfg(feature = "std")]
    super::numbers::give_up();
    #[cfg(not(feature = "std"))]
    unreachable!("without std nobody notices forks")
}

/// Lets others run, after so many tries in vain.
pub(crate) fn relax(tries: u32) {
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
pub(crate) fn light_barrier() {
    core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::SeqCst);
}
