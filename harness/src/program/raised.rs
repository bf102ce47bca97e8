//! Panics of a program that has its own std: seen where they are raised, by the unwinder's function.
#![expect(unsafe_code, reason = "stands before the unwinder's function")]

use std::ffi::{c_int, c_void};

use crate::chain::registers::Registers;
use crate::explore::child;
use crate::libc_symbol::LibcSymbol;
use crate::scope::shared::phase;
use crate::scope::thread;

/// What stands at the beginning of an exception that is a panic of Rust's, as std writes it and as it once wrote it.
pub const RUST: [u64; 2] = [u64::from_ne_bytes(*b"MOZ\0RUST"), u64::from_be_bytes(*b"MOZ\0RUST")];

/// Notes a panic that is being raised on this thread; the first one behind a failure with where it stands.
#[inline(never)]
pub fn raised() {
    let Some(current) = thread::current().filter(|current| !current.busy.get()) else { return };
    current.raised.set(true);
    if child::child().is_none() || current.scope.phase() == phase::OFF {
        return;
    }
    let known = current.scope.slot().evidence().panic.count;
    let here = Registers::here();
    let frames = (known == 0).then(|| current.quietly(|| current.frames_of(here)));
    current.scope.slot().update(|evidence| {
        evidence.panic.count = known + 1;
        evidence.panic.frames = frames.unwrap_or(evidence.panic.frames);
    });
}

static RAISE: LibcSymbol = LibcSymbol::new(c"_Unwind_RaiseException");

/// The unwinder's `_Unwind_RaiseException`.
///
/// # Safety
/// As the unwinder's: `exception` is one.
pub unsafe fn raise(exception: *mut u64) -> c_int {
    type Raise = unsafe extern "C-unwind" fn(*mut u64) -> c_int;
    let Some(raise) = RAISE.address() else { crate::explore::unix::exit_now(127) };
    // SAFETY: the unwinder's function has this signature.
    let raise = unsafe { std::mem::transmute::<*const c_void, Raise>(raise) };
    // SAFETY: the caller's promise.
    unsafe { raise(exception) }
}
