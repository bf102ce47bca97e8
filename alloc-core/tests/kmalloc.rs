//! The kmalloc family: sizes, alignments, growth, and pointers that are believed in nothing.
#![expect(unsafe_code, reason = "gives memory back by pointer")]

mod support;

use alloc_core::{
    AllocError, FreeError, Gfp, KvBlock, Machine, NodeId, NodePages, Order, PAGE_SIZE, Policy, SlabDebug, ZERO_SIZE_PTR,
};
use std::alloc::Layout;
use support::{PAGES, full, hog, machine, presets};

/// # Safety
/// Nobody uses the memory any more.
unsafe fn kfree(machine: &Machine, pointer: *mut u8) -> Result<(), FreeError> {
    // SAFETY: the caller's promise.
    unsafe { machine.kfree(pointer) }
}

/// A machine with room for the largest blocks.
fn roomy() -> Machine {
    Machine::builder().node(NodePages::new(4096)).build().unwrap()
}

#[test]
fn row_126_sizes_are_served_by_the_smallest_class_and_above_by_blocks() {
    let machine = roomy();
    let cases = [1, 8, 9, 33, 65, 96, 97, 129, 193, 257, 1025, 4097, 8192, 8193, 70_000, 4 << 20];
    let found = cases.map(|size| machine.kmalloc(size, Gfp::KERNEL).unwrap().ksize());
    let sizes = [8, 8, 16, 64, 96, 96, 128, 192, 256, 512, 2048, 8192, 8192, 16_384, 131_072, 4 << 20];
    assert_eq!(found, sizes);
    machine.shrink_slabs();
    assert_eq!(machine.free_pages(None), 4096);
}

#[test]
fn row_126_memory_has_as_many_bytes_as_were_asked_for_wherever_it_is() {
    let machine = roomy();
    let sizes =
        [1, 2, 7, 8, 64, 191, 4095, 4096, 4097, 8191, 8192, 8193, 12_289, 65_535, 65_536, (1 << 20) - 1, 1 << 20];
    for flags in [Gfp::KERNEL, Gfp::KERNEL | Gfp::DMA] {
        // Each size twice: as it comes from the engine, and from what is at hand.
        let mut held: Vec<_> = sizes
            .iter()
            .flat_map(|size| [*size; 2])
            .map(|size| (size, machine.kmalloc(size, flags).unwrap()))
            .collect();
        for (number, (size, memory)) in held.iter_mut().enumerate() {
            assert_eq!(memory.bytes_mut().len(), *size);
            memory.bytes_mut().fill(number as u8);
        }
        for (number, (size, memory)) in held.iter().enumerate() {
            assert!(memory.bytes().iter().all(|byte| *byte == number as u8), "{size} bytes are somebody else's, too");
        }
        for (size, memory) in &mut held {
            let (place, room) = (memory.as_ptr(), memory.ksize());
            for smaller in [room, (*size).div_ceil(2), 1] {
                memory.krealloc(smaller, flags).unwrap();
                assert_eq!((memory.as_ptr(), memory.bytes().len(), memory.ksize()), (place, smaller, room));
            }
        }
        drop(held);
        machine.audit().unwrap();
        machine.shrink_slabs();
        assert_eq!(machine.free_pages(None), 4096);
    }
}

#[test]
fn row_126_powers_of_two_are_naturally_aligned() {
    for debug in [SlabDebug::NONE, SlabDebug::ALL] {
        let machine = support::builder(Policy::kernel()).slab_debug(debug).build().unwrap();
        for size in (0..20).map(|bits| 1_usize << bits) {
            let several: Vec<_> = (0..5).map_while(|_| machine.kmalloc(size, Gfp::NOWAIT).ok()).collect();
            assert!(several.len() > 2, "{size}");
            assert!(several.iter().all(|memory| memory.as_ptr().addr().get().is_multiple_of(size)), "{size}");
        }
        let odd: Vec<_> = (0..5).map(|_| machine.kmalloc(96, Gfp::KERNEL).unwrap()).collect();
        assert!(odd.iter().all(|memory| memory.as_ptr().addr().get().is_multiple_of(32)));
        machine.audit().unwrap();
    }
}

