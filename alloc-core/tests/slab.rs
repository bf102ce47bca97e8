//! Caches: where objects come from, how they come back, and what is found of those who break the rules.
#![expect(unsafe_code, reason = "gives objects back by pointer")]

mod support;

use alloc_core::{
    AllocError, CacheError, CacheInUse, CacheOptions, EventKind, FreeError, Gfp, Machine, Misuse, NodeId, NodePages,
    Policy, ReclaimClass, Scope, SlabBox, SlabDebug,
};
use std::collections::BTreeSet;
use support::{NODE, PAGES, full, hog, kinds, machine};

fn cache(machine: &Machine, size: usize) -> alloc_core::Cache<'_> {
    machine.cache(CacheOptions::new("objects", size)).unwrap()
}

fn debugging(machine: &Machine, size: usize) -> alloc_core::Cache<'_> {
    machine.cache(CacheOptions { debug: SlabDebug::ALL, ..CacheOptions::new("watched", size) }).unwrap()
}

#[test]
fn row_126_objects_are_apart_aligned_and_keep_what_is_written() {
    let machine = machine(Policy::kernel());
    for (size, align) in [(1, 1), (24, 8), (100, 64), (4096, 4096), (5000, 16), (40_000, 8192)] {
        for debug in [SlabDebug::NONE, SlabDebug::ALL] {
            let cache = machine.cache(CacheOptions { align, debug, ..CacheOptions::new("any", size) }).unwrap();
            let mut objects: Vec<SlabBox<'_>> = (0..20).map(|_| cache.alloc(Gfp::KERNEL).unwrap()).collect();
            for (fill, object) in (1..).zip(&mut objects) {
                assert!(object.as_ptr().addr().get().is_multiple_of(align));
                assert_eq!(object.bytes().len(), size);
                object.bytes_mut().fill(fill);
            }
            for (fill, object) in (1_u8..).zip(&objects) {
                assert!(object.bytes().iter().all(|byte| *byte == fill));
            }
            assert_eq!(cache.usage().live, 20);
            machine.audit().unwrap();
            drop(objects);
            assert_eq!(cache.usage().live, 0);
            machine.audit().unwrap();
            assert!(cache.alloc(Gfp::KERNEL | Gfp::ZERO).unwrap().bytes().iter().all(|byte| *byte == 0));
        }
    }
    assert_eq!(machine.free_pages(None), u64::from(PAGES), "ended caches keep nothing");
}

#[test]
fn row_126_caches_that_cannot_be_are_refused() {
    let machine = machine(Policy::kernel());
    let refused = |size, align| {
        let options = CacheOptions { align, ..CacheOptions::new("no", size) };
        machine.cache(options).map(drop).unwrap_err()
    };
    assert_eq!(refused(0, 8), CacheError::ZeroSize);
    assert_eq!(refused(8, 12), CacheError::BadAlign);
    assert_eq!(refused(8, 1 << 30), CacheError::BadAlign);
    assert_eq!(refused(usize::MAX, 8), CacheError::TooBig);
    assert_eq!(refused((4 << 20) + 1, 8), CacheError::TooBig);
}

