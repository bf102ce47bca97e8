//! The numbers of threads, and which of them a fork left behind: what those held, they hold for ever in the child.

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// How many threads have a number.
static NUMBERED: AtomicUsize = AtomicUsize::new(0);

std::thread_local! {
    /// The thread's own, 0 before it has one.
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// How many forks lie between this process and the first one.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// The thread that made the last of these forks, and the first number that was given to none before it.
static SURVIVOR: AtomicUsize = AtomicUsize::new(0);
static FIRST_NEW: AtomicUsize = AtomicUsize::new(0);

/// Tells processes of one tree apart: what it was when something began says whether that has been left behind by a fork.
pub(crate) fn forks() -> u64 {
    FORKS.load(Relaxed)
}

/// The calling thread's number, from 1: no other thread had it, or ever gets it, of this process or of those that forked it.
#[inline]
pub(super) fn mine() -> usize {
    match NUMBER.get() {
        0 => new(),
        number => number,
    }
}

#[cold]
fn new() -> usize {
    let number = NUMBERED.fetch_add(1, Relaxed) + 1;
    NUMBER.set(number);
    number
}

/// This process is the child of a fork that the calling thread made; all others are gone.
#[cfg(target_os = "linux")]
pub(super) fn leave_behind() {
    SURVIVOR.store(mine(), Relaxed);
    FIRST_NEW.store(NUMBERED.load(Relaxed) + 1, Relaxed);
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