#[test]
fn row_126_any_layout_is_served_aligned_or_refused() {
    let machine = roomy();
    for bits in 0..=30 {
        for size in [0, 1, 100, 5000, 1 << 20, isize::MAX as usize - (1 << 30)] {
            let layout = Layout::from_size_align(size, 1 << bits).unwrap();
            let possible = size <= 4 << 20 && (bits <= 22 || size == 0);
            match machine.kmalloc_aligned(layout, Gfp::KERNEL) {
                Ok(memory) => {
                    assert!(possible && memory.bytes().len() == size && memory.ksize() >= size);
                    assert!(size == 0 || memory.as_ptr().addr().get().is_multiple_of(1 << bits));
                }
                Err(error) => assert_eq!((error, possible), (AllocError::OrderTooBig, false)),
            }
            machine.shrink_slabs();
        }
    }
    for size in [usize::MAX, usize::MAX - 4095, isize::MAX as usize, 1 << 40, (4 << 20) + 1] {
        assert_eq!(machine.kmalloc(size, Gfp::KERNEL).unwrap_err(), AllocError::OrderTooBig);
    }
    // Blocks above 4 MiB are aligned to no more than that.
    let large = Policy { largest: Order::LIMIT, ..Policy::kernel() };
    let machine = Machine::builder().node(NodePages::new(1 << 12)).policy(large).build().unwrap();
    let layout = Layout::from_size_align(1, 8 << 20).unwrap();
    assert_eq!(machine.kmalloc_aligned(layout, Gfp::KERNEL).unwrap_err(), AllocError::OrderTooBig);
    assert_eq!(machine.free_pages(None), 1 << 12);
}

#[test]
fn row_062_unchecked_sizes_overflow_before_any_policy() {
    for (_, policy) in presets() {
        let machine = machine(policy);
        let before = machine.stats();
        for flags in [Gfp::KERNEL, Gfp::KERNEL | Gfp::NOFAIL, Gfp::ATOMIC | Gfp::NOFAIL] {
            let array = machine.kmalloc_array(usize::MAX / 8 + 1, 16, flags).map(drop);
            assert_eq!(array, Err(AllocError::Overflow));
            let array = machine.kvmalloc_array(usize::MAX / 8 + 1, 16, flags).map(drop);
            assert_eq!(array, Err(AllocError::Overflow));
        }
        assert_eq!(machine.stats(), before, "nothing was asked of the machine, and nobody was killed");
        assert_eq!(machine.kmalloc_array(10, 16, Gfp::KERNEL).unwrap().bytes().len(), 160);
    }
}

#[test]
fn row_126_memory_of_no_bytes_is_no_memory() {
    let machine = machine(Policy::kernel());
    let _hoard = full(&machine);
    let mut nothing = machine.kmalloc(0, Gfp::NOWAIT).unwrap();
    assert_eq!((nothing.as_ptr(), nothing.ksize(), nothing.bytes_mut().len()), (ZERO_SIZE_PTR, 0, 0));
    assert_eq!(machine.kmalloc_raw(0, Gfp::NOWAIT), Ok(ZERO_SIZE_PTR));
    // SAFETY: nobody uses memory of no bytes.
    let freed = [ZERO_SIZE_PTR.as_ptr(), std::ptr::null_mut()].map(|pointer| unsafe { kfree(&machine, pointer) });
    assert_eq!(freed, [Ok(()), Ok(())]);
    assert_eq!(machine.ksize(ZERO_SIZE_PTR.as_ptr()), Ok(0));
}