#[test]
fn row_126_what_is_no_object_of_the_cache_is_named_and_changes_nothing() {
    let machine = machine(Policy::kernel());
    let (one, other) = (cache(&machine, 100), cache(&machine, 100));
    let owned = one.alloc(Gfp::KERNEL).unwrap();
    let raw = one.alloc_raw(Gfp::KERNEL).unwrap().as_ptr();
    let page = machine.alloc_pages(alloc_core::Order::ZERO, Gfp::KERNEL).unwrap();
    let mut stack = 0_u64;
    let free = |pointer: *mut u8| {
        // SAFETY: nobody uses the object.
        unsafe { one.free(pointer) }
    };
    assert_eq!(free(owned.as_ptr().as_ptr()), Err(FreeError::Owned));
    for inside in [1, 8, 99] {
        assert_eq!(free(raw.wrapping_add(inside)), Err(FreeError::NotTheBeginning));
    }
    assert_eq!(free(page.bytes().as_ptr().cast_mut()), Err(FreeError::NotAnObject));
    assert_eq!(free((&raw mut stack).cast()), Err(FreeError::Foreign));
    assert_eq!(free(std::ptr::null_mut()), Err(FreeError::Foreign));
    assert_eq!(free(std::ptr::without_provenance_mut(usize::MAX)), Err(FreeError::Foreign));
    // SAFETY: nobody uses the object.
    assert_eq!(unsafe { other.free(raw) }, Err(FreeError::OtherCache));
    assert_eq!(one.usage().live, 2);
    assert_eq!(free(raw), Ok(()));
    assert_eq!(free(raw), Err(FreeError::AlreadyFree));
    assert_eq!(one.usage().live, 1);
    drop(owned);
    one.shrink();
    assert_eq!(free(raw), Err(FreeError::AlreadyFree), "its slab has gone, too");
    machine.audit().unwrap();
}

#[test]
fn row_126_what_is_at_hand_is_told_from_what_has_an_owner() {
    let machine = machine(Policy::kernel());
    let cache = cache(&machine, 64);
    let boxes: Vec<SlabBox<'_>> = (0..20).map(|_| cache.alloc(Gfp::KERNEL).unwrap()).collect();
    let places: Vec<*mut u8> = boxes.iter().map(|object| object.as_ptr().as_ptr()).collect();
    // SAFETY: nobody uses the object.
    let free = |pointer: *mut u8| unsafe { cache.free(pointer) };
    let mut kept: Vec<SlabBox<'_>> = Vec::new();
    boxes.into_iter().enumerate().filter(|(number, _)| number % 2 == 0).for_each(|(_, object)| kept.push(object));
    // Every second one was dropped, and is at hand; the first look makes all of them free, and the second finds them so.
    for _ in 0..2 {
        for (number, place) in places.iter().enumerate() {
            let found = if number % 2 == 0 { FreeError::Owned } else { FreeError::AlreadyFree };
            assert_eq!((free(*place), number), (Err(found), number));
        }
        drop((cache.alloc(Gfp::KERNEL).unwrap(), cache.alloc(Gfp::KERNEL).unwrap()));
    }
    assert_eq!((cache.live_objects().len(), cache.usage().live), (10, 10));
    // As pointers they are told apart, too.
    let raw: Vec<_> = kept.into_iter().map(SlabBox::into_raw).collect();
    for object in &raw {
        assert_eq!(free(object.as_ptr()), Ok(()));
        assert_eq!(free(object.as_ptr()), Err(FreeError::AlreadyFree));
    }
    assert_eq!((cache.live_objects(), cache.usage().live), (Vec::new(), 0));
    machine.audit().unwrap();
}

#[test]
fn row_126_a_constructor_makes_each_object_once() {
    let machine = machine(Policy::kernel());
    let constructor: fn(&mut [u8]) = |object| object.copy_from_slice(b"made");
    let options = CacheOptions { constructor: Some(constructor), ..CacheOptions::new("constructed", 4) };
    for debug in [SlabDebug::NONE, SlabDebug::ALL] {
        let cache = machine.cache(CacheOptions { debug, ..options }).unwrap();
        let mut object = cache.alloc(Gfp::KERNEL).unwrap();
        assert_eq!(object.bytes(), b"made");
        object.bytes_mut().copy_from_slice(b"left");
        let place = object.as_ptr();
        drop(object);
        let all: Vec<_> = (0..cache.usage().objects).map(|_| cache.alloc(Gfp::KERNEL).unwrap()).collect();
        for object in &all {
            assert_eq!(object.bytes(), if object.as_ptr() == place { b"left" } else { b"made" });
        }
    }
}

#[test]
fn row_126_a_constructor_that_panics_loses_nothing() {
    let machine = machine(Policy::kernel());
    let options = CacheOptions { constructor: Some(|_| panic!("made on purpose")), ..CacheOptions::new("panics", 4) };
    let cache = machine.cache(options).unwrap();
    let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cache.alloc(Gfp::KERNEL).is_ok()));
    assert!(tried.is_err());
    machine.audit().unwrap();
    assert_eq!((cache.usage().slabs, machine.free_pages(None)), (0, u64::from(PAGES)));
}

