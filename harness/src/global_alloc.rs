//! The front door of Rust's own allocations: a global allocator around another one.
#![expect(unsafe_code, reason = "implements GlobalAlloc")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::cold_path;
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;

use crate::inject::decision::{Decision, decide};
use crate::memory::live::LIVE;
use crate::memory::record::{Kind, NONE, Request};
use crate::scope::shared::ARMED;
use crate::scope::thread;

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

/// Serves the request of an armed process, or fails it.
#[inline(always)]
fn armed_request(request: Request, old: *mut u8, serve: impl FnOnce() -> *mut u8) -> *mut u8 {
    cold_path();
    let answer = ask(request, old);
    if answer == Answer::FAIL {
        return ptr::null_mut();
    }
    let new = serve();
    if new.is_null() || answer.accounted {
        settle(request, old, new, answer);
    }
    new
}

/// What is to become of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Answer {
    fails: bool,
    /// An account of live allocations is kept.
    accounted: bool,
    /// It belongs to a scope, and is in its thread's balance.
    observed: bool,
    /// The chain that asks.
    chain: u32,
    /// The chain that the account has for the block that is to be resized.
    made: u32,
}

impl Answer {
    const FAIL: Answer = Answer { fails: true, accounted: false, observed: false, chain: NONE, made: NONE };
    const PASS: Answer = Answer { fails: false, accounted: false, observed: false, chain: NONE, made: NONE };
}

/// Asks what is to become of a request, and puts it into the thread's balance.
///
/// Never inlined, so that the disarmed path stays a load and a branch. It is also the frame that every chain
/// begins behind: the only call on the way from an allocator's function to the walk.
#[inline(never)]
fn ask(request: Request, old: *mut u8) -> Answer {
    let mut answer = Answer::PASS;
    if let Some((thread, phase)) = thread::observed() {
        let Decision::Serve(chain) = decide(thread, phase, request) else { return Answer::FAIL };
        thread.balance.took(request);
        answer.chain = chain;
        answer.observed = true;
    }
    if LIVE.is_open() {
        cold_path();
        answer.accounted = true;
        // Taken out before: once the inner allocator has moved it, another thread may be given the address.
        if !old.is_null() {
            answer.made = LIVE.remove(old.addr()).map_or(NONE, |(_, made)| made);
        }
    }
    answer
}

/// Keeps the account, and takes out of the balance what the inner allocator has had no memory for.
#[cold]
#[inline(never)]
fn settle(request: Request, old: *mut u8, new: *mut u8, answer: Answer) {
    if new.is_null()
        && answer.observed
        && let Some(thread) = thread::current()
    {
        thread.balance.took_not(request);
    }
    if answer.accounted {
        match answer {
            Answer { made: NONE, chain: NONE, .. } => {}
            Answer { made: NONE, .. } if new.is_null() => {}
            Answer { made, .. } if new.is_null() => LIVE.add(old.addr(), request.old_size as usize, made),
            Answer { made, chain: NONE, .. } => LIVE.add(new.addr(), request.size as usize, made),
            Answer { chain, .. } => LIVE.add(new.addr(), request.size as usize, chain),
        }
    }
}

#[inline(never)]
fn gave_back(address: *mut u8, size: usize) {
    if let Some((thread, _)) = thread::observed() {
        thread.balance.gave_back(size);
    }
    if LIVE.is_open() {
        cold_path();
        LIVE.remove(address.addr());
    }
}

#[inline(always)]
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
        if armed() { armed_request(of(Kind::Alloc, layout), ptr::null_mut(), serve) } else { serve() }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's layout.
        let serve = || unsafe { self.inner.alloc_zeroed(layout) };
        if armed() { armed_request(of(Kind::AllocZeroed, layout), ptr::null_mut(), serve) } else { serve() }
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
        armed_request(asked, address, serve)
    }

    #[inline]
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        if armed() {
            cold_path();
            gave_back(address, layout.size());
        }
        // SAFETY: the caller's pointer and layout.
        unsafe { self.inner.dealloc(address, layout) };
    }
}