#[test]
fn row_126_kzalloc_zeroes_the_class_and_not_only_what_was_asked() {
    let machine = machine(Policy::kernel());
    for size in [10, 100, 3000, 9000] {
        let mut dirty = machine.kmalloc(size, Gfp::KERNEL).unwrap();
        let room = dirty.ksize();
        dirty.krealloc(room, Gfp::KERNEL).unwrap();
        dirty.bytes_mut().fill(7);
        drop(dirty);
        let mut clean = machine.kzalloc(size, Gfp::KERNEL).unwrap();
        clean.krealloc(room, Gfp::KERNEL).unwrap();
        assert!(clean.bytes().len() == room && clean.bytes().iter().all(|byte| *byte == 0));
    }
}

#[test]
fn row_126_krealloc_stays_moves_zeroes_and_keeps_the_old_memory_on_failure() {
    let machine = machine(Policy::small_may_fail());
    let mut memory = machine.kmalloc(65, Gfp::KERNEL).unwrap();
    memory.bytes_mut().fill(1);
    let place = memory.as_ptr();
    memory.krealloc(96, Gfp::KERNEL | Gfp::ZERO).unwrap();
    assert_eq!((memory.as_ptr(), memory.bytes()), (place, &[[1; 65].as_slice(), &[0; 31]].concat()[..]));
    memory.krealloc(3, Gfp::KERNEL).unwrap();
    assert_eq!((memory.as_ptr(), memory.bytes()), (place, &[1; 3][..]));
    memory.krealloc(9000, Gfp::KERNEL | Gfp::ZERO).unwrap();
    assert!(memory.as_ptr() != place && memory.bytes()[..3] == [1; 3] && memory.bytes()[3..] == [0; 8997]);
    let hoard = full(&machine);
    for size in [20_000, 5 << 20, usize::MAX] {
        assert!(memory.krealloc(size, Gfp::KERNEL | Gfp::ZERO).is_err());
        assert_eq!((memory.bytes().len(), &memory.bytes()[..3]), (9000, &[1; 3][..]));
    }
    memory.krealloc(0, Gfp::KERNEL).unwrap();
    assert_eq!(memory.as_ptr(), ZERO_SIZE_PTR);
    drop(hoard);
    memory.krealloc(10, Gfp::KERNEL | Gfp::ZERO).unwrap();
    assert_eq!(memory.bytes(), [0; 10]);
    drop(memory);
    machine.shrink_slabs();
    assert_eq!(machine.free_pages(None), u64::from(PAGES));
    machine.audit().unwrap();
}

#[test]
fn row_126_krealloc_by_pointer_does_the_same() {
    let machine = machine(Policy::small_may_fail());
    // SAFETY: nobody else uses the memory.
    let krealloc = |pointer: *mut u8, size| unsafe { machine.krealloc(pointer, size, Gfp::KERNEL | Gfp::ZERO) };
    let memory = krealloc(std::ptr::null_mut(), 20).unwrap();
    // SAFETY: the memory has 20 bytes, all of them zeroed.
    unsafe { memory.as_ptr().write_bytes(5, 20) };
    assert_eq!(krealloc(memory.as_ptr(), 10), Ok(memory));
    assert_eq!(krealloc(memory.as_ptr(), 32), Ok(memory), "the class has room");
    let moved = krealloc(memory.as_ptr(), 9000).unwrap();
    // SAFETY: the memory has 9,000 bytes.
    let bytes = unsafe { std::slice::from_raw_parts(moved.as_ptr(), 9000) };
    assert!(bytes[..10] == [5; 10] && bytes[10..] == [0; 8990]);
    assert_eq!(krealloc(memory.as_ptr(), 10), Err(AllocError::NotAnObject), "it was given back");
    let hoard = full(&machine);
    assert!(krealloc(moved.as_ptr(), 40_000).is_err());
    assert_eq!(machine.ksize(moved.as_ptr()), Ok(16_384), "and is still there");
    drop(hoard);
    assert_eq!(krealloc(moved.as_ptr(), 0), Ok(ZERO_SIZE_PTR));
    machine.shrink_slabs();
    assert_eq!(machine.free_pages(None), u64::from(PAGES));
}

