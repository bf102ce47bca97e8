//! The requests inside of vmalloc: page tables, whose flags are the policy's and not the caller's.
#![cfg(all(feature = "std", target_os = "linux"))]

mod support;

use alloc_core::{
    AllocError, BuildError, EventKind, Fragments, Gfp, Machine, Misuse, NodePages, PAGE_SIZE, Policy, ReclaimClass,
    Scope, VmallocInner,
};
use support::{Cache, MIN, NODE, kinds, machine};

fn with(vmalloc_inner: VmallocInner) -> Policy {
    Policy { vmalloc_inner, ..Policy::kernel() }
}

#[test]
fn row_125_a_page_table_serves_512_pages_and_goes_with_the_last_area() {
    let machine = Machine::builder().node(NodePages::new(8192)).min_free_pages(MIN).build().unwrap();
    let free = || machine.free_pages(None);
    let one = machine.vmalloc(PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert_eq!(free(), 8192 - 1 - 1);
    let two = machine.vmalloc(300 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert_eq!(free(), 8192 - 1 - 300 - 1, "in the same stretch of addresses");
    let three = machine.vmalloc(900 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert_eq!(free(), 8192 - 1 - 300 - 900 - 3, "from the first stretch to the third");
    drop(one);
    drop(three);
    assert_eq!(free(), 8192 - 300 - 1);
    drop(two);
    assert_eq!(free(), 8192);
    machine.audit().unwrap();
}

/// What vmalloc of a page comes to when its page is there, and a page more only by reclaim from a cache of this class.
fn squeezed(inner: VmallocInner, class: ReclaimClass, flags: Gfp) -> (Result<(), AllocError>, Vec<ReclaimClass>, u64) {
    let machine = machine(with(inner));
    support::hog(&machine, 10);
    let cache = Cache::register(&machine, class, 50);
    // The caller's page is the last above the level.
    let _hoard = machine.exhaust(NODE, MIN + 1);
    let from = machine.next_event();
    let result = machine.vmalloc(PAGE_SIZE, flags.without(Gfp::KSWAPD_RECLAIM)).map(drop);
    let beyond = kinds(&machine, from).into_iter().filter_map(|kind| match kind {
        EventKind::ReclaimedBeyondCaller(class) => Some(class),
        _ => None,
    });
    let beyond: Vec<_> = beyond.collect();
    assert_eq!(machine.stats().reclaims_beyond_caller, beyond.len() as u64);
    let scans = cache.scans.load(std::sync::atomic::Ordering::Relaxed);
    (result, beyond, u64::from(scans))
}

#[test]
fn row_054_hardwired_page_tables_reclaim_what_the_caller_had_forbidden() {
    use ReclaimClass::{Clean, Fs, Io};
    use VmallocInner::{HardwiredKernel, Scoped};
    for (class, flags) in [(Fs, Gfp::NOFS), (Fs, Gfp::NOIO), (Io, Gfp::NOIO), (Clean, Gfp::NOWAIT), (Fs, Gfp::ATOMIC)] {
        let (result, beyond, scans) = squeezed(HardwiredKernel, class, flags);
        assert_eq!((result, scans), (Ok(()), beyond.len() as u64), "{flags:?}");
        assert!(beyond.contains(&class) && beyond.iter().all(|other| *other == class), "{flags:?}: {beyond:?}");
        let (result, beyond, _) = squeezed(Scoped, class, flags);
        assert_eq!((result, beyond), (Ok(()), Vec::new()), "{flags:?}: the background may help whoever waits for it");
    }
    for inner in [HardwiredKernel, Scoped] {
        let (result, beyond, scans) = squeezed(inner, Fs, Gfp::KERNEL);
        assert!(result.is_ok() && beyond.is_empty() && scans > 0, "who allows it, is not gone beyond");
    }
    // A scope of the caller's holds for the inner request, too.
    let machine = machine(with(HardwiredKernel));
    Cache::register(&machine, Fs, 50);
    support::hog(&machine, 10);
    let _hoard = machine.exhaust(NODE, MIN + 1);
    let _scope = machine.scope(Scope::NoFs);
    assert!(machine.vmalloc(PAGE_SIZE, Gfp::KERNEL).is_ok());
    assert_eq!(machine.stats().reclaims_beyond_caller, 0);
}

#[test]
fn row_054_a_caller_that_may_not_wait_gets_its_page_tables_from_the_reserve() {
    let machine = machine(with(VmallocInner::Scoped));
    let _hoard = machine.exhaust(NODE, MIN + 1);
    let area = machine.vmalloc(PAGE_SIZE, Gfp::NOWAIT).unwrap();
    assert_eq!((machine.free_pages(None), machine.stats().sleeps), (MIN - 1, 0));
    drop(area);
    let _all = machine.exhaust(NODE, 0);
    assert_eq!(machine.vmalloc(PAGE_SIZE, Gfp::NOWAIT).unwrap_err(), AllocError::NoMemory);
    machine.audit().unwrap();
}

#[test]
fn row_055_prepared_addresses_serve_those_who_may_not_wait_until_they_are_gone() {
    let policy = with(VmallocInner::Prealloc(100));
    let machine = Machine::builder().node(NodePages::new(4096)).min_free_pages(MIN).policy(policy).build().unwrap();
    assert_eq!(machine.free_pages(None), 4095, "the table of the prepared addresses");
    // Others do not use them up.
    let _other = machine.vmalloc(200 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    let free = machine.free_pages(None);
    let mut areas: Vec<_> = (0..10).map(|_| machine.vmalloc(9 * PAGE_SIZE, Gfp::NOWAIT).unwrap()).collect();
    assert_eq!(machine.free_pages(None), free - 90, "and not a page for tables");
    assert_eq!(machine.vmalloc(PAGE_SIZE, Gfp::NOWAIT).unwrap_err(), AllocError::NoAddresses);
    assert!(machine.vmalloc(PAGE_SIZE, Gfp::KERNEL).is_ok());
    areas.pop();
    assert!(machine.vmalloc(PAGE_SIZE, Gfp::ATOMIC).is_ok());
    assert_eq!((machine.stats().sleeps, machine.stats().direct_passes), (0, 0));
    drop(areas);
    let tiny = Machine::builder().node(NodePages::new(1)).min_free_pages(1).policy(with(VmallocInner::Prealloc(1)));
    assert_eq!(tiny.build().map(drop).unwrap_err(), BuildError::NoPageTables);
}

#[test]
fn row_125_a_page_table_that_cannot_be_had_leaves_nothing_behind() {
    let machine = machine(Policy { vmalloc_inner: VmallocInner::HardwiredKernel, ..Policy::small_may_fail() });
    let _hoard = machine.exhaust(NODE, MIN + 1);
    assert_eq!(machine.vmalloc(PAGE_SIZE, Gfp::KERNEL).unwrap_err(), AllocError::NoMemory);
    assert_eq!((machine.free_pages(None), machine.stats().served_by_chance), (MIN + 1, 1), "its page was there");
    machine.audit().unwrap();
}

#[test]
fn row_051_flags_that_vmalloc_does_not_know_are_noted_and_left_out() {
    let machine = machine(Policy::kernel());
    let flags = Gfp::KERNEL | Gfp::DMA32 | Gfp::THISNODE | Gfp::MEMALLOC;
    assert!(machine.vmalloc(PAGE_SIZE, flags).is_ok());
    assert_eq!(kinds(&machine, 0), [EventKind::Misused(Misuse::VmallocUnknown)]);
    assert_eq!(machine.stats().warnings, 1);
    assert!(machine.vmalloc(PAGE_SIZE, Gfp::KERNEL_ACCOUNT | Gfp::HARDWALL | Gfp::NOFAIL).is_ok());
    assert_eq!(machine.stats().warnings, 1);
    let strict = support::machine(Policy::strict());
    assert_eq!(strict.vmalloc(PAGE_SIZE, flags).unwrap_err(), AllocError::InvalidFlags);
    let _hoard = machine.fragment(Fragments::KeepOneIn(2));
    assert!(machine.kvmalloc(2 * PAGE_SIZE, Gfp::KERNEL | Gfp::MOVABLE).is_ok(), "kvmalloc asks nobody about them");
}
