//! The front door of Rust's own allocations: a global allocator around another one.
#![expect(unsafe_code, reason = "implements GlobalAlloc")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::cold_path;
use std::ptr;

use crate::inject::decision::{fails, walks};
use crate::inject::kept;
use crate::memory::freed::{FREED, GiveBack};
use crate::memory::live::LIVE;
use crate::memory::record::{Kind, NONE, Request};
use crate::scope::armed::armed;
use crate::scope::shared::phase;
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

/// Serves the request of an armed process, or fails it.
///
/// What most requests come to is a jump to the inner allocator, with nothing left to do behind it.
#[inline(always)]
fn armed_request(request: Request, old: *mut u8, serve: impl FnOnce() -> *mut u8) -> *mut u8 {
    let Request { kind, align, size, old_size } = request;
    let answer = ask(size, old_size, align, kind);
    if answer == answer::SERVE {
        return serve();
    }
    cold_path();
    if answer == answer::FAIL { ptr::null_mut() } else { accounted(&request, old, answer as u32, serve) }
}

/// Serves a request and keeps the account.
#[cold]
#[inline(never)]
fn accounted(request: &Request, old: *mut u8, chain: u32, serve: impl FnOnce() -> *mut u8) -> *mut u8 {
    // A block that is to be resized is taken out before it is: once the inner allocator has moved it, another thread
    // may be given the address.
    let made = if old.is_null() { NONE } else { taken_out(old) };
    let new = serve();
    match (made, chain) {
        (NONE, NONE) => {}
        (NONE, _) if new.is_null() => {}
        (made, _) if new.is_null() => LIVE.add(old.addr(), request.old_size as usize, made),
        (made, NONE) => LIVE.add(new.addr(), request.size as usize, made),
        (_, chain) => LIVE.add(new.addr(), request.size as usize, chain),
    }
    new
}

/// Takes a block out of the account: the chain that the account has for it.
#[cold]
#[inline(never)]
fn taken_out(address: *mut u8) -> u32 {
    LIVE.remove(address.addr()).map_or(NONE, |(_, made)| made)
}

/// What is to become of a request, in one register.
pub(crate) mod answer {
    /// It is served.
    pub(crate) const SERVE: u64 = 0;
    /// It fails.
    pub(crate) const FAIL: u64 = 1;
    /// It is served, and goes into the account: below this bit stands the number of the chain that asks.
    pub(crate) const ACCOUNTED: u64 = 1 << 32;
}

/// Asks what is to become of a request, and puts it into the thread's balance.
///
/// Never inlined, so that the disarmed path stays a load and a branch. It is also the frame that every chain
/// begins behind: the only call on the way from an allocator's function to the walk.
#[inline(never)]
pub(crate) fn ask(size: u64, old_size: u64, align: u32, kind: Kind) -> u64 {
    let Some((thread, phase)) = thread::observed() else { return served(NONE) };
    // Kept in memory for the paths that need it, and not in registers that would have to be saved.
    let request = Request { kind, align, size, old_size };
    thread.asked.set(request);
    thread.balance.took(request);
    let mut chain = NONE;
    if phase == phase::WALK || walks(thread, phase) {
        chain = thread.chain_here();
    }
    if (phase > phase::WALK || thread.scope.minds(chain)) && fails(thread, phase, chain) {
        return answer::FAIL;
    }
    served(chain)
}

#[inline(always)]
fn served(chain: u32) -> u64 {
    if LIVE.is_open() { answer::ACCOUNTED | u64::from(chain) } else { answer::SERVE }
}

/// Notes that a block is given back: whether that is looked at more closely, because it comes behind a failure.
#[inline(never)]
fn gave_back(address: *mut u8, size: usize) -> bool {
    if LIVE.is_open() {
        cold_path();
        let _ = taken_out(address);
    }
    let observed = thread::observed();
    if let Some((thread, _)) = observed {
        thread.balance.gave_back(size);
    }
    FREED.holds_any() || observed.is_some_and(|(_, phase)| phase == phase::AFTER)
}

#[inline(always)]
fn of(kind: Kind, layout: Layout) -> Request {
    Request { kind, align: layout.align() as u32, size: layout.size() as u64, old_size: 0 }
}

