//! Threads of a program: those that a sweep's threads spawn belong to it.
#![expect(unsafe_code, reason = "stands before the C library's pthread_create")]

use std::ffi::{c_int, c_void};

use crate::scope::spawn::firsthit_pthread_create;

/// What a thread runs.
pub type Start = extern "C-unwind" fn(*mut c_void) -> *mut c_void;

/// Creates a thread as the C library does; inside of a sweep, one that belongs to it.
///
/// # Safety
/// As `pthread_create`.
pub unsafe fn create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: Start,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { firsthit_pthread_create(thread, attributes, start, argument) }
}
