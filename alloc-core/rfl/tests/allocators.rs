//! The rules that the kernel documents of its allocators, each by an allocator of every kind.
#![expect(unsafe_code, reason = "calls allocators by their bare functions")]

mod support;

use std::alloc::Layout;
use std::ptr::NonNull;

use alloc_core::{Machine, NodePages};
use alloc_core_rfl as kernel;
use kernel::alloc::allocator::{KVmalloc, Kmalloc, Vmalloc};
use kernel::alloc::flags::*;
use kernel::alloc::{AllocError, Allocator, Flags, NumaNode};
use support::{free, machine, on_machine};

const NO_NODE: NumaNode = NumaNode::NO_NODE;

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

/// Calls `body` for each allocator that the place has: Miri has no window to map in.
macro_rules! each_allocator {
    ($body:ident($($argument:expr),*)) => {
        $body::<Kmalloc>($($argument),*);
        $body::<KVmalloc>($($argument),*);
        if !cfg!(miri) {
            $body::<Vmalloc>($($argument),*);
        }
    };
}

/// The bytes of memory.
///
/// # Safety
/// It is all written, and nobody else's for `'a`.
unsafe fn bytes<'a>(memory: NonNull<[u8]>) -> &'a mut [u8] {
    // SAFETY: the caller's promise.
    unsafe { &mut *memory.as_ptr() }
}

fn memory_has_its_layout<A: Allocator>() {
    on_machine(|_, _| {
        for align in (0..15).map(|bits| 1 << bits).filter(|align| !cfg!(miri) || [1, 64, 16384].contains(align)) {
            for size in [1, 7, 24, 100, 4096, 5000, 20_000] {
                let layout = layout(size, align);
                let memory = A::alloc(layout, GFP_KERNEL | __GFP_ZERO, NO_NODE).unwrap();
                let address = memory.cast::<u8>().addr().get();
                assert!(address.is_multiple_of(align.max(A::MIN_ALIGN.min(size.next_power_of_two()))), "{layout:?}");
                // SAFETY: the memory is zeroed, this test's alone, and freed once.
                unsafe {
                    assert!(bytes(memory).len() == size && bytes(memory).iter().all(|byte| *byte == 0), "{layout:?}");
                    bytes(memory).fill(0xA5);
                    A::free(memory.cast(), layout);
                }
            }
        }
    });
}

#[test]
fn memory_has_the_size_and_the_alignment_that_were_asked_for_beyond_a_page_too() {
    each_allocator!(memory_has_its_layout());
}

fn no_bytes_are_nothing<A: Allocator>() {
    on_machine(|machine, switch| {
        let (before, none) = (free(machine), layout(0, 64));
        let nothing = switch.failing(|| A::alloc(none, GFP_KERNEL, NO_NODE)).unwrap();
        assert!(nothing.is_empty() && nothing.cast::<u8>().addr().get().is_multiple_of(64));
        let memory = A::alloc(layout(9000, 8), GFP_KERNEL, NO_NODE).unwrap();
        assert!(free(machine) < before);
        // SAFETY: the memory is given up; what has no bytes may be freed and moved at will.
        unsafe {
            let freed =
                switch.failing(|| A::realloc(Some(memory.cast()), none, layout(9000, 8), GFP_KERNEL, NO_NODE)).unwrap();
            assert!(freed.is_empty());
            assert_eq!(free(machine), before, "size 0 frees");
            A::free(freed.cast(), none);
            let again = A::realloc(Some(freed.cast()), layout(10, 1), none, GFP_KERNEL, NO_NODE).unwrap();
            A::free(again.cast(), layout(10, 1));
        }
    });
}

#[test]
fn size_0_takes_nothing_cannot_fail_and_frees() {
    each_allocator!(no_bytes_are_nothing());
}

fn failure_changes_nothing<A: Allocator>() {
    on_machine(|_, switch| {
        for (old, new) in [(16, 64), (64, 20_000), (6000, 9000), (20_000, 300_000), (300_000, 600_000)] {
            if new <= A::MIN_ALIGN || cfg!(miri) && new > 10_000 {
                // There is room for it in place, or it would take long.
                continue;
            }
            let (old, new) = (layout(old, 8), layout(new, 8));
            let memory = A::alloc(old, GFP_KERNEL, NO_NODE).unwrap();
            // SAFETY: the memory is this test's alone, written before it is read, and freed once.
            unsafe {
                memory.cast::<u8>().write_bytes(0x5A, old.size());
                let failed = switch.failing(|| A::realloc(Some(memory.cast()), new, old, GFP_KERNEL, NO_NODE));
                assert_eq!(failed, Err(AllocError), "{old:?} to {new:?}");
                assert!(bytes(memory).iter().all(|byte| *byte == 0x5A));
                A::free(memory.cast(), old);
            }
        }
    });
}

