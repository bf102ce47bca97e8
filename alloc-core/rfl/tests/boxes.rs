//! Boxes: what they own, when it ends, and what is left where memory is not to be had.
#![expect(unsafe_code, reason = "makes owners of bare pointers again")]

mod support;

use std::cell::Cell;
use std::pin::Pin;

use alloc_core_rfl as kernel;
use kernel::alloc::{AllocError, Allocator};
use kernel::prelude::*;
use kernel::types::ForeignOwnable;
use support::{Count, on_machine};

#[test]
fn row_128_the_error_has_no_size_and_becomes_enomem() {
    assert_eq!(size_of::<AllocError>(), 0);
    assert_eq!(size_of::<core::result::Result<(), AllocError>>(), 1);
    on_machine(|_, switch| {
        let boxed = || -> Result<KBox<u64>> { Ok(KBox::new(1, GFP_KERNEL)?) };
        assert_eq!(switch.failing(boxed).unwrap_err(), ENOMEM);
        assert_eq!(*boxed().unwrap(), 1);
    });
}

#[test]
fn a_value_is_dropped_once_whatever_becomes_of_its_box() {
    let count = Count::default();
    on_machine(|_, switch| {
        assert_eq!(switch.failing(|| KBox::new(count.one(0), GFP_KERNEL).err()), Some(AllocError));
        assert_eq!(count.now(), 0, "a value that finds no memory is dropped");

        let boxed = KBox::new(count.one(1), GFP_KERNEL).unwrap();
        let value = KBox::into_inner(boxed);
        assert_eq!((value.value, count.now()), (1, 1));
        drop(value);

        let empty = KBox::drop_contents(KBox::new(count.one(2), GFP_KERNEL).unwrap());
        assert_eq!(count.now(), 0);
        let again = empty.write(count.one(3));
        assert_eq!((again.value, count.now()), (3, 1));
        drop(again);
        assert_eq!(count.now(), 0);

        // SAFETY: the box is leaked just now, and made an owner again once.
        let leaked = unsafe { KVBox::from_raw(KVBox::leak(KVBox::new(count.one(4), GFP_KERNEL).unwrap())) };
        assert_eq!(leaked.value, 4);
        drop(leaked);

        let pinned: Pin<KBox<_>> = KBox::pin(count.one(5), GFP_KERNEL).unwrap();
        assert_eq!(pinned.value, 5);
        drop(pinned);
        drop(KBox::<support::Counted<'_>>::new_uninit(GFP_KERNEL).unwrap());
    });
    assert_eq!(count.now(), 0);
}

#[test]
fn a_box_is_freed_on_another_thread() {
    on_machine(|_, _| {
        let boxed = KBox::new([3_u8; 5000], GFP_KERNEL).unwrap();
        let sum = std::thread::spawn(move || boxed.iter().map(|byte| u32::from(*byte)).sum::<u32>()).join().unwrap();
        assert_eq!(sum, 15_000);
    });
}

#[test]
fn values_of_no_bytes_take_no_memory_and_are_dropped() {
    struct Nothing<'a>(std::marker::PhantomData<&'a ()>);
    std::thread_local!(static DROPPED: Cell<u32> = const { Cell::new(0) });
    impl Drop for Nothing<'_> {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
        }
    }
    on_machine(|_, switch| {
        switch.failing(|| {
            drop(KBox::new(Nothing(std::marker::PhantomData), GFP_KERNEL).unwrap());
            drop(VBox::new(Nothing(std::marker::PhantomData), GFP_KERNEL).unwrap());
        });
        assert_eq!(DROPPED.get(), 2);
    });
}

#[test]
fn a_type_that_is_aligned_beyond_the_page_is() {
    #[repr(align(16384))]
    struct Wide(u8);
    fn check<A: Allocator>() {
        on_machine(|_, _| {
            let boxed = Box::<Wide, A>::new(Wide(9), GFP_KERNEL).unwrap();
            assert_eq!((&raw const *boxed as usize % 16384, boxed.0), (0, 9));
        });
    }
    check::<kernel::alloc::allocator::Kmalloc>();
    check::<kernel::alloc::allocator::KVmalloc>();
    if !cfg!(miri) {
        check::<kernel::alloc::allocator::Vmalloc>();
    }
}

#[test]
fn values_are_made_in_place_and_what_was_made_is_dropped_where_the_rest_fails() {
    let count = Count::default();
    struct Pair<'c> {
        first: support::Counted<'c>,
        second: support::Counted<'c>,
    }
    let pair = |second: Result<u32>| {
        let count = &count;
        kernel::try_init!(Pair { first: count.one(1), second: count.one(second?) })
    };
    on_machine(|_, switch| {
        let made = KBox::init(pair(Ok(2)), GFP_KERNEL).unwrap();
        assert_eq!((made.first.value, made.second.value, count.now()), (1, 2, 2));
        drop(made);
        assert_eq!(KBox::init(pair(Err(EIO)), GFP_KERNEL).err(), Some(EIO));
        assert_eq!(count.now(), 0, "the first one is dropped");
        let failed = switch.failing(|| KBox::pin_init(pair(Ok(2)), GFP_KERNEL).err());
        assert_eq!((failed, count.now()), (Some(ENOMEM), 0));
    });
}

