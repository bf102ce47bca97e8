//! The front door of C's allocations: what `malloc` and its kin do in a program with the library preloaded.
#![expect(unsafe_code, reason = "stands before the C library's allocator")]

use std::alloc::Layout;
use std::ffi::{c_int, c_void};
use std::hint::cold_path;
use std::ptr;

use super::real;
use crate::global_alloc::{answer, ask};
use crate::inject::kept;
use crate::memory::freed::FREED;
use crate::memory::live::LIVE;
use crate::memory::record::{Kind, NONE};
use crate::scope::armed::armed;
use crate::scope::shared::phase;
use crate::scope::thread;

/// Serves a request of an armed process, or fails it.
#[inline(never)]
fn decided(kind: Kind, size: usize, align: usize, old: *mut c_void, serve: &dyn Fn() -> *mut c_void) -> *mut c_void {
    let answer = ask(size as u64, 0, align as u32, kind);
    if answer == answer::FAIL {
        // SAFETY: a word of this thread's own.
        unsafe { *libc::__errno_location() = libc::ENOMEM };
        return ptr::null_mut();
    }
    if answer == answer::SERVE {
        return serve();
    }
    // The account asks for memory itself, which comes by here.
    let own = thread::current().filter(|thread| !thread.busy.get() && !thread.creates.get());
    let Some(own) = own else { return serve() };
    let made = if old.is_null() { None } else { own.quietly(|| LIVE.remove(old.addr())) };
    let new = serve();
    // A block that grows where no chain is looked for stays that of whoever made it.
    let chain = Some(answer as u32).filter(|chain| *chain != NONE).or(made.map(|(_, chain)| chain));
    match (chain, made) {
        (_, Some((size, chain))) if new.is_null() => own.quietly(|| LIVE.add(old.addr(), size, chain)),
        (Some(chain), _) if !new.is_null() => own.quietly(|| LIVE.add(new.addr(), size, chain)),
        _ => {}
    }
    new
}

/// `malloc`.
#[inline(always)]
pub fn malloc(size: usize) -> *mut c_void {
    if armed() {
        cold_path();
        return decided(Kind::Alloc, size, 0, ptr::null_mut(), &|| real::malloc(size));
    }
    real::malloc(size)
}

/// `calloc`.
#[inline(always)]
pub fn calloc(count: usize, size: usize) -> *mut c_void {
    if armed() {
        cold_path();
        let all = count.saturating_mul(size);
        return decided(Kind::AllocZeroed, all, 0, ptr::null_mut(), &|| real::calloc(count, size));
    }
    real::calloc(count, size)
}

/// `realloc`. With size 0 it frees, which cannot fail.
///
/// # Safety
/// As the C library's.
#[inline(always)]
pub unsafe fn realloc(old: *mut c_void, size: usize) -> *mut c_void {
    if armed() {
        cold_path();
        if size == 0 && !old.is_null() {
            // SAFETY: the caller's promise.
            unsafe { free(old) };
            return ptr::null_mut();
        }
        if FREED.holds_any() {
            kept::resizes(old.cast());
        }
        // SAFETY: the caller's promise.
        return decided(Kind::Realloc, size, 0, old, &|| unsafe { real::realloc(old, size) });
    }
    // SAFETY: the caller's promise.
    unsafe { real::realloc(old, size) }
}

/// `aligned_alloc`, `memalign`.
#[inline(always)]
pub fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    if armed() {
        cold_path();
        return decided(Kind::Alloc, size, align, ptr::null_mut(), &|| real::aligned_alloc(align, size));
    }
    real::aligned_alloc(align, size)
}

/// `posix_memalign`.
///
/// # Safety
/// As the C library's.
#[inline(always)]
pub unsafe fn posix_memalign(out: *mut *mut c_void, align: usize, size: usize) -> c_int {
    if !armed() {
        // SAFETY: the caller's promise.
        return unsafe { real::posix_memalign(out, align, size) };
    }
    cold_path();
    let told = std::cell::Cell::new(libc::ENOMEM);
    let serve = || {
        let mut block = ptr::null_mut();
        // SAFETY: a place of this call's own.
        told.set(unsafe { real::posix_memalign(&raw mut block, align, size) });
        if told.get() == 0 { block } else { ptr::null_mut() }
    };
    let before = errno();
    let block = decided(Kind::Alloc, size, align, ptr::null_mut(), &serve);
    // SAFETY: a word of this thread's own. This function tells by its value alone.
    unsafe { *libc::__errno_location() = before };
    if told.get() == 0 {
        // SAFETY: the caller's place for the block.
        unsafe { *out = block };
    }
    told.get()
}

fn errno() -> c_int {
    // SAFETY: a word of this thread's own.
    unsafe { *libc::__errno_location() }
}

/// `free`.
///
/// # Safety
/// As the C library's.
#[inline(always)]
pub unsafe fn free(block: *mut c_void) {
    if armed() {
        cold_path();
        // SAFETY: the caller gives the block up.
        if unsafe { given_back(block) } {
            return;
        }
    }
    // SAFETY: the caller's promise.
    unsafe { real::free(block) };
}

/// Notes that a block is given back: whether it is kept, and not to be freed.
///
/// # Safety
/// As of [`free`].
#[inline(never)]
unsafe fn given_back(block: *mut c_void) -> bool {
    if block.is_null() {
        return false;
    }
    if LIVE.is_open() {
        let own = thread::current().filter(|thread| !thread.busy.get());
        own.map(|own| own.quietly(|| LIVE.remove(block.addr())));
    }
    let is_behind = || thread::observed().is_some_and(|(_, phase)| phase == phase::AFTER);
    if !FREED.holds_any() && !is_behind() {
        return false;
    }
    // SAFETY: the block is live, or kept back: then it has not been freed either.
    let size = unsafe { real::usable_size(block) };
    let Ok(layout) = Layout::from_size_align(size, 1) else { return false };
    // SAFETY: the caller gives it up, of as many bytes.
    unsafe { kept::keeps(block.cast(), layout, Some(free_kept)) }
}

/// # Safety
/// As of [`free`].
unsafe fn free_kept(block: *mut u8, _: Layout) {
    // SAFETY: the caller's promise.
    unsafe { real::free(block.cast()) };
}