#[test]
fn row_126_a_cache_that_ends_with_objects_names_them_and_ends_with_the_last() {
    let machine = machine(Policy::kernel());
    let cache = cache(&machine, 1000);
    let raw = cache.alloc_raw(Gfp::KERNEL).unwrap();
    std::mem::forget(cache.alloc(Gfp::KERNEL).unwrap());
    let dropped = cache.alloc_raw(Gfp::KERNEL).unwrap();
    // SAFETY: nobody uses the object.
    unsafe { cache.free(dropped.as_ptr()) }.unwrap();
    let from = machine.next_event();
    let error = cache.destroy().unwrap_err();
    assert_eq!((error.cache, error.objects.len()), ("objects", 2));
    assert!(error.to_string().starts_with("cache objects still has 2 objects: give back those at 0x"), "{error}");
    assert_eq!(kinds(&machine, from), [EventKind::CacheInUse { cache: "objects", live: 2 }]);
    machine.audit().unwrap();
    // SAFETY: nobody uses the object.
    assert_eq!(unsafe { machine.kfree(raw.as_ptr()) }, Ok(()));
    assert!(machine.free_pages(None) < u64::from(PAGES), "one object was forgotten");

    let cache = self::cache(&machine, 1000);
    let before = machine.free_pages(None);
    let raw = cache.alloc_raw(Gfp::KERNEL).unwrap();
    assert!(matches!(cache.destroy(), Err(CacheInUse { objects, .. }) if objects.len() == 1));
    // SAFETY: nobody uses the object.
    assert_eq!(unsafe { machine.kfree(raw.as_ptr()) }, Ok(()));
    assert_eq!(machine.free_pages(None), before, "the last object took the cache's memory along");
    machine.audit().unwrap();
}

#[test]
fn row_126_empty_slabs_are_given_back_on_demand_and_by_reclaim() {
    let machine = machine(Policy::kernel());
    let cache = cache(&machine, 500);
    let objects: Vec<_> = (0..400).map(|_| cache.alloc(Gfp::KERNEL).unwrap()).collect();
    let kept = cache.alloc(Gfp::KERNEL).unwrap();
    drop(objects);
    let free = machine.free_pages(None);
    assert!(free < u64::from(PAGES) - 1 && free >= u64::from(PAGES) - 20, "a few of 51 slabs are kept: {free}");
    assert!(cache.shrink() > 0);
    assert_eq!((cache.usage().slabs, machine.free_pages(None)), (1, u64::from(PAGES) - 1));
    assert_eq!(cache.shrink(), 0, "an object is in use");
    drop(kept);
    // The level is one page away, and the slab that is free now is that page: there is nothing else to gain.
    let _hoard = machine.exhaust(NODE, support::MIN);
    assert!(machine.alloc_pages(alloc_core::Order::ZERO, Gfp::NOWAIT).is_err());
    assert_eq!(cache.usage().slabs, 1);
    assert!(machine.alloc_pages(alloc_core::Order::ZERO, Gfp::KERNEL | Gfp::NORETRY).is_ok());
    assert_eq!(cache.usage().slabs, 0);
    machine.audit().unwrap();
}

