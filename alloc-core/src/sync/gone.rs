//! Threads that a fork left behind: in the child they do not exist, and what they held there they hold for ever.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// How many forks lie between this process and the first one.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// The thread that made the last of these forks, and the first number that was given to none before it.
static SURVIVOR: AtomicUsize = AtomicUsize::new(0);
static FIRST_NEW: AtomicUsize = AtomicUsize::new(0);

/// Tells processes of one tree apart: what it was when something began says whether that has been left behind by a fork.
pub(crate) fn forks() -> u64 {
    FORKS.load(Relaxed)
}

/// This process is the child of a fork that the thread `survivor` made; all others below `first_new` are gone.
#[cfg(target_os = "linux")]
pub(super) fn note(survivor: usize, first_new: usize) {
    SURVIVOR.store(survivor, Relaxed);
    FIRST_NEW.store(first_new, Relaxed);
    FORKS.fetch_add(1, Relaxed);
}

/// Whether a thread is one that a fork left behind.
pub(super) fn is_gone(thread: usize) -> bool {
    thread < FIRST_NEW.load(Relaxed) && thread != SURVIVOR.load(Relaxed)
}

/// Ends the process: what is waited for is in the hands of a thread that does not exist in it, and may be half changed.
#[cold]
pub(super) fn give_up() -> ! {
    const MESSAGE: &str = "alloc-core: another thread was inside of a machine when this process was forked, and holds \
        what it held there for ever: make forks while no other thread uses the machine, or build it in the child\n";
    #[cfg(target_os = "linux")]
    #[expect(unsafe_code, reason = "std's stream has a lock, which may be held in the same way")]
    // SAFETY: the bytes are the message's.
    unsafe {
        libc::write(libc::STDERR_FILENO, MESSAGE.as_ptr().cast(), MESSAGE.len());
    }
    #[cfg(not(target_os = "linux"))]
    std::eprintln!("{MESSAGE}");
    std::process::abort()
}
