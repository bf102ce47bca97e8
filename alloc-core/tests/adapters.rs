//! Collections of other crates on a machine: their memory is asked for in the task's scope, runs out, and comes back.
#![cfg_attr(feature = "nightly", feature(allocator_api))]
#![expect(unsafe_code, reason = "gives memory back by pointer, as collections do")]

mod support;

use std::alloc::Layout;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use alloc_core::{
    Fragments, Gfp, Handle, KVmalloc, Kmalloc, Machine, MemoryKind, NodePages, Nth, Order, PAGE_SIZE, Policy,
    ReclaimClass, Scope, Vmalloc, WithFlags,
};
use hashbrown::{DefaultHashBuilder, HashMap};
use support::{Cache, full, machine};

type Quick<A> = WithFlags<A, { Gfp::NORETRY.bits() }>;

/// Pages that are free when no cache has any to spare.
fn free(machine: &Machine) -> u64 {
    machine.shrink_slabs();
    machine.free_pages(None)
}

/// The same tests for each trait `Allocator`, with the collections that speak it.
macro_rules! speaks {
    ($version:ident, $api:ident::alloc, $boxed:path, $vector:path) => {
        mod $version {
            use super::*;
            use $api::alloc::Allocator;
            use $boxed as Boxed;
            use $vector as Vector;

            #[test]
            fn row_056_a_box_is_asked_for_in_the_scope_of_its_task() {
                let boxed = |scope: Option<Scope>, class| {
                    let machine = machine(Policy::small_may_fail());
                    let cache = Cache::register(&machine, class, 200);
                    let _hoard = full(&machine);
                    let _scope = scope.map(|scope| machine.scope(scope));
                    let result = Boxed::try_new_in([7_u8; PAGE_SIZE], &machine).map(|block| block[PAGE_SIZE - 1]);
                    (result.ok(), cache.scans.load(Relaxed) > 0)
                };
                assert_eq!(boxed(None, ReclaimClass::Fs), (Some(7), true));
                assert_eq!(boxed(Some(Scope::NoIo), ReclaimClass::Clean), (Some(7), true));
                assert_eq!(boxed(Some(Scope::NoFs), ReclaimClass::Fs), (None, false));
            }

            /// Layouts with and without bytes, grown and made smaller.
            fn any_layout<A: Allocator>(allocator: A) {
                let write = |memory: std::ptr::NonNull<[u8]>, byte| {
                    // SAFETY: the memory is this test's alone.
                    unsafe { memory.cast::<u8>().write_bytes(byte, memory.len()) }
                };
                let all = |memory: std::ptr::NonNull<[u8]>, byte| {
                    // SAFETY: as above.
                    unsafe { memory.as_ref().iter().all(|at| *at == byte) }
                };
                for align in (0..14).map(|bits| 1_usize << bits) {
                    for size in [0, 1, 7, 8, 24, 100, 1000, 4096, 5000, 20_000] {
                        let layout = Layout::from_size_align(size, align).unwrap();
                        let larger = Layout::from_size_align(2 * size + 3, 2 * align).unwrap();
                        let memory = allocator.allocate(layout).unwrap();
                        assert_eq!((memory.len(), memory.cast::<u8>().addr().get() % align), (size, 0), "{layout:?}");
                        write(memory, 9);
                        // SAFETY: the layouts are those that the memory has at the time, and it is given back once.
                        unsafe {
                            let memory = allocator.grow_zeroed(memory.cast(), layout, larger).unwrap();
                            let address = memory.cast::<u8>().addr().get();
                            assert_eq!((memory.len(), address % larger.align()), (larger.size(), 0), "{larger:?}");
                            let bytes = memory.as_ref();
                            assert!(bytes[..size].iter().all(|byte| *byte == 9), "{larger:?}");
                            assert!(bytes[size..].iter().all(|byte| *byte == 0), "{larger:?}");
                            write(memory, 5);
                            let memory = allocator.shrink(memory.cast(), larger, layout).unwrap();
                            assert!(memory.len() == size && all(memory, 5));
                            let memory = allocator.grow(memory.cast(), layout, larger).unwrap();
                            assert!(
                                memory.len() == larger.size() && memory.as_ref()[..size].iter().all(|byte| *byte == 5)
                            );
                            allocator.deallocate(memory.cast(), larger);
                            let zeroed = allocator.allocate_zeroed(layout).unwrap();
                            assert!(all(zeroed, 0), "{layout:?}");
                            allocator.deallocate(zeroed.cast(), layout);
                        }
                    }
                }
            }

            #[test]
            fn memory_of_any_layout_is_aligned_keeps_its_bytes_and_comes_back() {
                let machine = Machine::builder().node(NodePages::new(1024)).build().unwrap();
                let before = free(&machine);
                any_layout(&machine);
                any_layout(Kmalloc(&machine));
                any_layout(Vmalloc(&machine));
                any_layout(KVmalloc(&machine));
                any_layout(Quick::new(KVmalloc(&machine)));
                assert_eq!(free(&machine), before);
                machine.audit().unwrap();
            }

            #[test]
            fn a_vector_grows_until_memory_runs_out_and_keeps_what_it_has() {
                let machine =
                    Machine::builder().node(NodePages::new(1024)).policy(Policy::small_may_fail()).build().unwrap();
                let mut numbers: Vector<u64, &Machine> = Vector::new_in(&machine);
                loop {
                    if numbers.len() == numbers.capacity() && numbers.try_reserve(1).is_err() {
                        break;
                    }
                    numbers.push(numbers.len() as u64);
                }
                assert!(numbers.len() > 100_000, "{}", numbers.len());
                assert!(numbers.iter().enumerate().all(|(place, number)| place as u64 == *number));
                numbers.truncate(10);
                numbers.shrink_to_fit();
                assert_eq!(numbers[..], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
                // Whatever fragments are left, a block as large as the last can be had again.
                assert!(machine.alloc_pages(Order::new(7), Gfp::KERNEL).is_ok());
                machine.audit().unwrap();
            }

            /// The first request that fails leaves everything as it was, whichever it is.
            #[test]
            fn a_vector_is_whole_whichever_of_its_requests_fails() {
                let mut number = 1;
                loop {
                    let machine = Machine::builder().node(NodePages::new(1024)).build().unwrap();
                    let source = Arc::new(Nth::new(number));
                    machine.set_faults(Some(source.clone()));
                    let before = free(&machine);
                    let mut words: Vector<u64, KVmalloc<'_>> = Vector::new_in(KVmalloc(&machine));
                    let mut failed = 0;
                    for word in 0..5000 {
                        failed += usize::from(words.try_reserve(1).is_err());
                        words.push(word);
                    }
                    assert!(words.iter().copied().eq(0..5000), "request {number}");
                    drop(words);
                    assert_eq!(free(&machine), before, "request {number}");
                    machine.audit().unwrap();
                    if source.asked() < number {
                        return assert!(number > 10, "only {number} requests");
                    }
                    // Or none: large memory has a second way, and a slab comes in two sizes.
                    assert!(failed <= 1, "request {number}");
                    number += 1;
                }
            }
        }
    };
}

speaks!(version_02, allocator_api2::alloc, allocator_api2::boxed::Box, allocator_api2::vec::Vec);
speaks!(version_04, allocator_api2_04::alloc, allocator_api2_04::boxed::Box, allocator_api2_04::vec::Vec);
#[cfg(feature = "nightly")]
speaks!(standard, std::alloc, std::boxed::Box, std::vec::Vec);

#[test]
fn row_056_a_handle_says_its_kind_and_its_flags() {
    fn of<H: Handle>(_: &H) -> (MemoryKind, Gfp) {
        (H::KIND, H::FLAGS)
    }
    let machine = machine(Policy::kernel());
    let plain = Gfp::KERNEL | Gfp::NOWARN;
    assert_eq!(of(&&machine), (MemoryKind::Contiguous, plain));
    assert_eq!(of(&Vmalloc(&machine)), (MemoryKind::Mapped, plain));
    let twice = WithFlags::<_, { Gfp::HIGH.bits() }>::new(Quick::new(KVmalloc(&machine)));
    assert_eq!(of(&twice), (MemoryKind::Either, plain | Gfp::NORETRY | Gfp::HIGH));
    assert_eq!(twice.machine().current(), Machine::BOOT);
}

#[test]
fn a_table_is_of_the_kind_of_its_handle() {
    let machine = Machine::builder().node(NodePages::new(4096)).build().unwrap();
    let _fragments = machine.fragment(Fragments::KeepOneIn(4));
    let mut table: HashMap<u32, u64, DefaultHashBuilder, _> = HashMap::new_in(KVmalloc(&machine));
    for number in 0..20_000 {
        table.insert(number, u64::from(number) * 3);
    }
    assert!((0..20_000).all(|number| table[&number] == u64::from(number) * 3));
    assert!(machine.vmalloc_usage().pages > 64, "half a megabyte is nowhere contiguous");
    let mut contiguous = HashMap::new_in(Quick::new(Kmalloc(&machine)));
    contiguous.insert(1, 1);
    assert!(contiguous.try_reserve(20_000).is_err(), "and kmalloc does not map");
    drop(table);
    machine.audit().unwrap();
}
