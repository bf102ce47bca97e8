//! The thread that measures: which processor it runs on, and whether it was taken off it.

use std::cell::Cell;

thread_local! {
    static PROCESSOR: Cell<usize> = const { Cell::new(0) };
}

/// The processor that the calling thread was kept on.
pub(crate) fn processor() -> usize {
    PROCESSOR.get()
}

/// Keeps the calling thread on one processor. Where that is forbidden it stays where the system puts it.
pub(crate) fn pin(processor: usize) {
    PROCESSOR.set(processor);
    // SAFETY: the set is plain data, `processor` is bounded by it, and the call changes only this thread.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor % libc::CPU_SETSIZE as usize, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
}

/// How often the calling thread was taken off its processor so far.
pub(crate) fn preemptions() -> i64 {
    // SAFETY: the structure is plain data, which the call fills in.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_THREAD, &mut usage);
        usage.ru_nivcsw
    }
}
