//! A program with an allocator of its own before the system's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting(AtomicUsize);

// SAFETY: the system's, with a count.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.fetch_add(1, Ordering::Relaxed);
        System.alloc(layout) //~ counting
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        System.dealloc(block, layout);
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting(AtomicUsize::new(0));

#[cfg(test)]
mod tests {
    #[test]
    fn counts() {
        let before = super::ALLOCATOR.0.load(super::Ordering::Relaxed);
        seeded::room(10).unwrap();
        assert!(super::ALLOCATOR.0.load(super::Ordering::Relaxed) > before);
    }
}