#[test]
fn a_slice_is_made_in_place_value_by_value() {
    let count = Count::default();
    on_machine(|_, switch| {
        let count = &count;
        let value = |fails_at: usize| {
            move |number: usize| {
                // SAFETY: the value is written where no error is given, and only there.
                unsafe {
                    kernel::init::pin_init_from_closure(move |slot: *mut support::Counted<'_>| {
                        if number == fails_at {
                            return Err(EIO);
                        }
                        slot.write(count.one(number as u32));
                        Ok::<(), Error>(())
                    })
                }
            }
        };
        let slice = KBox::pin_slice(value(9), 3, GFP_KERNEL).unwrap();
        assert_eq!(slice.iter().map(|counted| counted.value).collect::<std::vec::Vec<_>>(), [0, 1, 2]);
        drop(slice);
        assert_eq!(KBox::pin_slice(value(2), 3, GFP_KERNEL).err(), Some(EIO));
        assert_eq!(count.now(), 0, "what was made is dropped");
        assert_eq!(switch.failing(|| KBox::pin_slice(value(9), 3, GFP_KERNEL).err()), Some(ENOMEM));
        assert_eq!(KBox::pin_slice(value(9), 0, GFP_KERNEL).unwrap().len(), 0);
    });
}

#[test]
fn a_box_travels_as_a_foreign_pointer() {
    fn travel<P: ForeignOwnable>(owner: P) -> P {
        let pointer = owner.into_foreign();
        assert!(pointer.addr().is_multiple_of(P::FOREIGN_ALIGN));
        // SAFETY: it was an owner of this type, and is made one once.
        unsafe {
            assert!(P::try_from_foreign(std::ptr::null_mut()).is_none());
            P::from_foreign(pointer)
        }
    }
    on_machine(|_, _| {
        assert_eq!(*travel(KBox::new(7_u8, GFP_KERNEL).unwrap()), 7);
        assert_eq!(*travel(KBox::pin(8_u64, GFP_KERNEL).unwrap()), 8);
        travel(KBox::new((), GFP_KERNEL).unwrap());
        let pointer = KBox::new(1_u32, GFP_KERNEL).unwrap().into_foreign();
        // SAFETY: as above; what is borrowed ends before the next is.
        unsafe {
            *KBox::<u32>::borrow_mut(pointer) += 1;
            assert_eq!(*KBox::<u32>::borrow(pointer), 2);
            drop(KBox::<u32>::from_foreign(pointer));
        }
    });
}

#[test]
fn a_trait_object_is_made_by_way_of_the_pointer() {
    trait Speaks {
        fn says(&self) -> u32;
    }
    impl Speaks for support::Counted<'_> {
        fn says(&self) -> u32 {
            self.value
        }
    }
    let count = Count::default();
    on_machine(|_, _| {
        let raw = KBox::into_raw(KBox::new(count.one(6), GFP_KERNEL).unwrap());
        // SAFETY: the pointer was a box's, whose memory has the layout of the value behind it.
        let object: KBox<dyn Speaks + '_> = unsafe { KBox::from_raw(raw as *mut (dyn Speaks + '_)) };
        assert_eq!((object.says(), count.now()), (6, 1));
    });
    assert_eq!(count.now(), 0);
}

#[test]
fn row_024_a_box_outlives_the_restart_of_its_machine_in_the_old_life() {
    let mut machine = alloc_core::Machine::builder().node(alloc_core::NodePages::new(64)).build().unwrap();
    let kept = kernel::with_machine(&machine, || KBox::new([7_u8; 4096], GFP_KERNEL)).unwrap();
    machine.restart().unwrap();
    assert_eq!(machine.free_pages(None), 64);
    let everything = alloc_core::Gfp::ATOMIC | alloc_core::Gfp::MEMALLOC;
    let mut pages: std::vec::Vec<_> =
        std::iter::from_fn(|| machine.alloc_pages(alloc_core::Order::ZERO, everything).ok()).collect();
    assert_eq!(pages.len(), 64);
    pages.iter_mut().for_each(|page| page.bytes_mut().fill(1));
    assert!(kept.iter().all(|byte| *byte == 7));
    drop(kept);
    assert!(pages.iter().all(|page| page.bytes().iter().all(|byte| *byte == 1)));
}
