//! Whether any thread of this process is in a scope: all that the disarmed path looks at.
#![cfg_attr(
    all(target_os = "linux", target_arch = "x86_64", not(firsthit_portable)),
    expect(unsafe_code, reason = "reads its word without the detour that code for shared objects takes")
)]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

/// A number on a pair of cache lines of its own: what others write beside it would slow every reader down.
#[repr(align(128))]
struct OwnLine(AtomicU32);

/// How many threads and accounts of this process keep it armed.
static ARMED: OwnLine = OwnLine(AtomicU32::new(0));

/// Whether the process is armed.
///
/// The word is read where it is: by way of a table of addresses, as the compiler reads another crate's, an allocation
/// with its deallocation takes 3 % longer.
#[cfg(all(target_os = "linux", target_arch = "x86_64", not(firsthit_portable)))]
#[inline(always)]
pub(crate) fn armed() -> bool {
    let armed: u32;
    // SAFETY: the block loads an aligned word that is only ever used atomically, as a relaxed load does.
    unsafe {
        core::arch::asm!(
            "mov {0:e}, dword ptr [rip + {1}]",
            out(reg) armed,
            sym ARMED,
            options(nostack, preserves_flags, readonly),
        );
    }
    armed != 0
}

/// Whether the process is armed.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64", not(firsthit_portable))))]
#[inline(always)]
pub(crate) fn armed() -> bool {
    ARMED.0.load(Relaxed) != 0
}

/// The word that [`armed`] reads, for those who ask it themselves: 0 where the process is not armed.
#[cfg(feature = "alloc-core")]
pub(crate) fn word() -> &'static AtomicU32 {
    &ARMED.0
}

/// Arms the process, until [`disarm`] takes it back.
pub(crate) fn arm() {
    ARMED.0.fetch_add(1, Relaxed);
}

/// Takes back one call of [`arm`].
pub(crate) fn disarm() {
    ARMED.0.fetch_sub(1, Relaxed);
}