#[test]
fn row_126_kfree_believes_nothing() {
    let machine = machine(Policy::kernel());
    let (small, large) =
        (machine.kmalloc_raw(100, Gfp::KERNEL).unwrap(), machine.kmalloc_raw(9000, Gfp::KERNEL).unwrap());
    let owned = machine.kmalloc(9000, Gfp::KERNEL).unwrap();
    let cache = machine.cache(alloc_core::CacheOptions::new("any cache", 24)).unwrap();
    let object = cache.alloc_raw(Gfp::KERNEL).unwrap();
    // SAFETY: nobody uses the memory.
    let free = |pointer: *mut u8| unsafe { kfree(&machine, pointer) };
    assert_eq!(free(owned.as_ptr().as_ptr()), Err(FreeError::NotAnObject), "a safe owner has the block");
    assert_eq!(free(large.as_ptr().wrapping_add(PAGE_SIZE)), Err(FreeError::NotTheBeginning));
    assert_eq!(free(large.as_ptr().wrapping_add(1)), Err(FreeError::NotTheBeginning));
    assert_eq!(free(small.as_ptr().wrapping_add(8)), Err(FreeError::NotTheBeginning));
    assert_eq!(free(std::ptr::without_provenance_mut(17)), Err(FreeError::Foreign));
    let frame = alloc_core::FrameNumber((large.as_ptr().addr() - lowest(&machine)) as u32 / 4096);
    assert_eq!(
        machine.free_raw(frame, Order::new(2)),
        Err(FreeError::Owned),
        "the page allocator's door is not kfree's"
    );
    for pointer in [small, large, object] {
        assert_eq!(free(pointer.as_ptr()), Ok(()));
        assert_eq!(free(pointer.as_ptr()), Err(FreeError::AlreadyFree));
        assert_eq!(machine.ksize(pointer.as_ptr()), Err(FreeError::AlreadyFree));
    }
    drop(owned);
    machine.audit().unwrap();
}

/// Where the machine's memory begins.
fn lowest(machine: &Machine) -> usize {
    let block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    block.bytes().as_ptr().addr() - block.frame().0 as usize * PAGE_SIZE
}

#[test]
fn row_126_small_objects_are_too_small_to_fail_and_large_blocks_are_not() {
    let machine = machine(Policy::kernel());
    hog(&machine, 300);
    let _hoard = machine.exhaust(NodeId(0), 0);
    assert!(machine.kmalloc(64 << 10, Gfp::KERNEL).is_err());
    assert_eq!(machine.stats().kills, 0);
    assert!(machine.kmalloc(64, Gfp::NOWAIT).is_err());
    assert!(machine.kmalloc(64, Gfp::KERNEL).is_ok());
    assert_eq!(machine.stats().kills, 1);
}

#[test]
fn row_126_dma_is_served_by_whole_blocks_of_the_low_zone() {
    let machine = Machine::builder().node(NodePages::new(512).with_dma32(128)).build().unwrap();
    let memory = machine.kmalloc(64, Gfp::KERNEL | Gfp::DMA).unwrap();
    assert_eq!(memory.ksize(), PAGE_SIZE);
    let below = memory.as_ptr().addr().get() - lowest(&machine);
    assert!(below < 128 * PAGE_SIZE);
}

#[test]
fn row_086_kvmalloc_up_to_a_page_is_kmalloc() {
    let machine = machine(Policy::kernel());
    let mut memory = machine.kvmalloc(100, Gfp::KERNEL | Gfp::ZERO).unwrap();
    assert!(matches!(&memory, KvBlock::Contiguous(inner) if inner.ksize() == 128));
    assert_eq!(memory.bytes_mut().len(), 100);
    assert_eq!(machine.kvmalloc(0, Gfp::KERNEL).unwrap().bytes().len(), 0);
}
