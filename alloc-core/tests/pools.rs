//! Pools of what is not pages: objects of a cache, memory of kmalloc, anything; and reserves that grow and shrink.

mod support;

use alloc_core::{
    AllocError, Attributes, Backing, Cache, CacheOptions, Capability, EventKind, Gfp, Knobs, Machine, Mempool, Misuse,
    Order, PAGE_SIZE, PageBlock, Policy, PoolStep,
};
use std::sync::Arc;
use support::{full, kinds, machine, order};

fn cache(machine: &Machine) -> Cache<'_> {
    machine.cache(CacheOptions::new("request", 200)).unwrap()
}

/// Eight callers of a pool of four, on a full machine: all are served, and none ever fails.
fn eight_are_served_by_four<'m, B: Backing<'m>>(machine: &'m Machine, pool: &Mempool<'m, B>) {
    let _hoard = full(machine);
    assert!(pool.alloc(Gfp::NOWAIT).is_ok(), "from the reserve");
    let mut waiting: Vec<_> = (0..8).map(|_| pool.request(Gfp::NOIO).unwrap()).collect();
    let (mut held, mut served) = (std::collections::VecDeque::new(), 0);
    for _ in 0..20 {
        waiting.retain_mut(|request| match request.step() {
            PoolStep::Wait(_) => true,
            PoolStep::Done(element) => {
                held.push_back(element.unwrap());
                served += 1;
                false
            }
        });
        assert!(held.len() <= 4);
        held.pop_front();
    }
    drop(held);
    assert_eq!((served, pool.reserved(), machine.free_pages(None)), (8, 4, 0));
    let stats = machine.stats();
    assert_eq!((stats.kills, stats.hangs), (0, 0));
}

#[test]
fn row_030_a_pool_of_objects_or_of_kmalloc_serves_as_one_of_pages_does() {
    let machine = machine(Policy::kernel());
    let cache = cache(&machine);
    {
        // As many as a slab holds, less what the pool has: then a new object needs a page.
        let pool = Mempool::of_objects(&cache, 4).unwrap();
        let rest: Vec<_> = (0..cache.usage().objects - 4).map(|_| cache.alloc(Gfp::KERNEL).unwrap()).collect();
        eight_are_served_by_four(&machine, &pool);
        assert_eq!(cache.usage().live, rest.len() + 4);
    }
    cache.destroy().unwrap();
    eight_are_served_by_four(&machine, &Mempool::of_kmalloc(&machine, 4, 3 * PAGE_SIZE).unwrap());
    eight_are_served_by_four(&machine, &Mempool::new(&machine, 4, order(2)).unwrap());
    machine.audit().unwrap();
}

#[test]
fn row_030_a_fault_takes_the_reserve_of_any_pool() {
    let machine = machine(Policy::kernel());
    let cache = cache(&machine);
    let (objects, memory) = (Mempool::of_objects(&cache, 1).unwrap(), Mempool::of_kmalloc(&machine, 1, 100).unwrap());
    let knobs = Knobs::default().with(Capability::MempoolAlloc, Attributes::unfiltered(100));
    machine.set_faults(Some(Arc::new(knobs)));
    let mut one = objects.alloc(Gfp::NOWAIT).unwrap();
    one.bytes_mut().fill(7);
    let other = memory.alloc(Gfp::NOWAIT).unwrap();
    assert_eq!((one.bytes().len(), other.bytes().len()), (200, 100));
    assert_eq!((objects.reserved(), memory.reserved(), machine.stats().injected), (0, 0, 2));
    let new = objects.alloc(Gfp::NOWAIT).expect("with nothing in the reserve a new one serves");
    drop((one, new));
    // Who asks a pool for zeroes gets what the last user left, and the machine says so.
    let from = machine.next_event();
    assert!(objects.alloc(Gfp::KERNEL | Gfp::ZERO).unwrap().bytes().iter().all(|byte| *byte == 7));
    assert!(kinds(&machine, from).contains(&EventKind::Misused(Misuse::MempoolZero)));
}

#[test]
fn row_030_a_reserve_grows_and_shrinks_wholly_or_not_at_all() {
    let machine = machine(Policy::kernel());
    let all = machine.free_pages(None);
    let pool = Mempool::new(&machine, 2, Order::ZERO).unwrap();
    pool.resize(5).unwrap();
    assert_eq!((pool.size(), pool.reserved(), machine.free_pages(None)), (5, 5, all - 5));
    let hoard = full(&machine);
    assert!(pool.alloc_bulk(5, Gfp::NOWAIT).is_ok(), "more can be promised");
    let failed = machine.run_as(machine.spawn(alloc_core::TaskOptions::named("grows")), || {
        let _scope = machine.scope(alloc_core::Scope::NoDirectReclaim);
        pool.resize(6)
    });
    assert_eq!(failed, Err(AllocError::NoMemory));
    assert_eq!((pool.size(), pool.reserved()), (5, 5), "what cannot grow stays as it is");
    let held = pool.alloc_bulk(4, Gfp::NOWAIT).unwrap();
    pool.resize(2).unwrap();
    assert_eq!((pool.size(), pool.reserved()), (2, 1));
    drop(held);
    assert_eq!((pool.reserved(), machine.free_pages(None)), (2, 3), "what is too much is the machine's again");
    pool.resize(0).unwrap();
    assert_eq!((pool.reserved(), machine.free_pages(None)), (0, 5));
    drop(hoard);
    assert!(pool.alloc(Gfp::KERNEL).is_ok(), "without a reserve it is a request like any other");
    drop(pool);
    assert_eq!(machine.free_pages(None), all);
}

#[test]
fn row_030_a_request_for_more_than_the_pool_still_has_ends() {
    let machine = machine(Policy::kernel());
    let pool = Mempool::new(&machine, 4, Order::ZERO).unwrap();
    let _hoard = full(&machine);
    let held = pool.alloc_bulk(2, Gfp::NOWAIT).unwrap();
    let mut four = pool.request_bulk(4, Gfp::NOIO).unwrap();
    assert!(matches!(four.step(), PoolStep::Wait(_)));
    pool.resize(3).unwrap();
    assert!(matches!(four.step(), PoolStep::Done(Err(AllocError::Impossible))));
    drop(held);
    assert_eq!(pool.reserved(), 3);
}

/// Blocks that come in twos, as nobody has pooled them yet.
struct Twins<'m>(&'m Machine);

impl<'m> Backing<'m> for Twins<'m> {
    type Element = [PageBlock<'m>; 2];

    fn machine(&self) -> &'m Machine {
        self.0
    }

    fn size(&self) -> usize {
        2 * PAGE_SIZE
    }

    fn get(&self, flags: Gfp) -> Result<[PageBlock<'m>; 2], AllocError> {
        Ok([self.0.alloc_pages(Order::ZERO, flags)?, self.0.alloc_pages(Order::ZERO, flags)?])
    }

    fn bytes<'e>(element: &'e [PageBlock<'m>; 2]) -> &'e [u8] {
        element[0].bytes()
    }

    fn bytes_mut<'e>(element: &'e mut [PageBlock<'m>; 2]) -> &'e mut [u8] {
        element[0].bytes_mut()
    }
}

#[test]
fn row_030_anything_can_be_pooled() {
    let machine = machine(Policy::kernel());
    let pool = Mempool::over(Twins(&machine), 4).unwrap();
    eight_are_served_by_four(&machine, &pool);
    drop(pool);
    assert_eq!(machine.free_pages(None), u64::from(support::PAGES));
}
