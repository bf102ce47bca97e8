//! Areas and kvmalloc's memory as bare pointers, at addresses that are aligned beyond a page, and shares of a machine.
#![cfg(all(feature = "std", target_os = "linux"))]
#![expect(unsafe_code, reason = "passes memory around as pointers")]

use std::alloc::Layout;

use alloc_core::{AllocError, Fragments, FreeError, Gfp, KvBlock, Machine, NodeId, NodePages, PAGE_SIZE};

fn machine() -> Machine {
    Machine::builder().node(NodePages::new(1024)).build().unwrap()
}

#[test]
#[cfg_attr(miri, ignore = "no window to map in")]
fn row_086_a_mapped_area_comes_back_by_its_pointer_and_by_nothing_else() {
    let machine = machine();
    let before = machine.free_pages(None);
    let mut area = machine.vmalloc(5 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    area.bytes_mut().fill(7);
    let beside = machine.vmalloc(100, Gfp::KERNEL).unwrap();
    let (pointer, owned) = (area.into_raw().as_ptr(), beside.bytes().as_ptr().cast_mut());
    assert!(machine.is_vmalloc(pointer));
    // SAFETY: nobody uses the area's memory, or what is said to be memory is none.
    unsafe {
        assert_eq!(machine.vfree(pointer.wrapping_add(8)), Err(FreeError::NotTheBeginning));
        assert_eq!(
            machine.vfree(pointer.wrapping_add(5 * PAGE_SIZE)),
            Err(FreeError::AlreadyFree),
            "the page behind it"
        );
        assert_eq!(machine.vfree(owned), Err(FreeError::Owned));
        assert_eq!(machine.vfree(machine.kmalloc(8, Gfp::KERNEL).unwrap().as_ptr().as_ptr()), Err(FreeError::Foreign));
        assert_eq!(machine.vfree(std::ptr::null_mut()), Ok(()));
        let again = machine.area_at(pointer).unwrap();
        assert!(again.bytes().len() == 5 * PAGE_SIZE && again.bytes().iter().all(|byte| *byte == 7));
        assert_eq!(machine.area_at(pointer).err(), Some(FreeError::Owned));
        assert_eq!(again.into_raw().as_ptr(), pointer);
        assert_eq!(machine.kvfree(pointer), Ok(()));
        assert_eq!(machine.kvfree(pointer), Err(FreeError::AlreadyFree));
    }
    drop(beside);
    machine.shrink_slabs();
    assert_eq!((machine.free_pages(None), machine.vmalloc_usage().areas), (before, 0));
    machine.audit().unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "no window to map in")]
fn row_086_areas_and_either_kind_are_aligned_beyond_a_page() {
    let machine = machine();
    let _fragments = machine.fragment(Fragments::KeepOneIn(2));
    let mut held = Vec::new();
    for align in [1, PAGE_SIZE, 4 * PAGE_SIZE, 64 * PAGE_SIZE, 2 * PAGE_SIZE] {
        let layout = Layout::from_size_align(3 * PAGE_SIZE, align).unwrap();
        let area = machine.vmalloc_aligned(None, layout, Gfp::KERNEL).unwrap();
        let either = machine.kvmalloc_aligned(None, layout, Gfp::KERNEL).unwrap();
        assert!(matches!(either, KvBlock::Mapped(_)), "nothing is contiguous");
        for bytes in [area.bytes(), either.bytes()] {
            assert!(bytes.as_ptr().addr().is_multiple_of(align) && bytes.len() == layout.size());
        }
        held.push((area, either));
    }
    let too_much = Layout::from_size_align(PAGE_SIZE, 1 << 40).unwrap();
    assert_eq!(machine.vmalloc_aligned(None, too_much, Gfp::KERNEL).err(), Some(AllocError::NoAddresses));
    drop(held);
    assert_eq!(machine.vmalloc_usage().pages, 0);
}

#[test]
#[cfg_attr(miri, ignore = "no window to map in")]
fn row_108_an_area_comes_from_the_node_that_was_asked() {
    let machine = Machine::builder().node(NodePages::new(512)).node(NodePages::new(512)).build().unwrap();
    let free = || [0, 1].map(|node| machine.free_pages(Some(NodeId(node))));
    let layout = Layout::from_size_align(40 * PAGE_SIZE, 1).unwrap();
    let before = free();
    let area = machine.vmalloc_aligned(Some(NodeId(1)), layout, Gfp::KERNEL).unwrap();
    assert_eq!(before[1] - free()[1], 40);
    drop(area);
    assert_eq!(machine.vmalloc_aligned(Some(NodeId(2)), layout, Gfp::KERNEL).err(), Some(AllocError::NoSuchNode));
    assert_eq!(machine.kvmalloc_aligned(Some(NodeId(2)), layout, Gfp::KERNEL).err(), Some(AllocError::NoSuchNode));
}

#[test]
fn a_share_behind_an_address_is_that_of_its_machine() {
    let machines: Vec<Machine> = (0..5).map(|_| machine()).collect();
    let pointers: Vec<*mut u8> = machines.iter().map(|m| m.kmalloc_raw(100, Gfp::KERNEL).unwrap().as_ptr()).collect();
    let free: Vec<u64> = machines.iter().map(|machine| machine.free_pages(None)).collect();
    machines.iter().for_each(|machine| std::mem::forget(machine.share()));
    drop(machines);
    for (pointer, free) in pointers.into_iter().zip(free).rev() {
        // SAFETY: a share was left for it above, and nobody uses the memory.
        unsafe {
            let share = Machine::take_share_at(pointer).unwrap();
            assert_eq!(share.kfree(pointer), Ok(()));
            assert!(share.shrink_slabs() > 0 && share.free_pages(None) > free);
            drop(share);
            assert!(Machine::take_share_at(pointer).is_none(), "its machine has gone");
        }
    }
    // SAFETY: no machine's address.
    assert!(unsafe { Machine::take_share_at(std::ptr::null()) }.is_none());
}
