//! The processors of Linux: how many there are, which one a thread runs on, and a barrier for all threads of the process.
#![expect(unsafe_code, reason = "asks the operating system")]

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What `membarrier` is asked for; see membarrier(2).
const GLOBAL: libc::c_int = 1;
const PRIVATE_EXPEDITED: libc::c_int = 1 << 3;
const REGISTER_PRIVATE_EXPEDITED: libc::c_int = 1 << 4;

/// How many processors the machine has, whether or not this process may run on all of them.
pub(super) fn count() -> usize {
    // SAFETY: a question without arguments in memory.
    let count = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_CONF) };
    usize::try_from(count).unwrap_or(1).max(1)
}

/// The processor that the calling thread runs on.
pub(super) fn current() -> usize {
    // SAFETY: a question without arguments.
    usize::try_from(unsafe { libc::sched_getcpu() }).unwrap_or(0)
}

/// Makes every thread of the process pass a full memory barrier, and says whether it has.
pub(super) fn barrier() -> bool {
    /// Whether this process has said that it will ask.
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    // SAFETY: the commands take no memory; they make barriers, or note that one will be asked for.
    let ask = |command: libc::c_int| unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) } == 0;
    if REGISTERED.load(Relaxed) && ask(PRIVATE_EXPEDITED) {
        return true;
    }
    let registered = ask(REGISTER_PRIVATE_EXPEDITED);
    REGISTERED.store(registered, Relaxed);
    // The slow one needs no registration; it is there wherever the call is.
    (registered && ask(PRIVATE_EXPEDITED)) || ask(GLOBAL)
}

#[cfg(not(miri))]
#[cfg(test)]
mod tests {
    #[test]
    fn there_is_a_processor_and_this_thread_is_on_one() {
        assert!(super::count() >= 1);
        assert!(super::current() < 1 << 20);
    }
}
