//! What firsthit is compared with: allocators that only look at a word, that capture with the `backtrace` crate, and that
//! fail the N-th.
#![expect(unsafe_code, reason = "allocators")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::ptr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};

thread_local! {
    static CAPTURING: Cell<bool> = const { Cell::new(false) };
}

/// Walks the stack with the `backtrace` crate, unsynchronised and unresolved, at every allocation.
pub struct Captured {
    /// How many frames of it: all, or as many as firsthit walks there.
    pub frames_max: usize,
}

impl Captured {
    fn capture(&self) {
        if CAPTURING.replace(true) {
            return;
        }
        let (mut hash, mut left) = (0_u64, self.frames_max);
        // SAFETY: no other thread of these benchmarks walks at the same time without its own state.
        unsafe {
            backtrace::trace_unsynchronized(|frame| {
                hash = (hash.rotate_left(5) ^ frame.ip() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                left -= 1;
                left > 0
            });
        }
        black_box(hash);
        CAPTURING.set(false);
    }
}

// SAFETY: everything is the system allocator's own work.
unsafe impl GlobalAlloc for Captured {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.capture();
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        self.capture();
        // SAFETY: the caller's promise.
        unsafe { System.realloc(address, layout, new_size) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(address, layout) };
    }
}

/// Looks at one word before every call, and does nothing about it: the least that an allocator costs that could be told
/// to do something else.
pub struct Checked {
    told: AtomicBool,
}

impl Checked {
    pub const fn new() -> Checked {
        Checked { told: AtomicBool::new(false) }
    }

    /// Has somebody change the word, as far as the compiler can tell.
    pub fn hand_out(&self) {
        black_box(&self.told);
    }
}

// SAFETY: the system allocator's own work, or null, which the contract allows.
unsafe impl GlobalAlloc for Checked {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.told.load(Relaxed) {
            return told().cast();
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        if self.told.load(Relaxed) {
            told();
        }
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(address, layout) };
    }
}

#[cold]
#[inline(never)]
fn told() -> *mut () {
    black_box(ptr::null_mut())
}

/// Fails the N-th allocation and keeps a balance; for one thread.
pub struct Nth {
    target: AtomicU64,
    seen: AtomicU64,
    live: AtomicU64,
    bytes: AtomicU64,
}

impl Nth {
    pub const fn new() -> Nth {
        Nth { target: AtomicU64::new(0), seen: AtomicU64::new(0), live: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    /// Counts from 1 again and fails number `target`; 0 fails none.
    pub fn aim(&self, target: u64) {
        [&self.seen, &self.live, &self.bytes].into_iter().for_each(|number| number.store(0, Relaxed));
        self.target.store(target, Relaxed);
    }

    pub fn seen(&self) -> u64 {
        self.seen.load(Relaxed)
    }

    pub fn is_even(&self) -> bool {
        (self.live.load(Relaxed), self.bytes.load(Relaxed)) == (0, 0)
    }

    fn fails(&self) -> bool {
        // Plain loads and stores: one thread allocates.
        let number = self.seen.load(Relaxed) + 1;
        self.seen.store(number, Relaxed);
        number == self.target.load(Relaxed)
    }

    fn account(&self, live: u64, bytes: usize) {
        self.live.store(self.live.load(Relaxed).wrapping_add(live), Relaxed);
        self.bytes.store(self.bytes.load(Relaxed).wrapping_add(bytes as u64), Relaxed);
    }
}

// SAFETY: the system allocator's own work, or null, which the contract allows.
unsafe impl GlobalAlloc for Nth {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.fails() {
            return ptr::null_mut();
        }
        self.account(1, layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if self.fails() {
            return ptr::null_mut();
        }
        self.account(0, new_size.wrapping_sub(layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.realloc(address, layout, new_size) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        self.account(1_u64.wrapping_neg(), layout.size().wrapping_neg());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(address, layout) };
    }
}