#[test]
fn row_126_prefilled_objects_are_there_when_nothing_else_is() {
    let machine = machine(Policy::kernel());
    for debug in [SlabDebug::NONE, SlabDebug::ALL] {
        let cache = machine.cache(CacheOptions { debug, ..CacheOptions::new("ready", 300) }).unwrap();
        let mut ready = cache.prefill(37, Gfp::KERNEL).unwrap();
        let hoard = machine.exhaust(NODE, 0);
        // Others take what they can, and cannot take what is promised.
        let others: Vec<_> = std::iter::from_fn(|| cache.alloc(Gfp::NOWAIT).ok()).collect();
        assert!(cache.prefill(1, Gfp::NOWAIT).is_err());
        assert_eq!(cache.shrink() + machine.free_pages(None), 0);
        let _atomic = machine.scope(Scope::Atomic);
        let sleeps = machine.stats().sleeps;
        let taken: BTreeSet<_> = std::iter::from_fn(|| ready.take()).map(SlabBox::into_raw).collect();
        assert_eq!((taken.len(), ready.left(), machine.stats().sleeps), (37, 0, sleeps));
        machine.audit().unwrap();
        for object in taken {
            // SAFETY: nobody uses the object.
            unsafe { cache.free(object.as_ptr()) }.unwrap();
        }
        drop((others, hoard));
        drop(ready);
        let ready = cache.prefill(5, Gfp::KERNEL).unwrap();
        assert_eq!(cache.usage().reserved, 5);
        drop(ready);
        assert_eq!(cache.usage().reserved, 0);
    }
    assert_eq!(machine.free_pages(None), u64::from(PAGES));
}

#[test]
fn row_126_prefilling_more_than_there_is_fails_and_keeps_nothing() {
    let machine = machine(Policy::kernel());
    let cache = cache(&machine, 300);
    assert_eq!(cache.prefill(usize::MAX, Gfp::KERNEL).unwrap_err(), AllocError::Overflow);
    assert_eq!(cache.prefill(usize::MAX / 1000, Gfp::KERNEL).unwrap_err(), AllocError::Impossible);
    assert_eq!(cache.prefill(13 * 1000, Gfp::NOWAIT).unwrap_err(), AllocError::NoMemory);
    assert_eq!((machine.free_pages(None), cache.usage().reserved), (u64::from(PAGES), 0));
    machine.audit().unwrap();
}

#[test]
fn row_126_a_slab_lies_on_the_node_that_was_asked() {
    let node = NodePages::new(256);
    let machine = Machine::builder().node(node).node(node).build().unwrap();
    let cache = cache(&machine, 100);
    let (one, other) = (NodeId(0), NodeId(1));
    let far = cache.alloc_node(other, Gfp::KERNEL).unwrap();
    assert_eq!((machine.free_pages(Some(one)), machine.free_pages(Some(other))), (256, 255));
    // The other node's slab serves requests for either, unless they insist.
    let near = cache.alloc_node(one, Gfp::KERNEL).unwrap();
    assert_eq!(machine.free_pages(None), 511);
    let insisting = cache.alloc_node(one, Gfp::KERNEL | Gfp::THISNODE).unwrap();
    assert_eq!((machine.free_pages(Some(one)), machine.free_pages(Some(other))), (255, 255));
    assert_eq!(cache.alloc_node(NodeId(9), Gfp::KERNEL | Gfp::THISNODE).unwrap_err(), AllocError::NoSuchNode);
    drop((far, near, insisting));
    machine.audit().unwrap();
}

#[test]
fn row_126_a_large_slab_falls_back_to_the_least_order_before_anybody_is_killed() {
    let machine = machine(Policy::kernel());
    hog(&machine, 100);
    let _fragments = machine.fragment(alloc_core::Fragments::KeepOneIn(2));
    let cache = cache(&machine, 4096);
    let from = machine.stats();
    let object = cache.alloc(Gfp::KERNEL).unwrap();
    assert_eq!((cache.usage().objects, machine.stats().kills), (1, 0));
    assert_eq!(machine.stats().direct_passes, from.direct_passes, "and nothing is reclaimed for comfort");
    drop(object);
}

