//! Collections of other crates on a machine: their memory is asked for in the task's scope, runs out, and comes back.
#![expect(unsafe_code, reason = "gives memory back by pointer, as collections do")]

mod support;

use alloc_core::{Gfp, Machine, NodePages, Order, PAGE_SIZE, Policy, ReclaimClass, Scope};
use allocator_api2::alloc::{Allocator, Layout};
use allocator_api2::boxed::Box;
use allocator_api2::vec::Vec;
use std::sync::atomic::Ordering::Relaxed;
use support::{Cache, full, machine};

#[test]
fn row_056_a_box_is_asked_for_in_the_scope_of_its_task() {
    let boxed = |scope: Option<Scope>, class| {
        let machine = machine(Policy::small_may_fail());
        let cache = Cache::register(&machine, class, 200);
        let _hoard = full(&machine);
        let _scope = scope.map(|scope| machine.scope(scope));
        let result = Box::try_new_in([7_u8; PAGE_SIZE], &machine).map(|block| block[PAGE_SIZE - 1]);
        (result.ok(), cache.scans.load(Relaxed) > 0)
    };
    assert_eq!(boxed(None, ReclaimClass::Fs), (Some(7), true));
    assert_eq!(boxed(Some(Scope::NoIo), ReclaimClass::Clean), (Some(7), true));
    assert_eq!(boxed(Some(Scope::NoFs), ReclaimClass::Fs), (None, false));
}

#[test]
fn memory_of_any_layout_is_aligned_and_comes_back() {
    let machine = Machine::builder().node(NodePages::new(1024)).build().unwrap();
    let free = |machine: &Machine| {
        machine.shrink_slabs();
        machine.free_pages(None)
    };
    let before = free(&machine);
    for align in (0..13).map(|bits| 1_usize << bits) {
        for size in [0, 1, 7, 8, 24, 100, 1000, 4096, 5000, 20_000] {
            let layout = Layout::from_size_align(size, align).unwrap();
            let memory = (&machine).allocate(layout).unwrap();
            assert_eq!((memory.len(), memory.cast::<u8>().addr().get() % align), (size, 0), "{layout:?}");
            // SAFETY: the memory has `size` bytes, is this test's alone, and is given back once.
            unsafe {
                memory.cast::<u8>().write_bytes(9, size);
                (&machine).deallocate(memory.cast(), layout);
            }
            let zeroed = (&machine).allocate_zeroed(layout).unwrap();
            // SAFETY: as above; all of it was written, by the machine.
            unsafe {
                assert!(zeroed.as_ref().iter().all(|byte| *byte == 0), "{layout:?}");
                (&machine).deallocate(zeroed.cast(), layout);
            }
        }
    }
    assert_eq!(free(&machine), before);
    machine.audit().unwrap();
}

#[test]
fn a_vector_grows_until_memory_runs_out_and_keeps_what_it_has() {
    let machine = Machine::builder().node(NodePages::new(1024)).policy(Policy::small_may_fail()).build().unwrap();
    let mut numbers: Vec<u64, &Machine> = Vec::new_in(&machine);
    let error = loop {
        if let Err(error) = numbers.try_reserve(1) {
            break error;
        }
        numbers.push(numbers.len() as u64);
    };
    assert!(numbers.len() > 100_000, "{error:?} after {}", numbers.len());
    assert!(numbers.iter().enumerate().all(|(place, number)| place as u64 == *number));
    drop(numbers);
    // Whatever fragments are left, a block as large as the last can be had again.
    assert!(machine.alloc_pages(Order::new(7), Gfp::KERNEL).is_ok());
    machine.audit().unwrap();
}
