//! Another life of a machine: all is free in it, and nothing of the one before reaches it.

mod support;

use std::mem::forget;
use std::sync::Arc;

use alloc_core::{
    AllocError, CacheOptions, Fragments, Gfp, Machine, Nth, OnOom, Order, PlainHost, Policy, ReclaimClass,
    RestartError, Scope,
};
use support::{Cache, PAGES, builder, hog, order};

fn stops() -> Policy {
    Policy { on_oom: OnOom::Panic, ..Policy::kernel() }
}

/// All that a machine can be filled with, left behind.
fn fill(machine: &Machine) {
    hog(machine, 40);
    let task = machine.spawn(alloc_core::TaskOptions::named("accounts"));
    let group = machine.memcg(64).unwrap();
    group.attach(task).unwrap();
    machine.run_as(task, || forget(machine.alloc_pages(order(2), Gfp::KERNEL_ACCOUNT).unwrap()));
    Cache::register(machine, ReclaimClass::Fs, 5);
    let cache = machine.cache(CacheOptions::new("left", 100)).unwrap();
    for _ in 0..60 {
        forget(cache.alloc(Gfp::KERNEL).unwrap());
    }
    forget(cache);
    forget(machine.kmalloc(30_000, Gfp::KERNEL).unwrap());
    let _ = machine.into_raw(machine.alloc_pages(order(1), Gfp::KERNEL).unwrap().into_pages()).unwrap();
    forget(machine.scope(Scope::NoWarn));
    forget(machine.fragment(Fragments::KeepOneIn(3)));
}

fn is_as_built(machine: &Machine) {
    assert_eq!((machine.stopped(), machine.free_pages(None)), (None, u64::from(PAGES)));
    assert_eq!(machine.stats(), builder(Policy::kernel()).build().unwrap().stats());
    assert!(machine.held().is_empty() && machine.held_objects().is_empty() && machine.open_scopes().is_empty());
    assert_eq!((machine.next_event(), machine.current()), (0, Machine::BOOT));
    let next = machine.task_name(alloc_core::TaskId(1));
    assert!(next.is_none_or(|name| name == "kswapd"), "nobody lives but who boots, and a live machine's own");
    machine.audit().unwrap();
}

#[test]
fn row_024_a_machine_that_stopped_is_fully_free_in_its_next_life() {
    let mut machine = builder(stops()).build().unwrap();
    for life in 0..3 {
        fill(&machine);
        machine.exit(alloc_core::TaskId(1));
        machine.exit(alloc_core::TaskId(2));
        let left = std::iter::repeat_with(|| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(forget));
        assert_eq!(left.take(2 * PAGES as usize).last(), Some(Err(AllocError::Dead)), "life {life}");
        assert_eq!(machine.stopped(), Some("out of memory"));
        machine.restart().unwrap();
        is_as_built(&machine);
        assert_eq!(machine.policy(), stops(), "the policy is the world's");
        // Every page can be had, and half of them as one block.
        drop(machine.alloc_pages(order(9), Gfp::KERNEL).unwrap());
        let all = Gfp::ATOMIC | Gfp::MEMALLOC;
        let mut pages: Vec<_> = std::iter::from_fn(|| machine.alloc_pages(Order::ZERO, all).ok()).collect();
        assert_eq!(pages.len(), PAGES as usize);
        pages.iter_mut().for_each(|page| page.bytes_mut().fill(life));
        drop(pages);
        machine.audit().unwrap();
    }
}

#[test]
fn row_024_tokens_of_the_life_before_are_another_machines() {
    let mut machine = builder(Policy::kernel()).build().unwrap();
    let old = machine.alloc_pages(order(3), Gfp::KERNEL).unwrap().into_pages();
    machine.restart().unwrap();
    // The same frames have a new owner, of the same order.
    let mut new = machine.alloc_pages(order(3), Gfp::KERNEL).unwrap();
    assert_eq!(new.frame(), old.frame());
    new.bytes_mut().fill(7);
    let old = machine.free(old).unwrap_err();
    let old = machine.into_raw(old).unwrap_err();
    assert_eq!(machine.free_raw(old.frame(), order(3)), Err(alloc_core::FreeError::Owned), "and its number is checked");
    assert!(new.bytes().iter().all(|byte| *byte == 7));
    assert_eq!(machine.free_pages(None), u64::from(PAGES) - 8);
    drop(new);
    machine.audit().unwrap();
}

