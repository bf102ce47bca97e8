//! What a program finds in the place of the C library's allocator, threads, `abort` and start, when this is preloaded.
//!
//! Every function here is the C library's own with one question before it: see `firsthit::program`.
#![expect(unsafe_code, reason = "exports functions of the C library's names")]
#![cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]

use std::ffi::{c_char, c_int, c_void};

use firsthit::program::entry::{self, MainFunction};
use firsthit::program::{annotated, door, raised, threads};

/// As the C library's.
#[unsafe(no_mangle)]
extern "C" fn malloc(size: usize) -> *mut c_void {
    door::malloc(size)
}

/// As the C library's.
#[unsafe(no_mangle)]
extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    door::calloc(count, size)
}

/// As the C library's.
///
/// # Safety
/// `old` is null or a live block of the allocator's.
#[unsafe(no_mangle)]
unsafe extern "C" fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    unsafe { door::realloc(old, size) }
}

/// As the C library's.
///
/// # Safety
/// As of [`realloc`].
#[unsafe(no_mangle)]
unsafe extern "C" fn reallocarray(old: *mut c_void, count: usize, size: usize) -> *mut c_void {
    // A product that no number holds is no size that there is memory of.
    let size = count.saturating_mul(size);
    // SAFETY: the caller's promise.
    unsafe { door::realloc(old, size) }
}

/// As the C library's.
#[unsafe(no_mangle)]
extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    door::aligned_alloc(align, size)
}

/// As the C library's.
#[unsafe(no_mangle)]
extern "C" fn memalign(align: usize, size: usize) -> *mut c_void {
    door::aligned_alloc(align, size)
}

/// As the C library's.
///
/// # Safety
/// `out` is a place for a pointer.
#[unsafe(no_mangle)]
unsafe extern "C" fn posix_memalign(out: *mut *mut c_void, align: usize, size: usize) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { door::posix_memalign(out, align, size) }
}

/// As the C library's.
///
/// # Safety
/// `block` is null or a live block of the allocator's.
#[unsafe(no_mangle)]
unsafe extern "C" fn free(block: *mut c_void) {
    // SAFETY: the caller's promise.
    unsafe { door::free(block) };
}

/// As the C library's; inside of a sweep where it was called is written down first.
#[unsafe(no_mangle)]
extern "C" fn abort() -> ! {
    firsthit::program::abort()
}

/// As the C library's; inside of a sweep the thread belongs to it.
///
/// # Safety
/// As the C library's.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: threads::Start,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { threads::create(thread, attributes, start, argument) }
}

/// As the unwinder's; a panic of Rust's is noted first.
///
/// # Safety
/// As the unwinder's: `exception` is one.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn _Unwind_RaiseException(exception: *mut u64) -> c_int {
    // SAFETY: an exception begins with its class.
    if raised::RUST.contains(unsafe { &*exception }) {
        raised::raised();
    }
    // SAFETY: the caller's promise.
    unsafe { raised::raise(exception) }
}

/// Called by the runtime of a program that has annotated code, when that code runs for the first time in a process.
#[unsafe(no_mangle)]
extern "C" fn firsthit_annotated(told: annotated::Told) {
    annotated::known(told);
}

/// As the C library's; a program that a sweep has started is swept.
///
/// # Safety
/// As the C library's: called once, by a program's first instructions.
#[unsafe(no_mangle)]
unsafe extern "C" fn __libc_start_main(
    main: MainFunction,
    count: c_int,
    arguments: *mut *mut c_char,
    init: Option<entry::Hook>,
    fini: Option<entry::Hook>,
    loader_fini: Option<entry::Hook>,
    stack: *mut c_void,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { entry::start_main(main, count, arguments, init, fini, loader_fini, stack) }
}