/// What an armed process does, out of line: the disarmed paths need no registers and no stack of their own, and these
/// are jumped to rather than called. They take their arguments in the order in which the compiler passes them to the
/// program's allocator, so that none is moved on the way.
impl<A: GlobalAlloc> Alloc<A> {
    /// # Safety
    /// As [`GlobalAlloc::alloc`], with the parts of a layout.
    #[inline(never)]
    unsafe fn armed_alloc(size: usize, align: usize, this: &Self) -> *mut u8 {
        // SAFETY: the parts of the caller's layout.
        let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
        // SAFETY: the caller's layout.
        armed_request(of(Kind::Alloc, layout), ptr::null_mut(), || unsafe { this.inner.alloc(layout) })
    }

    /// # Safety
    /// As [`GlobalAlloc::alloc_zeroed`], with the parts of a layout.
    #[inline(never)]
    unsafe fn armed_alloc_zeroed(size: usize, align: usize, this: &Self) -> *mut u8 {
        // SAFETY: the parts of the caller's layout.
        let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
        // SAFETY: the caller's layout.
        armed_request(of(Kind::AllocZeroed, layout), ptr::null_mut(), || unsafe { this.inner.alloc_zeroed(layout) })
    }

    /// # Safety
    /// As [`GlobalAlloc::realloc`], with the parts of a layout.
    #[inline(never)]
    unsafe fn armed_realloc(address: *mut u8, size: usize, align: usize, new_size: usize, this: &Self) -> *mut u8 {
        // SAFETY: the parts of the caller's layout.
        let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
        if FREED.holds_any() {
            kept::resizes(address);
        }
        let asked = Request { size: new_size as u64, old_size: size as u64, ..of(Kind::Realloc, layout) };
        // SAFETY: the caller's pointer, layout and size.
        armed_request(asked, address, || unsafe { this.inner.realloc(address, layout, new_size) })
    }

    /// # Safety
    /// As [`GlobalAlloc::dealloc`], with the parts of a layout.
    #[inline(never)]
    unsafe fn armed_dealloc(address: *mut u8, size: usize, align: usize, this: &Self) {
        // SAFETY: the parts of the caller's layout.
        let layout = unsafe { Layout::from_size_align_unchecked(size, align) };
        // SAFETY: the caller gives the block up, and `given_back` frees a block of this layout.
        if gave_back(address, size) && unsafe { kept::keeps(address, layout, Self::given_back()) } {
            return;
        }
        // SAFETY: the caller's pointer and layout.
        unsafe { this.inner.dealloc(address, layout) };
    }

    /// How a block that was kept back is freed later, when nobody has this allocator at hand: one without fields is as good
    /// as any other of its type. Of one with fields nothing is kept.
    fn given_back() -> Option<GiveBack> {
        /// # Safety
        /// As [`GlobalAlloc::dealloc`].
        unsafe fn free<A: GlobalAlloc>(address: *mut u8, layout: Layout) {
            // SAFETY: there is an allocator of this type, which allocated the block, and its type has no bytes: a reference to
            // it needs no more than an aligned address.
            let inner = unsafe { ptr::NonNull::<A>::dangling().as_ref() };
            // SAFETY: the caller's pointer and layout.
            unsafe { inner.dealloc(address, layout) };
        }
        (size_of::<A>() == 0).then_some(free::<A>)
    }
}

// SAFETY: 1. Every pointer comes from the inner allocator with the caller's layout, or is null, which the contract
// allows at any time. 2. Every pointer goes back to the inner allocator with the layout it came with.
// 3. No path panics or unwinds: the runtime's own work neither indexes nor asserts on the caller's values.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Alloc<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if armed() {
            cold_path();
            // SAFETY: the caller's layout.
            return unsafe { Self::armed_alloc(layout.size(), layout.align(), self) };
        }
        // SAFETY: the caller's layout.
        unsafe { self.inner.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if armed() {
            cold_path();
            // SAFETY: the caller's layout.
            return unsafe { Self::armed_alloc_zeroed(layout.size(), layout.align(), self) };
        }
        // SAFETY: the caller's layout.
        unsafe { self.inner.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, address: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if armed() {
            cold_path();
            // SAFETY: the caller's pointer, layout and size.
            return unsafe { Self::armed_realloc(address, layout.size(), layout.align(), new_size, self) };
        }
        // SAFETY: the caller's pointer, layout and size.
        unsafe { self.inner.realloc(address, layout, new_size) }
    }

    #[inline]
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        if armed() {
            cold_path();
            // SAFETY: the caller's pointer and layout.
            return unsafe { Self::armed_dealloc(address, layout.size(), layout.align(), self) };
        }
        // SAFETY: the caller's pointer and layout.
        unsafe { self.inner.dealloc(address, layout) };
    }
}
