//! A word in shared memory that one process waits at and another one rings.
#![expect(unsafe_code, reason = "asks the kernel to wait for a word's change")]

use std::ptr;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::time::Duration;

/// Wakes who waits at the word.
pub(crate) fn ring(word: &AtomicU32) {
    word.fetch_add(1, Release);
    // SAFETY: names a word that lives as long as the call; the kernel wakes and writes nothing.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
}

/// Waits until the word is rung after it was `heard`, at most for `limit`; what it says then.
pub(crate) fn wait(word: &AtomicU32, heard: u32, limit: Duration) -> u32 {
    let limit = libc::timespec { tv_sec: limit.as_secs() as libc::time_t, tv_nsec: limit.subsec_nanos().into() };
    let nothing = ptr::null::<u32>();
    // SAFETY: 1. The word lives as long as the call. 2. The time is this call's own. A change before the call ends it.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, heard, &raw const limit, nothing, 0) };
    word.load(Acquire)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_woken_and_what_was_rung_before_is_not_missed() {
        let bell = AtomicU32::new(0);
        let forever = Duration::from_secs(600);
        std::thread::scope(|scope| {
            let woken = scope.spawn(|| wait(&bell, 0, forever));
            // Before the wait, or in it: both end it.
            ring(&bell);
            assert_eq!(woken.join().unwrap(), 1);
        });
        assert_eq!(wait(&bell, 0, forever), 1);
        assert_eq!(wait(&bell, 1, Duration::from_millis(1)), 1);
    }
}