#[test]
fn a_failed_realloc_leaves_the_old_memory_as_it_was() {
    each_allocator!(failure_changes_nothing());
}

fn contents_are_kept<A: Allocator>() {
    on_machine(|_, _| {
        // SAFETY: the memory is this test's alone, written before it is read, and freed once.
        unsafe {
            let mut now = layout(13, 1);
            let mut memory = A::alloc(now, GFP_KERNEL, NO_NODE).unwrap();
            memory.cast::<u8>().write_bytes(1, now.size());
            for size in [14, 15, 600, 500, 4096, 4097, 30_000, 29_000, 100_000, 4097, 3, 2000, 8193] {
                if cfg!(miri) && size > 10_000 {
                    continue;
                }
                let next = layout(size, 1);
                let flags = GFP_KERNEL | __GFP_ZERO;
                memory = A::realloc(Some(memory.cast()), next, now, flags, NO_NODE).unwrap();
                let kept = size.min(now.size());
                assert!(bytes(memory)[..kept].iter().all(|byte| *byte == 1), "{now:?} to {next:?}");
                assert!(
                    bytes(memory)[kept..].iter().all(|byte| *byte == 0),
                    "ZERO zeroes what is gained: {now:?} to {next:?}"
                );
                bytes(memory).fill(1);
                now = next;
            }
            A::free(memory.cast(), now);
            // To a larger alignment most of them have to be moved, although there is room.
            let (small, aligned) = (layout(32, 1), layout(32, 16384));
            let pieces = [(); 3].map(|()| A::alloc(small, GFP_KERNEL, NO_NODE).unwrap());
            for memory in pieces {
                memory.cast::<u8>().write_bytes(1, small.size());
                let moved = A::realloc(Some(memory.cast()), aligned, small, GFP_KERNEL, NO_NODE).unwrap();
                assert!(moved.cast::<u8>().addr().get().is_multiple_of(16384));
                assert!(bytes(moved).iter().all(|byte| *byte == 1));
                A::free(moved.cast(), aligned);
            }
        }
    });
}

#[test]
fn realloc_keeps_what_fits_and_zeroes_what_is_gained() {
    each_allocator!(contents_are_kept());
}

#[test]
#[cfg_attr(miri, ignore = "no window to map in")]
fn what_kind_of_memory_it_is_shows() {
    on_machine(|machine, _| {
        let is_mapped = |memory: NonNull<[u8]>| machine.is_vmalloc(memory.as_ptr().cast());
        let large = layout(64 * 1024, 8);
        let mut held: Vec<NonNull<[u8]>> = Vec::new();
        // Every second page is taken: nothing is contiguous.
        let _fragments = machine.fragment(alloc_core::Fragments::KeepOneIn(2));
        assert_eq!(Kmalloc::alloc(large, GFP_KERNEL, NO_NODE), Err(AllocError));
        held.push(Vmalloc::alloc(large, GFP_KERNEL, NO_NODE).unwrap());
        held.push(KVmalloc::alloc(large, GFP_KERNEL, NO_NODE).unwrap());
        assert!(held.iter().all(|memory| is_mapped(*memory)), "kvmalloc goes on where kmalloc cannot");
        // SAFETY: each is freed once, with its layout.
        unsafe {
            Vmalloc::free(held[0].cast(), large);
            // Smaller, in place: its pages come back.
            let smaller = KVmalloc::realloc(Some(held[1].cast()), layout(100, 8), large, GFP_KERNEL, NO_NODE).unwrap();
            assert_eq!(smaller.cast::<u8>(), held[1].cast());
            assert_eq!(machine.vmalloc_usage().pages, 16, "its addresses stay taken");
            KVmalloc::free(smaller.cast(), layout(100, 8));
        }
        assert_eq!(machine.vmalloc_usage().pages, 0);
    });
}

#[test]
#[cfg_attr(miri, ignore = "it takes long")]
fn flags_mean_what_they_mean_in_the_kernel() {
    let (machine, _) = machine();
    kernel::with_machine(&machine, || {
        let page = layout(4096, 8);
        let take = |flags: Flags| {
            let mut taken = 0;
            while Kmalloc::alloc(page, flags, NO_NODE).is_ok() {
                taken += 1;
            }
            taken
        };
        let (first, then) = (take(GFP_NOWAIT), take(GFP_ATOMIC));
        assert!(first > 900, "most of 1024 pages: {first}");
        assert!(then > 0, "GFP_ATOMIC reaches into the reserve, where GFP_NOWAIT is refused");
        assert_eq!(take(GFP_NOWAIT), 0);
    });
    machine.audit().unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "it takes long")]
