//! Stacks on which nothing may be failed, because std itself cannot survive it there.

use std::backtrace::Backtrace;
use std::ffi::c_void;
use std::fmt;

use crate::memory::record::Quiet;

/// Why a chain that was just met must not be failed, if it must not.
///
/// std's backtrace capture and its printing hold a lock while they allocate and take it again when the
/// allocation fails: a failure there hangs the process and says nothing about the user's code.
pub(crate) fn reason(frames: &[usize]) -> Quiet {
    if std::thread::panicking() {
        return Quiet::Panicking;
    }
    let captures: [*const c_void; 3] = [
        Backtrace::force_capture as fn() -> Backtrace as *const c_void,
        Backtrace::capture as fn() -> Backtrace as *const c_void,
        <Backtrace as fmt::Display>::fmt as fn(&Backtrace, &mut fmt::Formatter<'_>) -> fmt::Result as *const c_void,
    ];
    let inside = frames.iter().any(|frame| captures.contains(&function_around(*frame)));
    if inside { Quiet::Backtrace } else { Quiet::No }
}

/// Whether one of the functions that a failed infallible allocation ends in is on the stack.
pub(crate) fn reports_alloc_error(frames: &[usize]) -> bool {
    let handler = std::alloc::handle_alloc_error as fn(std::alloc::Layout) -> ! as *const c_void;
    frames.iter().any(|frame| function_around(*frame) == handler)
}

/// The start of the function that a return address lies in.
#[cfg(all(unix, not(any(miri, target_vendor = "apple"))))]
#[expect(unsafe_code, reason = "asks the unwinder's tables")]
fn function_around(return_address: usize) -> *const c_void {
    unsafe extern "C" {
        fn _Unwind_FindEnclosingFunction(pc: *const c_void) -> *const c_void;
    }
    // SAFETY: the function looks the address up in the unwind tables and does not read through it.
    unsafe { _Unwind_FindEnclosingFunction(std::ptr::without_provenance(return_address.saturating_sub(1))) }
}

/// Unwinders of other platforms do not tell.
#[cfg(not(all(unix, not(any(miri, target_vendor = "apple")))))]
fn function_around(_return_address: usize) -> *const c_void {
    std::ptr::null()
}
