//! A request never asks the surrounding process for memory: the machine may stand below a global allocator.
#![expect(unsafe_code, reason = "a global allocator that counts")]

mod support;

use alloc_core::{CacheOptions, Gfp, Policy, SlabDebug};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::{MIN, NODE, machine, order};

struct Counting;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: the caller's promises are those that the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn no_request_asks_the_surrounding_process_for_memory() {
    let machine = machine(Policy::kernel());
    support::hog(&machine, 300);
    let _hoard = machine.exhaust(NODE, MIN);
    let before = CALLS.get();
    for flags in [Gfp::KERNEL, Gfp::ATOMIC, Gfp::NOWAIT, Gfp::NOFS | Gfp::NORETRY, Gfp::KERNEL | Gfp::NOFAIL] {
        for size in [0, 3, 10, 30] {
            let _ = machine.alloc_pages(order(size), flags);
        }
    }
    assert_eq!(machine.stats().kills, 1, "the slow path was taken to its end");
    assert_eq!(CALLS.get() - before, 0);
}

#[test]
fn no_request_for_an_object_does_either() {
    for debug in [SlabDebug::NONE, SlabDebug::ALL] {
        let machine = support::builder(Policy::kernel()).slab_debug(debug).build().unwrap();
        let cache = machine.cache(CacheOptions::new("objects", 200)).unwrap();
        let before = CALLS.get();
        for size in [1, 8, 100, 3000, 9000, 100_000] {
            let mut memory = machine.kmalloc(size, Gfp::KERNEL).unwrap();
            memory.krealloc(2 * size, Gfp::KERNEL | Gfp::ZERO).unwrap();
            let raw = memory.into_raw();
            // SAFETY: nobody uses the memory.
            unsafe { machine.kfree(raw.as_ptr()) }.unwrap();
        }
        let _many: [_; 300] = std::array::from_fn(|_| cache.alloc(Gfp::KERNEL).unwrap());
        drop(cache.prefill(1000, Gfp::KERNEL).unwrap());
        cache.shrink();
        let _hoard = machine.exhaust(NODE, MIN);
        assert!(cache.prefill(5000, Gfp::KERNEL).is_err() && machine.kmalloc(1 << 20, Gfp::KERNEL).is_err());
        assert_eq!(CALLS.get() - before, 0);
    }
}
