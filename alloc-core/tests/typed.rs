//! Caches of values: what is moved in comes out, or is dropped once, and the objects are the caches'.

mod support;

use alloc_core::{AllocError, CacheError, CacheOptions, Gfp, Machine, NodePages, SlabDebug};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use support::full;

/// A machine that is small enough for Miri.
fn machine() -> Machine {
    Machine::builder().node(NodePages::new(64)).min_free_pages(4).build().unwrap()
}

/// A value that says when it is dropped.
struct Counted(#[expect(dead_code, reason = "it counts")] Rc<()>, u64);

#[repr(align(256))]
struct Aligned(u8);

#[test]
fn row_126_a_value_is_dropped_once_and_its_object_is_given_back() {
    let machine = machine();
    for debug in [SlabDebug::NONE, SlabDebug::ALL] {
        let options = CacheOptions { debug, ..CacheOptions::of::<Counted>("counted") };
        let cache = machine.typed_cache::<Counted>(options).unwrap();
        let alive = Rc::new(());
        let mut boxes: Vec<_> =
            (0..60).map(|number| cache.alloc(Counted(alive.clone(), number), Gfp::KERNEL).unwrap()).collect();
        boxes.iter_mut().for_each(|value| value.1 += 1);
        assert!(boxes.iter().zip(1..).all(|(value, number)| value.1 == number));
        assert_eq!((Rc::strong_count(&alive), cache.as_bytes().usage().live), (61, 60));
        let taken = boxes.swap_remove(7).into_inner();
        assert_eq!((taken.1, Rc::strong_count(&alive), cache.as_bytes().usage().live), (8, 61, 59));
        drop((taken, boxes));
        assert_eq!((Rc::strong_count(&alive), cache.as_bytes().usage().live), (1, 0));
        machine.audit().unwrap();
        cache.destroy().unwrap();
    }
}

#[test]
fn row_126_a_value_is_made_only_for_an_object_that_is_there() {
    let machine = machine();
    let cache = machine.typed_cache::<Counted>(CacheOptions::of::<Counted>("counted")).unwrap();
    let alive = Rc::new(());
    let hoard = full(&machine);
    assert_eq!(cache.alloc(Counted(alive.clone(), 0), Gfp::NOWAIT).map(drop), Err(AllocError::NoMemory));
    assert_eq!(Rc::strong_count(&alive), 1, "what cannot be moved in is dropped");
    let made = cache.alloc_with(Gfp::NOWAIT, || panic!("there is no object for it"));
    assert_eq!(made.map(drop), Err(AllocError::NoMemory));
    drop(hoard);
    let panics = AssertUnwindSafe(|| drop(cache.alloc_with(Gfp::KERNEL, || panic!("while it is made"))));
    assert!(catch_unwind(panics).is_err());
    assert_eq!(cache.as_bytes().usage().live, 0, "the object is given back");
    machine.audit().unwrap();
}

#[test]
fn row_126_a_drop_that_panics_gives_the_object_back() {
    struct Spoilt;
    impl Drop for Spoilt {
        fn drop(&mut self) {
            panic!("while it is dropped");
        }
    }
    let machine = machine();
    let cache = machine.typed_cache::<(Spoilt, u8)>(CacheOptions::of::<(Spoilt, u8)>("spoilt")).unwrap();
    let spoilt = cache.alloc((Spoilt, 1), Gfp::KERNEL).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(spoilt))).is_err());
    assert_eq!(cache.as_bytes().usage().live, 0);
    machine.audit().unwrap();
}

#[test]
fn row_126_values_are_aligned_and_what_is_no_cache_of_values_is_refused() {
    let machine = machine();
    // What the options say of size and alignment is raised.
    for size in [1, 300] {
        let cache = machine.typed_cache::<Aligned>(CacheOptions::new("aligned", size)).unwrap();
        let boxes: Vec<_> = (0..20).map(|byte| cache.alloc(Aligned(byte), Gfp::KERNEL).unwrap()).collect();
        for (value, byte) in boxes.iter().zip(0..) {
            assert!((&raw const **value).addr().is_multiple_of(256) && value.0 == byte);
        }
    }
    let refused = |options| machine.typed_cache::<Aligned>(options).map(drop).unwrap_err();
    let constructor: Option<fn(&mut [u8])> = Some(|_| {});
    assert_eq!(refused(CacheOptions { constructor, ..CacheOptions::of::<Aligned>("made") }), CacheError::Constructor);
    assert_eq!(machine.typed_cache::<()>(CacheOptions::of::<()>("none")).map(drop).unwrap_err(), CacheError::ZeroSize);
}