#[test]
fn row_051_a_zone_is_not_asked_of_a_cache() {
    let kernel = machine(Policy::kernel());
    let from = kernel.next_event();
    for flags in [Gfp::HIGHMEM, Gfp::DMA32, Gfp::DMA] {
        assert!(cache(&kernel, 64).alloc(Gfp::KERNEL | flags).is_ok());
    }
    assert!(kernel.kmalloc(64, Gfp::KERNEL | Gfp::HIGHMEM).is_ok());
    assert!(kernel.kmalloc(10_000, Gfp::KERNEL | Gfp::HIGHMEM | Gfp::NOWARN).is_ok());
    assert_eq!(kinds(&kernel, from), [EventKind::Misused(Misuse::SlabZone); 5]);
    assert_eq!(kernel.stats().warnings, 4);
    let strict = machine(Policy::strict());
    let refused = cache(&strict, 64).alloc(Gfp::KERNEL | Gfp::DMA32).unwrap_err();
    assert_eq!((refused, strict.stats().failures), (AllocError::InvalidFlags, 1));
    assert_eq!(strict.kmalloc(10_000, Gfp::KERNEL | Gfp::HIGHMEM).unwrap_err(), AllocError::InvalidFlags);
}

#[test]
fn row_126_scopes_are_the_page_allocators() {
    let machine = machine(Policy::kernel());
    let cache = cache(&machine, 64);
    drop(cache.alloc(Gfp::KERNEL).unwrap());
    let shrinker = support::Cache::register(&machine, ReclaimClass::Fs, 10);
    let _hoard = full(&machine);
    let _scope = machine.scope(Scope::NoFs);
    assert!(cache.alloc(Gfp::KERNEL).is_ok(), "served from a free object, it notices no scope");
    let many: Vec<_> = (0..64).map(|_| cache.alloc(Gfp::KERNEL).unwrap()).collect();
    assert!(cache.alloc(Gfp::KERNEL | Gfp::NORETRY).is_err());
    assert_eq!(
        shrinker.scans.load(std::sync::atomic::Ordering::Relaxed),
        0,
        "the page request behind it was made inside of the scope"
    );
    drop(many);
    std::mem::take(&mut *shrinker.pages.lock().unwrap()).into_iter().for_each(|pages| machine.free(pages).unwrap());
}

#[test]
fn row_126_red_zones_poison_and_last_owners_name_the_culprit() {
    let machine = machine(Policy::kernel());
    let culprit = machine.spawn(alloc_core::TaskOptions::named("culprit"));
    let cache = debugging(&machine, 50);
    let take = || machine.run_as(culprit, || cache.alloc_raw(Gfp::KERNEL).unwrap().as_ptr());
    let objects = [take(), take(), take()];
    let slab = objects[0].map_addr(|address| address & !4095);
    let at = |object: *mut u8, by: isize| slab.wrapping_offset(object.addr() as isize - slab.addr() as isize + by);
    // SAFETY: the bytes lie in the slab's page, and nobody else uses them.
    let write = |place: *mut u8, byte| unsafe { std::ptr::replace(place, byte) };
    machine.audit().unwrap();
    for (by, what) in [(-1, "a byte before the object was written"), (50, "a byte behind the object was written")] {
        let before = write(at(objects[0], by), 7);
        let error = machine.audit_slabs().unwrap_err();
        assert_eq!((error.cache, error.what, error.taken_by), (Some("watched"), what, Some(culprit)));
        assert_eq!(machine.audit().unwrap_err().what, what);
        // SAFETY: nobody uses the object.
        assert_eq!(unsafe { cache.free(objects[0]) }, Err(FreeError::RedZone));
        write(at(objects[0], by), before);
        machine.audit().unwrap();
    }
    // SAFETY: nobody uses the object, but for the write below.
    machine.run_as(culprit, || unsafe { cache.free(objects[1]) }).unwrap();
    write(objects[1], 7);
    let error = machine.audit_slabs().unwrap_err();
    assert_eq!((error.what, error.freed_by), ("the object was written while it was free", Some(culprit)));
    let from = machine.next_event();
    let again = take();
    assert_eq!(again, objects[1]);
    assert!(matches!(kinds(&machine, from)[..], [EventKind::ObjectBroken { cache: "watched", .. }]));
    machine.audit().unwrap();
    for object in [objects[0], again, objects[2]] {
        // SAFETY: nobody uses the object.
        unsafe { cache.free(object) }.unwrap();
    }
}
