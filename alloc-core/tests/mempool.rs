//! Pools: a guarantee that is real, one block or several at a time, and the deadlock that breaks it.

mod support;

use alloc_core::{
    AllocError, Capability, FaultSource, Gfp, Machine, Mempool, NodePages, Order, Policy, PoolStep, Site, Step,
    TaskOptions,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use support::{full, hog, machine};

#[test]
fn row_028_the_pool_succeeds_where_nofs_alone_hangs() {
    let machine = machine(Policy::kernel());
    hog(&machine, 100);
    let pool = Mempool::new(&machine, 1, Order::ZERO).unwrap();
    let _hoard = full(&machine);
    assert_eq!(machine.alloc_pages(Order::ZERO, Gfp::NOFS).unwrap_err(), AllocError::Hang);
    assert!(pool.alloc(Gfp::NOFS).is_ok());
}

#[test]
fn row_030_a_task_that_holds_all_and_waits_for_more_is_reported() {
    let machine = machine(Policy::kernel());
    let pool = Mempool::new(&machine, 2, Order::ZERO).unwrap();
    let _hoard = full(&machine);
    let held = [pool.alloc(Gfp::NOIO).unwrap(), pool.alloc(Gfp::NOIO).unwrap()];
    assert_eq!(pool.alloc(Gfp::NOIO).unwrap_err(), AllocError::Hang);
    assert_eq!(pool.alloc(Gfp::NOWAIT).unwrap_err(), AllocError::NoMemory);
    drop(held);
    assert!(pool.alloc(Gfp::NOIO).is_ok());
}

#[test]
fn row_030_what_comes_back_fills_the_reserve_first_and_no_more() {
    let machine = Machine::builder().node(NodePages::new(256)).min_free_pages(8).build().unwrap();
    let pool = Mempool::new(&machine, 3, Order::ZERO).unwrap();
    let free = machine.free_pages(None);
    let held: Vec<_> = (0..5).map(|_| pool.alloc(Gfp::KERNEL).unwrap()).collect();
    assert_eq!((pool.reserved(), machine.free_pages(None)), (3, free - 5), "new blocks come first");
    drop(held);
    assert_eq!((pool.reserved(), machine.free_pages(None)), (3, free));
    drop(pool);
    assert_eq!(machine.free_pages(None), 256);
    let strict = support::machine(Policy::strict());
    let pool = Mempool::new(&strict, 1, Order::ZERO).unwrap();
    assert_eq!(pool.alloc(Gfp::KERNEL | Gfp::ZERO).unwrap_err(), AllocError::InvalidFlags);
}

#[test]
fn row_030_a_caller_waits_as_long_as_anything_moves() {
    let machine = machine(Policy::kernel());
    let victim = hog(&machine, 100);
    machine.set_memory_locked(victim, true);
    let pool = Mempool::new(&machine, 1, Order::ZERO).unwrap();
    let _hoard = full(&machine);
    let _held = pool.alloc(Gfp::NOIO).unwrap();
    let mut request = machine.request(Machine::BOOT, None, Order::ZERO, Gfp::KERNEL).unwrap();
    while machine.stats().kills == 0 {
        assert!(!matches!(request.step(), Step::Done(_)));
    }
    drop(request);
    let before = machine.stats().sleeps;
    assert_eq!(pool.alloc(Gfp::NOIO).unwrap_err(), AllocError::Hang);
    assert_eq!(machine.stats().sleeps - before, 11, "ten tries of the reaper, and one sleep without any");
}

#[test]
fn row_030_several_blocks_come_all_or_not_at_all() {
    let machine = machine(Policy::kernel());
    let pool = Mempool::new(&machine, 4, Order::ZERO).unwrap();
    assert_eq!(pool.alloc_bulk(5, Gfp::KERNEL).map(drop), Err(AllocError::Impossible));
    assert_eq!(pool.alloc_bulk(0, Gfp::NOWAIT).unwrap().len(), 0);
    let new = pool.alloc_bulk(4, Gfp::KERNEL).unwrap();
    assert_eq!((new.len(), pool.reserved()), (4, 4), "new ones come first");
    drop(new);
    let hoard = full(&machine);
    let three = pool.alloc_bulk(3, Gfp::NOWAIT).unwrap();
    assert_eq!((three.len(), pool.reserved()), (3, 1));
    assert_eq!(pool.alloc_bulk(2, Gfp::NOWAIT).map(drop), Err(AllocError::NoMemory));
    assert_eq!(pool.reserved(), 1, "not one of them was taken");
    let mut two = pool.request_bulk(2, Gfp::NOIO).unwrap();
    assert!(matches!(two.step(), PoolStep::Wait(_)));
    assert!(pool.alloc(Gfp::NOWAIT).is_ok(), "whoever waits for two holds none");
    drop(three);
    let PoolStep::Done(Ok(blocks)) = two.step() else { panic!("there are four again") };
    assert_eq!(blocks.len(), 2);
    drop(hoard);
}

#[test]
fn row_030_new_blocks_that_are_too_few_are_kept_in_the_reserve_and_the_wait_ends() {
    let machine = machine(Policy::kernel());
    let pool = Mempool::new(&machine, 4, Order::ZERO).unwrap();
    let one = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    let _hoard = machine.exhaust(support::NODE, support::MIN);
    let held = pool.alloc_bulk(4, Gfp::NOIO).unwrap();
    assert_eq!(pool.reserved(), 0);
    drop(one);
    assert_eq!(pool.alloc_bulk(2, Gfp::NOIO).map(drop), Err(AllocError::Hang), "and not for ever");
    assert_eq!(pool.reserved(), 1);
    drop(held);
    assert_eq!(pool.reserved(), 4);
    machine.audit().unwrap();
}

/// Fails one capability, always.
struct Only(Capability, AtomicU32);

impl FaultSource for Only {
    fn fails(&self, site: &Site<'_>) -> bool {
        let fails = site.capability == self.0;
        self.1.fetch_add(u32::from(fails), Ordering::Relaxed);
        fails
    }
}

#[test]
fn row_030_a_fault_takes_the_reserve_and_never_makes_the_call_fail() {
    let machine = machine(Policy::kernel());
    let pool = Mempool::new(&machine, 2, Order::ZERO).unwrap();
    let source = Arc::new(Only(Capability::MempoolAlloc, AtomicU32::new(0)));
    machine.set_faults(Some(source.clone()));
    let free = machine.free_pages(None);
    let held: Vec<_> = (0..3).map(|_| pool.alloc(Gfp::NOWAIT).unwrap()).collect();
    assert_eq!((pool.reserved(), machine.free_pages(None)), (0, free - 1), "two of the reserve, and then a new one");
    assert_eq!((source.1.load(Ordering::Relaxed), machine.stats().injected, machine.stats().failures), (3, 3, 0));
    drop(held);
    assert_eq!(pool.alloc_bulk(2, Gfp::KERNEL).unwrap().len(), 2);
    machine.set_faults(Some(Arc::new(Only(Capability::PageAlloc, AtomicU32::new(0)))));
    assert!(pool.alloc(Gfp::NOIO).is_ok(), "from the reserve");
}

#[test]
fn row_030_tasks_that_each_hold_one_and_want_a_second_are_reported() {
    let machine = machine(Policy::kernel());
    let pool = Mempool::new(&machine, 2, Order::ZERO).unwrap();
    let _hoard = full(&machine);
    let tasks = ["one", "other", "third"].map(|name| machine.spawn(TaskOptions::named(name)));
    let request = |task| machine.run_as(task, || pool.request(Gfp::NOIO).unwrap());
    let mut held: Vec<_> =
        tasks[..2].iter().map(|task| machine.run_as(*task, || pool.alloc(Gfp::NOIO)).unwrap()).collect();
    let mut waiting = [request(tasks[0]), request(tasks[2])];
    for _ in 0..3 {
        assert!(
            waiting.iter_mut().all(|request| matches!(request.step(), PoolStep::Wait(_))),
            "one may still come back"
        );
    }
    let mut last = request(tasks[1]);
    assert!(matches!(last.step(), PoolStep::Wait(_)));
    assert!(matches!(last.step(), PoolStep::Done(Err(AllocError::Hang))), "nobody is left to give one back");
    assert_eq!(machine.stats().hangs, 1);
    // The task that was told gives up what it has, and the others go on.
    drop(last);
    held.pop();
    assert!(waiting.iter_mut().any(|request| matches!(request.step(), PoolStep::Done(Ok(_)))));
}
