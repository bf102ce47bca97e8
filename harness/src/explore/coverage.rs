//! What ran in children shows in the coverage of the user's process: LLVM's counters, carried over.
//!
//! A build with `-C instrument-coverage` counts in a section of the program, and writes it to a file when the program
//! exits. Children of a sweep do not exit that way, and their recovery code is what the sweep is for.
#![expect(unsafe_code, reason = "reads and writes the counters that the linker gathered")]

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use crate::memory::campaign::Campaign;

/// The beginning and the end of the counters; both are 0 in a program that has none.
fn bounds() -> (usize, usize) {
    let (start, stop);
    // Weak in each object that asks: without the section the program links all the same.
    // SAFETY: reads two words of the global offset table, which the linker fills in.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        core::arch::asm!(
            ".weak __start___llvm_prf_cnts", ".weak __stop___llvm_prf_cnts",
            "mov {}, qword ptr [rip + __start___llvm_prf_cnts@GOTPCREL]",
            "mov {}, qword ptr [rip + __stop___llvm_prf_cnts@GOTPCREL]",
            out(reg) start, out(reg) stop, options(nostack, preserves_flags, pure, readonly)
        );
        #[cfg(target_arch = "aarch64")]
        core::arch::asm!(
            ".weak __start___llvm_prf_cnts", ".weak __stop___llvm_prf_cnts",
            "adrp {0}, :got:__start___llvm_prf_cnts", "ldr {0}, [{0}, :got_lo12:__start___llvm_prf_cnts]",
            "adrp {1}, :got:__stop___llvm_prf_cnts", "ldr {1}, [{1}, :got_lo12:__stop___llvm_prf_cnts]",
            out(reg) start, out(reg) stop, options(nostack, preserves_flags, pure, readonly)
        );
    }
    (start, stop)
}

/// The program's counters.
fn counters() -> &'static [AtomicU64] {
    let (start, stop) = bounds();
    let count = stop.saturating_sub(start) / size_of::<u64>();
    if start == 0 || count == 0 || !start.is_multiple_of(align_of::<u64>()) {
        return &[];
    }
    // SAFETY: 1. The linker's bounds of one writable section, there as long as the program runs. 2. Instrumented code
    // counts in it without regard for others, by machine instructions, as it does with its own threads.
    unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance(start), count) }
}

/// For how many counters a campaign needs room.
pub(crate) fn count() -> usize {
    counters().len()
}

/// Begins to count anew, in a process whose counters nobody will read.
pub(crate) fn begin() {
    counters().iter().for_each(|counter| counter.store(0, Relaxed));
}

/// Moves what this process has counted into the campaign; allocates nothing, takes no lock.
pub(crate) fn hand_over(campaign: &Campaign) {
    for (total, counter) in campaign.coverage().iter().zip(counters()) {
        let counted = counter.load(Relaxed);
        if counted != 0 {
            counter.store(0, Relaxed);
            total.fetch_add(counted, Relaxed);
        }
    }
}

/// Adds what the children counted to this process's counters, once.
pub(crate) fn take_over(campaign: &Campaign) {
    let totals = campaign.coverage();
    if totals.len() != counters().len() {
        return;
    }
    for (total, counter) in totals.iter().zip(counters()) {
        let counted = total.swap(0, Relaxed);
        if counted != 0 {
            counter.fetch_add(counted, Relaxed);
        }
    }
}
