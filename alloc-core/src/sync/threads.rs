//! What a thread keeps of its own: its mark, where it is found with one read.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::mark::Mark;

/// Threads that have marks at once. Those beyond go without, and visit where others enter.
const MARKS: usize = 256;

const fn mark_in(place: usize) -> Mark {
    Mark { place: AtomicUsize::new(place), cpu: AtomicUsize::new(0) }
}

/// The marks of all threads; leased, and given back when a thread ends.
static ALL: [(Mark, AtomicBool); MARKS] = [const { (mark_in(0), AtomicBool::new(false)) }; MARKS];

/// The mark of all threads that have none. It is somewhere, for ever, so that by it nobody enters anything.
static NOBODYS: Mark = mark_in(usize::MAX);

/// A thread's lease on one of the marks.
struct Lease(Option<usize>);

impl Drop for Lease {
    fn drop(&mut self) {
        MARK.set(&NOBODYS);
        if let Some(number) = self.0 {
            // Whoever leases it next has seen all that this thread did.
            ALL[number].1.store(false, Ordering::Release);
        }
    }
}

std::thread_local! {
    static MARK: Cell<&'static Mark> = const { Cell::new(&NOBODYS) };
    static LEASE: Lease = Lease(ALL.iter().position(|(_, taken)| {
        taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }));
}

/// The calling thread's mark, to enter places by; or one by which nobody enters, if the thread has none yet.
#[inline(always)]
pub(super) fn mark() -> &'static Mark {
    MARK.get()
}

/// The calling thread's mark, if it can have one: there are not for ever more, and a thread that ends has none at last.
pub(super) fn lease() -> Option<&'static Mark> {
    if core::ptr::eq(mark(), &NOBODYS) {
        let number = LEASE.try_with(|lease| lease.0).ok().flatten()?;
        MARK.set(&ALL[number].0);
    }
    Some(mark())
}

/// In the child of a fork: all other threads are gone, and do not give back their marks themselves.
#[cfg(target_os = "linux")]
pub(super) fn leave_behind() {
    for (other, taken) in &ALL {
        if !core::ptr::eq(mark(), other) && other.leave_behind() {
            taken.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_has_a_mark_of_its_own_and_gives_it_back() {
        assert!(!mark().is_nowhere(), "by a mark that was not leased nobody enters");
        let mine = lease().unwrap();
        assert!(mine.is_nowhere() && core::ptr::eq(mine, mark()) && core::ptr::eq(mine, lease().unwrap()));
        for _ in 0..if cfg!(miri) { 4 } else { 2 * MARKS } {
            let theirs = std::thread::spawn(|| core::ptr::from_ref(lease().unwrap()).addr()).join().unwrap();
            assert_ne!(theirs, core::ptr::from_ref(mine).addr());
        }
    }
}
