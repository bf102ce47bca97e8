//! Allocators that share out one arena: each over 256 MiB of its own, behind a spin lock.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::NonNull;

use buddy_slab_allocator::{GlobalAllocator, OsImpl};
use buddy_system_allocator::LockedHeap;
use rlsf::Tlsf;
use spinning_top::RawSpinlock;
use talc::{TalcLock, source::Manual};

use crate::memory::arena;
use crate::thread::processor;

/// talc, as its documentation sets it up for several threads.
pub(crate) fn talc() -> TalcLock<RawSpinlock, Manual> {
    let talc = TalcLock::new(Manual);
    let memory = arena();
    // SAFETY: the arena is nobody else's and lives for ever.
    let claimed = unsafe { talc.lock().claim(memory.as_mut_ptr(), memory.len()) };
    assert!(claimed.is_some(), "talc takes the arena");
    talc
}

/// rlsf's two-level segregated fit, which brings no lock.
pub(crate) struct Segregated(spin::Mutex<Tlsf<'static, u32, u32, 28, 32>>);

/// rlsf over an arena.
pub(crate) fn rlsf() -> Segregated {
    let mut tlsf = Tlsf::new();
    let memory: &'static mut [u8] = arena();
    // SAFETY: the arena is nobody else's and lives for ever.
    let inserted = unsafe { tlsf.insert_free_block_ptr(NonNull::from(memory)) };
    assert!(inserted.is_some(), "rlsf takes the arena");
    Segregated(spin::Mutex::new(tlsf))
}

// SAFETY: all requests go to one allocator of the arena, under its lock.
unsafe impl GlobalAlloc for Segregated {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.lock().allocate(layout).map_or(std::ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(block) = NonNull::new(block) {
            // SAFETY: the caller vouches that the block came from `alloc` with this layout.
            unsafe { self.0.lock().deallocate(block, layout.align()) };
        }
    }
}

/// buddy_system_allocator's heap.
pub(crate) fn buddy_heap() -> LockedHeap<32> {
    let heap = LockedHeap::new();
    let memory = arena();
    // SAFETY: the arena is nobody else's and lives for ever.
    unsafe { heap.lock().init(memory.as_mut_ptr().addr(), memory.len()) };
    heap
}

/// What buddy-slab-allocator asks of the system.
struct Processors;

impl OsImpl for Processors {
    fn current_cpu_idx(&self) -> usize {
        processor()
    }

    fn virt_to_phys(&self, address: usize) -> usize {
        address
    }
}

/// buddy-slab-allocator for two processors.
pub(crate) fn buddy_slab() -> &'static GlobalAllocator {
    let allocator: &'static GlobalAllocator = Box::leak(Box::new(GlobalAllocator::new()));
    // SAFETY: the arena is nobody else's and lives for ever, and nobody uses the allocator yet.
    unsafe { allocator.init(arena(), 2, &Processors) }.expect("buddy-slab-allocator takes the arena");
    allocator
}

/// A shared allocator as an allocator.
pub(crate) struct Shared<A: 'static>(pub(crate) &'static A);

// SAFETY: what it is asked, it asks of the allocator behind it.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Shared<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are those of this call.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { self.0.dealloc(block, layout) }
    }
}
