//! What is given back, or handed over, and is not what it must be.
#![expect(unsafe_code, reason = "gives back what may be anything")]

use alloc_core::{
    AllocError, FrameNumber, FreeError, Gfp, LockError, Machine, NodePages, Order, PAGE_SIZE, PageBlock, ReclaimClass,
    ReclaimLock,
};

use crate::support::Cache;
use crate::{NUMBERS, SIZES, nothing_is_lost};

#[test]
fn what_is_given_back_may_be_anything() {
    nothing_is_lost(|machine| {
        let frames = [0, 1, 127, 128, 255, 256, 257, 1 << 20, u32::MAX - 1, u32::MAX].map(FrameNumber);
        for (frame, order) in frames.into_iter().flat_map(|frame| NUMBERS.map(|order| (frame, Order::new(order)))) {
            assert!(machine.free_raw(frame, order).is_err());
        }
        let block = machine.alloc_pages(Order::new(2), Gfp::KERNEL).unwrap();
        let first = block.bytes().as_ptr().addr() - block.frame().0 as usize * PAGE_SIZE;
        let within = [0, 1, 8, 4095, 4096, 256 * PAGE_SIZE - 1, 256 * PAGE_SIZE, 1 << 40].map(|at| first + at);
        for address in SIZES.into_iter().chain(within).filter(|address| *address != 0) {
            let pointer = std::ptr::without_provenance_mut::<u8>(address);
            // SAFETY: nobody was given a pointer.
            let freed = unsafe { machine.kfree(pointer) };
            assert!(freed.is_err(), "{address:#x}: {freed:?}");
            assert!(machine.ksize(pointer).is_err());
            for size in SIZES {
                // SAFETY: as above.
                assert_eq!(unsafe { machine.krealloc(pointer, size, Gfp::KERNEL) }, Err(AllocError::NotAnObject));
            }
        }
        let nothing = std::ptr::null_mut();
        // SAFETY: null is nothing.
        assert_eq!((unsafe { machine.kfree(nothing) }, machine.ksize(nothing)), (Ok(()), Ok(0)));
        // Twice, and by the wrong order.
        let frame = machine.into_raw(block.into_pages()).unwrap();
        assert_eq!(machine.free_raw(frame, Order::new(1)), Err(FreeError::OtherOrder));
        assert_eq!(machine.free_raw(FrameNumber(frame.0 + 1), Order::ZERO), Err(FreeError::NotTheBeginning));
        assert_eq!(machine.free_raw(frame, Order::new(2)), Ok(()));
        assert_eq!(machine.free_raw(frame, Order::new(2)), Err(FreeError::AlreadyFree));
        let pointer = machine.kmalloc_raw(100, Gfp::KERNEL).unwrap().as_ptr();
        // SAFETY: nobody uses the memory.
        let freed = unsafe { [machine.kfree(pointer), machine.kfree(pointer)] };
        assert_eq!(freed, [Ok(()), Err(FreeError::AlreadyFree)]);
    });
}

#[test]
fn what_is_another_machines_is_refused() {
    let other = Machine::builder().node(NodePages::new(64)).build().unwrap();
    let lock = ReclaimLock::new(&other, "lock", ());
    nothing_is_lost(|machine| {
        let pages = other.alloc_pages(Order::ZERO, Gfp::KERNEL).map(PageBlock::into_pages).unwrap();
        let pages = machine.free(pages).unwrap_err();
        let pages = machine.into_raw(pages).unwrap_err();
        assert_eq!(other.free(pages), Ok(()));
        assert_eq!(lock.lock(machine).map(drop), Err(LockError::OtherMachine));
        lock.taken_by_shrinkers(machine, ReclaimClass::Fs);
        let ours = ReclaimLock::new(machine, "lock", ());
        drop(ours.lock(machine).unwrap());
        assert_eq!(ours.lock(&other).map(drop), Err(LockError::OtherMachine));
        // Shrinkers and objects are known by numbers and addresses.
        let cache = Cache::register(&other, ReclaimClass::Fs, 0);
        let id = other.register_shrinker(cache);
        assert!(machine.unregister_shrinker(id).is_none() && other.unregister_shrinker(id).is_some());
        assert!(other.unregister_shrinker(id).is_none());
        let object = other.kmalloc_raw(64, Gfp::KERNEL).unwrap().as_ptr();
        // SAFETY: the memory is not this machine's, which does not take it; and then nobody uses it any more.
        unsafe {
            assert_eq!(machine.kfree(object), Err(FreeError::Foreign));
            assert_eq!(other.kfree(object), Ok(()));
        }
    });
    other.audit().unwrap();
}
