//! What a thread keeps of its own: its mark, and the processor that it was last seen on.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::mark::Mark;

/// Threads that have marks at once. Those beyond go without, and visit where others enter.
const MARKS: usize = 256;

/// The marks of all threads; leased, and given back when a thread ends.
static ALL: [(Mark, AtomicBool); MARKS] = [const { (Mark(AtomicUsize::new(0)), AtomicBool::new(false)) }; MARKS];

struct Here {
    mark: Cell<Option<&'static Mark>>,
    cpu: Cell<usize>,
}

/// A thread's lease on one of the marks.
struct Lease(Option<usize>);

impl Drop for Lease {
    fn drop(&mut self) {
        HERE.with(|here| here.mark.set(None));
        if let Some(number) = self.0 {
            // Whoever leases it next has seen all that this thread did.
            ALL[number].1.store(false, Ordering::Release);
        }
    }
}

std::thread_local! {
    static HERE: Here = const { Here { mark: Cell::new(None), cpu: Cell::new(0) } };
    static LEASE: Lease = Lease(ALL.iter().position(|(_, taken)| {
        taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }));
}

/// The calling thread's mark, if it has one: there are not for ever more, and a thread that ends has none at last.
#[inline(always)]
pub(super) fn mark() -> Option<&'static Mark> {
    HERE.with(|here| here.mark.get()).or_else(lease)
}

#[cold]
fn lease() -> Option<&'static Mark> {
    let mark = LEASE.try_with(|lease| lease.0.map(|number| &ALL[number].0)).ok().flatten();
    HERE.with(|here| here.mark.set(mark));
    mark
}

/// In the child of a fork: all other threads are gone, and do not give back their marks themselves.
#[cfg(target_os = "linux")]
pub(super) fn leave_behind() {
    let mine = HERE.with(|here| here.mark.get());
    for (mark, taken) in &ALL {
        if mine.is_none_or(|mine| !core::ptr::eq(mine, mark)) && mark.leave_behind() {
            taken.store(false, Ordering::Release);
        }
    }
}

/// The processor that the calling thread was last seen on.
#[inline(always)]
pub(super) fn cpu() -> usize {
    HERE.with(|here| here.cpu.get())
}

/// The calling thread was seen on a processor.
pub(super) fn seen_on(cpu: usize) {
    HERE.with(|here| here.cpu.set(cpu));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_has_a_mark_of_its_own_and_gives_it_back() {
        let mine = mark().unwrap();
        assert!(core::ptr::eq(mine, mark().unwrap()));
        for _ in 0..if cfg!(miri) { 4 } else { 2 * MARKS } {
            let theirs = std::thread::spawn(|| core::ptr::from_ref(mark().unwrap()).addr()).join().unwrap();
            assert_ne!(theirs, core::ptr::from_ref(mine).addr());
        }
    }
}