fn a_node_is_asked_first() {
    let nodes = Machine::builder().node(NodePages::new(512)).node(NodePages::new(512)).build().unwrap();
    kernel::with_machine(&nodes, || {
        let before = [0, 1].map(|node| nodes.free_pages(Some(alloc_core::NodeId(node))));
        let near = NumaNode::new(1).unwrap();
        let memory = KVmalloc::alloc(layout(64 * 1024, 8), GFP_KERNEL, near).unwrap();
        let after = [0, 1].map(|node| nodes.free_pages(Some(alloc_core::NodeId(node))));
        assert_eq!((before[0] - after[0], before[1] - after[1]), (0, 16));
        assert_eq!(
            Kmalloc::alloc(layout(8, 8), GFP_KERNEL, NumaNode::new(5).unwrap()),
            Err(AllocError),
            "no such node"
        );
        // SAFETY: freed once, with its layout.
        unsafe { KVmalloc::free(memory.cast(), layout(64 * 1024, 8)) };
    });
    assert_eq!(NumaNode::new(-1), Ok(NumaNode::NO_NODE));
    assert_eq!(NumaNode::new(-2), Err(kernel::error::code::EINVAL));
    assert_eq!(NumaNode::new(64), Err(kernel::error::code::EINVAL));
}

#[test]
fn memory_that_is_freed_twice_or_elsewhere_is_told_and_nothing_is_damaged() {
    let (machine, _) = machine();
    let before = free(&machine);
    let size = layout(100, 8);
    let memory = kernel::with_machine(&machine, || Kmalloc::alloc(size, GFP_KERNEL, NO_NODE)).unwrap().cast();
    // SAFETY: nobody uses the memory. That it is freed twice, and by another allocator, is under test.
    let freed = |free: unsafe fn(NonNull<u8>, Layout)| std::panic::catch_unwind(|| unsafe { free(memory, size) });
    assert!(freed(Vmalloc::free).is_err() && freed(Kmalloc::free).is_ok());
    assert!(freed(Kmalloc::free).is_err() && freed(KVmalloc::free).is_err());
    assert_eq!(free(&machine), before);
    machine.audit().unwrap();
    drop(machine);
    assert!(freed(Kmalloc::free).is_err(), "its machine has gone, as it holds no share any more");
}

#[test]
fn memory_outlives_its_machine_and_goes_back_to_it_from_anywhere() {
    let (machine, _) = machine();
    let share = machine.share();
    let before = free(&machine);
    let size = layout(100, 8);
    let memory = kernel::with_machine(&machine, || Kmalloc::alloc(size, GFP_KERNEL, NO_NODE)).unwrap();
    drop(machine);
    let address = memory.cast::<u8>().addr();
    let pointer = std::sync::atomic::AtomicPtr::new(memory.cast::<u8>().as_ptr());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            on_machine(|other, _| {
                let before = free(other);
                let pointer = NonNull::new(pointer.load(std::sync::atomic::Ordering::Relaxed)).unwrap();
                assert_eq!(pointer.addr(), address);
                // SAFETY: freed once, with its layout.
                unsafe { Kmalloc::free(pointer, size) };
                assert_eq!(free(other), before, "it is not this machine's");
            });
        });
    });
    assert_eq!(free(&share), before);
    share.audit().unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "it takes long: 64 MiB")]
fn calls_nest_and_end_with_a_panic_too() {
    let ((outer, _), (inner, _)) = (machine(), machine());
    let large = || kernel::alloc::KBox::new([0_u8; 20_000], GFP_KERNEL).unwrap();
    kernel::with_machine(&outer, || {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            kernel::with_machine(&inner, || {
                let _held = large();
                assert!(free(&inner) < free(&outer), "the inner one serves");
                std::panic::resume_unwind(Box::new(()));
            })
        }));
        assert!(panicked.is_err());
        let held = large();
        assert!(free(&outer) < free(&inner), "the outer one serves again");
        drop(held);
    });
    // Where none was named, one for all serves.
    let boxed = kernel::alloc::KVBox::new([7_u8; 100_000], GFP_KERNEL).unwrap();
    assert_eq!((boxed[99_999], free(&outer)), (7, free(&inner)));
}