#[test]
fn row_024_memory_behind_a_share_stays_in_the_old_life() {
    let mut machine = builder(stops()).build().unwrap();
    let share = machine.share();
    let mut old: Vec<_> = (0..50).map(|_| share.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap()).collect();
    old.iter_mut().for_each(|block| block.bytes_mut().fill(1));
    let mut memory = share.kmalloc(3000, Gfp::KERNEL).unwrap();
    memory.bytes_mut().fill(2);
    machine.restart().unwrap();
    is_as_built(&machine);
    let all = Gfp::ATOMIC | Gfp::MEMALLOC;
    let mut new: Vec<_> = std::iter::from_fn(|| machine.alloc_pages(Order::ZERO, all).ok()).collect();
    assert_eq!(new.len(), PAGES as usize);
    new.iter_mut().for_each(|block| block.bytes_mut().fill(3));
    assert!(old.iter().all(|block| block.bytes().iter().all(|byte| *byte == 1)));
    assert!(memory.bytes().iter().all(|byte| *byte == 2));
    drop((old, memory));
    share.audit().unwrap();
    assert!(share.alloc_pages(order(3), Gfp::KERNEL).is_ok(), "the old life goes on behind its share");
    drop(share);
    assert!(new.iter().all(|block| block.bytes().iter().all(|byte| *byte == 3)));
    drop(new);
    is_empty(&machine);
}

fn is_empty(machine: &Machine) {
    assert_eq!(machine.free_pages(None), u64::from(PAGES));
    machine.audit().unwrap();
}

#[test]
fn row_024_a_host_that_was_given_is_not_taken_from_those_who_share_it() {
    let host = Box::new(PlainHost::new(PAGES as usize).unwrap());
    let mut machine = builder(Policy::kernel()).host(host).build().unwrap();
    let (one, other) = (machine.share(), machine.share());
    let block = one.alloc_pages(order(2), Gfp::KERNEL).unwrap();
    assert_eq!(machine.restart(), Err(RestartError::HostInUse { shares: 2 }));
    assert_eq!(machine.free_pages(None), u64::from(PAGES) - 4, "nothing has changed");
    drop(block);
    drop((one, other));
    forget(machine.alloc_pages(order(2), Gfp::KERNEL).unwrap());
    machine.restart().unwrap();
    is_as_built(&machine);
}

#[test]
fn row_024_the_fault_source_stays_and_a_restart_asks_it_for_nothing() {
    let mut machine = builder(Policy::kernel()).build().unwrap();
    let source = Arc::new(Nth::new(1));
    machine.set_faults(Some(source));
    machine.restart().unwrap();
    is_as_built(&machine);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap_err(), AllocError::Injected);
    assert!(machine.alloc_pages(Order::ZERO, Gfp::KERNEL).is_ok());
}

#[cfg(all(feature = "std", target_os = "linux", not(miri)))]
mod mapped {
    use super::*;
    use alloc_core::{NodePages, PAGE_SIZE, Time, VmallocInner};

    use super::support::NODE;

    #[test]
    fn row_024_areas_of_the_life_before_are_gone_from_the_window() {
        let policy = Policy { vmalloc_inner: VmallocInner::Prealloc(64), ..Policy::kernel() };
        let mut machine =
            Machine::builder().node(NodePages::new(4096).with_budget(2048)).policy(policy).build().unwrap();
        let size = 600 * PAGE_SIZE;
        let begun = machine.page_budget(NODE);
        for life in 0..4 {
            let free = machine.free_pages(None);
            let mut area = machine.vmalloc(size, Gfp::KERNEL).unwrap();
            assert!(life == 0 || area.bytes().iter().all(|byte| *byte == 0), "the host took the old contents back");
            area.bytes_mut().fill(9);
            forget(area);
            let _ = machine.vmalloc(size, Gfp::KERNEL).unwrap().into_raw();
            assert!(machine.free_pages(None) + 1200 <= free && machine.page_budget(NODE).unwrap().used >= 1200);
            machine.restart().unwrap();
            assert_eq!(machine.free_pages(None), free);
            assert_eq!((machine.page_budget(NODE), machine.vmalloc_usage().areas), (begun, 0));
            machine.audit().unwrap();
        }
    }

    #[test]
    fn row_024_a_live_machine_gets_threads_again() {
        let mut machine = builder(Policy::kernel()).time(Time::Live).build().unwrap();
        for _ in 0..3 {
            let cache = Cache::register(&machine, ReclaimClass::Clean, 700);
            let hoard = machine.exhaust(NODE, 90);
            // Below the low level the reclaimer is woken, which is a thread.
            let blocks: Vec<_> = (0..200).map_while(|_| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).ok()).collect();
            assert_eq!(blocks.len(), 200);
            forget((blocks, hoard));
            // It runs when it is given a processor.
            let turns = std::iter::repeat_with(|| std::thread::sleep(std::time::Duration::from_millis(1))).take(20_000);
            assert!(turns.map(|()| machine.stats().kswapd_passes).any(|passes| passes > 0));
            machine.restart().unwrap();
            is_as_built(&machine);
            assert_eq!(Arc::strong_count(&cache), 1, "the old life's shrinkers are let go");
        }
    }
}
