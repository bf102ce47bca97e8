//! Memory by bytes: any size and alignment, by kmalloc, by areas and of caches.
#![expect(unsafe_code, reason = "gives back what may be anything")]

use alloc_core::{CacheError, CacheOptions, Gfp, Order, PAGE_SIZE, array_size};
use std::alloc::Layout;

use crate::{SIZES, flags, nodes, nothing_is_lost};

#[test]
fn memory_of_any_size_and_alignment() {
    nothing_is_lost(|machine| {
        let cache = machine.cache(CacheOptions::new("things", 100)).unwrap();
        for (size, flags) in SIZES.into_iter().flat_map(|size| flags().into_iter().map(move |flags| (size, flags))) {
            assert!(machine.kmalloc(size, flags).is_ok_and(|memory| memory.bytes().len() == size) || size > 0);
            drop(machine.kzalloc(size, flags));
            drop(machine.kmalloc_array(size, SIZES[4], flags));
            drop(machine.kmalloc_array(usize::MAX, size, flags));
            drop(machine.kvmalloc(size, flags));
            drop(machine.kvmalloc_array(size, usize::MAX, flags));
            assert!(machine.vmalloc(size, flags).map_or(true, |area| area.bytes().len() >= size));
            nodes().into_iter().for_each(|node| drop(machine.kmalloc_node(node, size, flags)));
            for power in [0, 1, 12, 13, 22, 23, 30] {
                let layout = Layout::from_size_align(size, 1 << power);
                drop(layout.map(|layout| machine.kmalloc_aligned(layout, flags)));
            }
            if let Ok(mut memory) = machine.kmalloc(8, Gfp::KERNEL) {
                let grown = memory.krealloc(size, flags);
                assert_eq!(memory.bytes().len(), if grown.is_ok() { size } else { 8 });
            }
            if let Ok(memory) = machine.kmalloc_raw(8, Gfp::KERNEL) {
                // SAFETY: nobody else has the memory.
                let moved = unsafe { machine.krealloc(memory.as_ptr(), size, flags) };
                // SAFETY: as above.
                unsafe { machine.kfree(moved.unwrap_or(memory).as_ptr()) }.unwrap();
            }
            drop(cache.prefill(size, flags | Gfp::NORETRY));
            if cfg!(miri) {
                break;
            }
        }
        assert_eq!(cache.usage().reserved, 0);
        cache.destroy().unwrap();
    });
    assert_eq!([array_size(usize::MAX, 2), array_size(0, usize::MAX), array_size(3, 5)], [None, Some(0), Some(15)]);
    for (size, align) in SIZES.into_iter().flat_map(|size| SIZES.map(|align| (size, align))) {
        let order = Order::for_layout(size, align);
        assert!(order.get() == 51 || u128::from(order.pages()) * PAGE_SIZE as u128 >= size as u128);
    }
}

#[test]
fn caches_of_any_size_and_alignment() {
    nothing_is_lost(|machine| {
        let aligns = (0..64).map(|power| 1_usize << power).chain([0, 3, 24, 4097, usize::MAX]);
        for (align, size) in aligns.flat_map(|align| SIZES.into_iter().map(move |size| (align, size))) {
            let cache = machine.cache(CacheOptions { align, ..CacheOptions::new("cache", size) });
            assert!(cache.is_err() || (size > 0 && align <= 1 << 22 && size <= 1 << 22), "{size} bytes, {align}");
            if let Ok(cache) = cache {
                for node in nodes() {
                    drop(cache.alloc_node(node, Gfp::KERNEL));
                }
                if let Ok(object) = cache.alloc(Gfp::KERNEL) {
                    assert!(align == 0 || object.as_ptr().addr().get().is_multiple_of(align.min(1 << 30)));
                }
                cache.destroy().unwrap();
            }
            if cfg!(miri) {
                break;
            }
        }
        assert_eq!(machine.cache(CacheOptions::new("empty", 0)).map(drop).unwrap_err(), CacheError::ZeroSize);
    });
}
