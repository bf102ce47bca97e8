//! The front door of Rust's own allocations: a global allocator around another one.
#![expect(unsafe_code, reason = "implements GlobalAlloc")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;

use crate::inject::decision::{Decision, decide};
use crate::memory::live::LIVE;
use crate::memory::record::{Kind, NONE, Request};
use crate::scope::{ARMED, phase, thread};

/// The global allocator of a test binary that sweeps.
///
/// Outside of a sweep, and on threads that belong to none, it adds one load to `A`'s work.
/// Inside, a request can be failed by returning null, as the contract of [`GlobalAlloc`] has it;
/// it never panics and never unwinds.
///
/// ```
/// #[global_allocator]
/// static ALLOC: firsthit::Alloc = firsthit::Alloc::system();
/// # fn main() {}
/// ```
///
/// Around an allocator of your own: `firsthit::Alloc::new(MyAllocator)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alloc<A = System> {
    inner: A,
}

impl Alloc<System> {
    /// Around the system's allocator.
    pub const fn system() -> Alloc<System> {
        Alloc { inner: System }
    }
}

impl<A> Alloc<A> {
    /// Around `inner`.
    pub const fn new(inner: A) -> Alloc<A> {
        Alloc { inner }
    }
}

#[inline(always)]
fn armed() -> bool {
    ARMED.load(Relaxed) != 0
}

/// Asks for the request; `serve` does the inner allocator's work.
///
/// Never inlined, so that the disarmed path stays a load and a branch.
#[inline(never)]
fn request(request: Request, old: *mut u8, serve: impl FnOnce() -> *mut u8) -> *mut u8 {
    let Some(thread) = thread::current() else { return serve_accounted(request, old, NONE, serve) };
    if thread.busy.get() || thread.scope.phase() == phase::OFF {
        return serve();
    }
    let Decision::Serve(chain) = decide(thread, request) else { return ptr::null_mut() };
    let new = serve_accounted(request, old, chain, serve);
    if !new.is_null() {
        thread.balance.took(request.size as usize);
        if !old.is_null() {
            thread.balance.gave_back(request.old_size as usize);
        }
    }
    new
}

/// Serves, and keeps the account of live allocations if one is open: of this scope's, wherever they are resized.
#[inline(always)]
fn serve_accounted(request: Request, old: *mut u8, chain: u32, serve: impl FnOnce() -> *mut u8) -> *mut u8 {
    if !LIVE.is_open() {
        return serve();
    }
    // Taken out before: once the inner allocator has moved it, another thread may be given the address.
    let before = if old.is_null() { None } else { LIVE.remove(old.addr()) };
    let new = serve();
    match before {
        Some((size, chain)) if new.is_null() => LIVE.add(old.addr(), size, chain),
        Some((_, made)) if chain == NONE => LIVE.add(new.addr(), request.size as usize, made),
        _ if !new.is_null() && chain != NONE => LIVE.add(new.addr(), request.size as usize, chain),
        _ => {}
    }
    new
}

#[inline(never)]
fn gave_back(address: *mut u8, size: usize) {
    if LIVE.is_open() {
        LIVE.remove(address.addr());
    }
    if let Some(thread) = thread::current()
        && !thread.busy.get()
        && thread.scope.phase() != phase::OFF
    {
        thread.balance.gave_back(size);
    }
}

fn of(kind: Kind, layout: Layout) -> Request {
    Request { kind, align: layout.align() as u32, size: layout.size() as u64, old_size: 0 }
}

// SAFETY: 1. Every pointer comes from the inner allocator with the caller's layout, or is null, which the contract
// allows at any time. 2. Every pointer goes back to the inner allocator with the layout it came with.
// 3. No path panics or unwinds: the runtime's own work neither indexes nor asserts on the caller's values.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Alloc<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's layout.
        let serve = || unsafe { self.inner.alloc(layout) };
        if armed() { request(of(Kind::Alloc, layout), ptr::null_mut(), serve) } else { serve() }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's layout.
        let serve = || unsafe { self.inner.alloc_zeroed(layout) };
        if armed() { request(of(Kind::AllocZeroed, layout), ptr::null_mut(), serve) } else { serve() }
    }

    #[inline]
    unsafe fn realloc(&self, address: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's pointer, layout and size.
        let serve = || unsafe { self.inner.realloc(address, layout, new_size) };
        if !armed() {
            return serve();
        }
        let old_size = layout.size() as u64;
        let asked = Request { size: new_size as u64, old_size, ..of(Kind::Realloc, layout) };
        request(asked, address, serve)
    }

    #[inline]
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        if armed() {
            gave_back(address, layout.size());
        }
        // SAFETY: the caller's pointer and layout.
        unsafe { self.inner.dealloc(address, layout) };
    }
}
