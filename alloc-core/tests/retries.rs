//! Retry loops that somebody wrote instead of NOFAIL: found once, and only where nothing is gained.
#![cfg(all(feature = "std", target_os = "linux"))]

mod support;

use alloc_core::{AllocError, CacheOptions, EventKind, Fragments, Gfp, Machine, Nth, Order, PAGE_SIZE, Policy};
use support::{full, machine, order};

fn found(machine: &Machine) -> Vec<(Vec<&'static str>, usize, u32)> {
    machine.retry_loops().into_iter().map(|found| (found.chain, found.bytes, found.failures)).collect()
}

/// Events of loops, which come between those of a hundred failures.
fn events(machine: &Machine, from: u64) -> Vec<EventKind> {
    let kinds = support::kinds(machine, from).into_iter();
    kinds.filter(|kind| matches!(kind, EventKind::OpenCodedNofail { .. })).collect()
}

#[test]
fn row_071_a_loop_of_a_hundred_is_found_once_and_named() {
    let machine = machine(Policy::small_may_fail());
    let hoard = full(&machine);
    let from = machine.next_event();
    let _journal = machine.site("journal");
    for times in 1..=100 {
        assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::NOFS).unwrap_err(), AllocError::NoMemory);
        assert_eq!(machine.stats().retry_loops, u64::from(times > 64), "after {times}");
    }
    let told = EventKind::OpenCodedNofail { site: Some("journal"), bytes: PAGE_SIZE };
    assert_eq!(events(&machine, from), [told]);
    let loops = machine.retry_loops();
    assert_eq!(
        loops[0].to_string(),
        "journal: 4096 bytes failed 100 times in a row: say NOFAIL, so that the machine can help"
    );
    // It succeeds in the end, and begins again: it is known.
    drop(hoard);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::NOFS).is_ok());
    let _hoard = full(&machine);
    (0..200).for_each(|_| drop(machine.alloc_pages(Order::ZERO, Gfp::NOFS)));
    assert_eq!((found(&machine), machine.stats().retry_loops), (vec![(vec!["journal"], PAGE_SIZE, 200)], 1));
}

#[test]
fn row_071_a_loop_that_gains_something_is_none() {
    let machine = machine(Policy::small_may_fail());
    let cache = machine.cache(CacheOptions::new("inode", 512)).unwrap();
    let mut objects = Vec::new();
    let mut hoard = full(&machine);
    for _ in 0..6 {
        for _ in 0..50 {
            assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_err());
            assert!(machine.vmalloc(2 * PAGE_SIZE, Gfp::KERNEL).is_err());
            assert!(cache.alloc(Gfp::KERNEL).is_err());
        }
        drop(hoard);
        assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
        assert!(machine.vmalloc(2 * PAGE_SIZE, Gfp::KERNEL).is_ok());
        objects.extend(cache.alloc(Gfp::KERNEL));
        objects.clear();
        cache.shrink();
        hoard = full(&machine);
    }
    assert_eq!((found(&machine), machine.stats().retry_loops), (vec![], 0));
    // An object that comes free and is taken again is something, too, although no page moves.
    drop(hoard);
    objects.extend((0..16).map(|_| cache.alloc(Gfp::KERNEL).unwrap()));
    let _hoard = full(&machine);
    for _ in 0..6 {
        while let Ok(object) = cache.alloc(Gfp::KERNEL) {
            objects.push(object);
        }
        (0..50).for_each(|_| assert!(cache.alloc(Gfp::KERNEL).is_err()));
        drop(objects.pop());
        objects.push(cache.alloc(Gfp::KERNEL).unwrap());
    }
    assert_eq!(found(&machine), []);
    (0..70).for_each(|_| assert!(cache.alloc(Gfp::KERNEL).is_err()));
    assert_eq!(found(&machine).len(), 1, "without that, it is a loop");
}

#[test]
fn row_071_areas_and_objects_are_found_and_the_cores_own_attempts_are_not() {
    let machine = machine(Policy::small_may_fail());
    {
        let _fragments = machine.fragment(Fragments::KeepOneIn(2));
        let _site = machine.site("table");
        // The first attempt of each fails.
        (0..100).for_each(|_| drop(machine.kvmalloc(32 * 1024, Gfp::KERNEL).unwrap()));
        assert_eq!(found(&machine), []);
        (0..100).for_each(|_| assert!(machine.alloc_pages(order(3), Gfp::KERNEL | Gfp::NOWARN).is_err()));
        assert_eq!(found(&machine), [], "whoever wants no report expects that");
    }
    let _hoard = full(&machine);
    let _site = machine.site("retries");
    (0..100).for_each(|_| assert!(machine.vmalloc(5 * PAGE_SIZE, Gfp::KERNEL).is_err()));
    (0..100).for_each(|_| assert!(machine.kmalloc(100, Gfp::KERNEL).is_err()));
    assert_eq!(found(&machine), [(vec!["retries"], 5 * PAGE_SIZE, 100), (vec!["retries"], PAGE_SIZE, 100)]);
}

#[test]
fn row_071_the_policy_says_how_many_and_other_tasks_and_sites_are_rows_of_their_own() {
    let machine = machine(Policy { retries_max: 3, ..Policy::small_may_fail() });
    let other = machine.spawn(alloc_core::TaskOptions::named("other"));
    let _hoard = full(&machine);
    let fail = || assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_err());
    for _ in 0..3 {
        fail();
        machine.run_as(other, fail);
        let _site = machine.site("site");
        fail();
    }
    assert_eq!(found(&machine), []);
    machine.run_as(other, fail);
    assert_eq!(found(&machine), [(vec![], PAGE_SIZE, 4)]);
    assert_eq!(machine.retry_loops()[0].to_string().split(':').next(), Some("outside of all sites"));
    // Injected failures are failures.
    machine.set_faults(Some(std::sync::Arc::new(Nth::new(1))));
    assert_eq!(machine.alloc_pages(order(1), Gfp::KERNEL).unwrap_err(), AllocError::Injected);
}
