//! Nodes with more frames than they may use at once: neighbours are found, the budget is kept, and the host gets memory back.
#![cfg(all(feature = "std", target_os = "linux", not(miri)))]

mod support;

use std::sync::Arc;

use alloc_core::{
    AllocError, BuildError, EventKind, Gfp, Machine, MemfdHost, NodeId, NodePages, Order, PageBlock, Policy,
    ReclaimClass,
};
use support::random::Random;
use support::{Cache, NODE, builder, hog, order};

/// Frames of the arena, and pages of its budget: 64 MiB and 16 MiB.
const ARENA: u32 = 64 << 8;
const BUDGET: u32 = 16 << 8;
const PAGE: u64 = 4096;

fn machine_of(frames: u32, budget: u32) -> (Machine, Arc<MemfdHost>) {
    let host = Arc::new(MemfdHost::new(frames as usize).unwrap());
    let node = NodePages::new(frames).with_budget(budget);
    (Machine::builder().node(node).host(Box::new(support::Shared(host.clone()))).build().unwrap(), host)
}

/// Single pages, each written to, until so many are used; then each that chance picks is given back and taken again from
/// elsewhere, so that what is used lies scattered all over the arena.
fn scattered<'m>(machine: &'m Machine, pages: u64, seed: u64, mut each: impl FnMut()) -> Vec<PageBlock<'m>> {
    let mut random = Random(seed);
    let mut blocks = Vec::new();
    let take = || {
        let mut block = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
        let frame = block.frame().0;
        block.bytes_mut().fill(frame as u8 | 1);
        block
    };
    // All that there is without a fight, of which as many stay as are asked for.
    while machine.free_pages(None) > 300 || (blocks.len() as u64) < pages {
        blocks.push(take());
    }
    while blocks.len() as u64 > pages {
        drop(blocks.swap_remove(random.below(blocks.len() as u64) as usize));
    }
    let rounds = if cfg!(debug_assertions) { 4 } else { 20 };
    for _ in 0..rounds {
        for _ in 0..pages / 2 {
            drop(blocks.swap_remove(random.below(blocks.len() as u64) as usize));
        }
        // Whole blocks pass by, and push what comes next elsewhere.
        let mut passing: Vec<_> =
            std::iter::from_fn(|| machine.alloc_pages(order(random.below(9) as u32), Gfp::NOWAIT).ok())
                .take(20)
                .collect();
        passing.iter_mut().for_each(|block| block.bytes_mut().fill(1));
        while (blocks.len() as u64) < pages && machine.free_pages(None) > 1000 {
            blocks.push(take());
        }
        drop(passing);
        while (blocks.len() as u64) < pages {
            blocks.push(take());
        }
        each();
    }
    blocks
}

/// Whether every page still holds what its owner wrote.
fn are_whole(blocks: &[PageBlock<'_>]) -> bool {
    blocks.iter().all(|block| block.bytes().iter().all(|byte| *byte == block.frame().0 as u8 | 1))
}

#[test]
fn row_025_an_order_nine_block_is_there_at_nine_tenths_of_the_budget_and_the_host_gets_the_rest_back() {
    let (machine, host) = machine_of(ARENA, BUDGET);
    let most = u64::from(BUDGET) * PAGE * 105 / 100;
    let within = || assert!(host.resident_bytes().unwrap() <= most, "{} bytes", host.resident_bytes().unwrap());
    // Nine tenths are used when the large block is there.
    let singles = u64::from(BUDGET) * 9 / 10 - 512;
    let blocks = scattered(&machine, singles, 1, within);
    let mut large = machine.alloc_pages(order(9), Gfp::KERNEL).unwrap();
    large.bytes_mut().fill(3);
    within();
    assert_eq!(machine.page_budget(NODE).unwrap().used, u64::from(BUDGET) * 9 / 10);
    machine.audit().unwrap();
    assert!(are_whole(&blocks) && large.bytes().iter().all(|byte| *byte == 3));
    let stats = machine.stats();
    assert!(stats.given_back > 0 && stats.given_back / stats.given_back_batches > 64, "in batches: {stats:?}");
    assert_eq!((stats.kills, stats.direct_passes), (0, 0));
    // A machine that is as small as the budget has no such block left among as many single pages.
    let small = Machine::builder().node(NodePages::new(BUDGET)).build().unwrap();
    let blocks = scattered(&small, singles, 1, || ());
    assert!(small.alloc_pages(order(9), Gfp::KERNEL | Gfp::NOWARN).is_err());
    drop(blocks);
}

#[test]
fn row_025_a_tenth_of_a_larger_budget_serves_order_nine_and_what_it_lacks_is_reclaimed() {
    // Of 64 MiB a tenth is more than a block of order 9, so that it is served beyond nine tenths.
    let (frames, budget) = (4 * ARENA, 4 * BUDGET);
    let (machine, _) = machine_of(frames, budget);
    let singles = u64::from(budget) * 9 / 10;
    let blocks = scattered(&machine, singles, 2, || ());
    assert!(machine.alloc_pages(order(9), Gfp::KERNEL).is_ok());
    drop(blocks);
    // Of 16 MiB it is not: reclaim has to make room, of pages that lie anywhere.
    let (machine, host) = machine_of(ARENA, BUDGET);
    let cache = Cache::register(&machine, ReclaimClass::Clean, 600);
    let blocks = scattered(&machine, u64::from(BUDGET) * 9 / 10 - 600, 3, || ());
    let tries = Gfp::KERNEL | Gfp::RETRY_MAYFAIL;
    let mut large = machine.alloc_pages(order(9), tries).unwrap();
    large.bytes_mut().fill(1);
    assert!(cache.pages.lock().unwrap().len() < 600 && machine.stats().direct_passes > 0);
    assert!(host.resident_bytes().unwrap() <= u64::from(BUDGET) * PAGE * 105 / 100);
    machine.audit().unwrap();
    drop((large, blocks));
}

#[test]
fn row_025_beyond_the_budget_requests_end_as_on_a_machine_of_that_size() {
    // Every policy, and flags that fail, loop, reclaim and kill: single pages, of which no fragment makes a difference.
    for (name, policy) in support::presets() {
        let large = NodePages::new(8 * support::PAGES).with_budget(support::PAGES);
        let large = Machine::builder().node(large).min_free_pages(support::MIN).policy(policy.clone()).build().unwrap();
        let small = builder(policy).build().unwrap();
        let story = |machine: &Machine| {
            let mut random = Random(9);
            let mut told = Vec::new();
            let mut blocks = Vec::new();
            let _cache = Cache::register(machine, ReclaimClass::Fs, 100);
            hog(machine, 200);
            hog(machine, 100);
            for _ in 0..2500 {
                let flags = random.flags(&[Gfp::KERNEL, Gfp::NOFS, Gfp::ATOMIC, Gfp::NOWAIT, Gfp::USER], 2);
                let taken = machine.alloc_pages(Order::ZERO, flags.without(Gfp::DMA | Gfp::DMA32));
                told.push((flags, taken.as_ref().map(|_| ()).map_err(|error| *error), machine.free_pages(None)));
                blocks.extend(taken);
                if random.below(4) == 0 && !blocks.is_empty() {
                    drop(blocks.swap_remove(random.below(blocks.len() as u64) as usize));
                }
            }
            machine.audit().unwrap();
            drop(blocks);
            let stats = machine.stats();
            (told, stats.kills, stats.direct_passes, stats.sleeps, stats.failures, stats.hangs, stats.premature_kills)
        };
        let (here, there) = (story(&large), story(&small));
        assert!(here.0.iter().any(|(_, taken, _)| taken.is_err()), "{name}: the budget is reached");
        assert_eq!(here, there, "{name}");
    }
}

#[test]
fn row_025_nobody_uses_more_than_the_budget_whatever_its_rights() {
    let (machine, _) = machine_of(512, 64);
    let reserve = Gfp::ATOMIC | Gfp::MEMALLOC;
    let blocks: Vec<_> = std::iter::from_fn(|| machine.alloc_pages(Order::ZERO, reserve).ok()).collect();
    assert_eq!((blocks.len(), machine.free_pages(None)), (64, 0));
    assert!(machine.alloc_pages(order(2), Gfp::ATOMIC | Gfp::MEMALLOC).is_err());
    assert_eq!(machine.alloc_pages(order(7), Gfp::KERNEL).unwrap_err(), AllocError::Impossible);
    machine.audit().unwrap();
    drop(blocks);
    // What makes memory scarce on purpose is within the budget as well, and none of it is given to the host.
    let hoard = machine.fragment(alloc_core::Fragments::KeepOneIn(2));
    assert_eq!((hoard.blocks(), machine.free_pages(None)), (64, 0));
    drop(hoard);
    let hoard = machine.exhaust(NODE, 3);
    assert_eq!(machine.free_pages(None), 3);
    assert_eq!(machine.page_budget(NODE).unwrap().used, 61);
    machine.audit().unwrap();
    drop(hoard);
    machine.release_free_memory();
    assert_eq!(machine.page_budget(NODE).unwrap().backed, 0);
    machine.audit().unwrap();
}

#[test]
fn row_025_a_group_is_refused_within_the_budget_and_its_pages_count_in_both() {
    let (machine, _) = machine_of(4096, 256);
    let group = machine.memcg(16).unwrap();
    let account = group.account();
    let blocks: Vec<_> = std::iter::from_fn(|| machine.alloc_pages(Order::ZERO, Gfp::KERNEL).ok()).collect();
    assert_eq!((blocks.len(), group.charged(), machine.page_budget(NODE).unwrap().used), (16, 16, 16));
    drop(account);
    // The group's limit is beyond the node's budget: then that one ends it.
    group.set_limit(1000);
    let _account = group.account();
    let more: Vec<_> = std::iter::from_fn(|| machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).ok()).collect();
    assert!(blocks.len() + more.len() < 256 && group.refused() == 1);
    machine.audit().unwrap();
}

#[test]
fn row_025_each_zone_has_its_share_and_what_cannot_be_is_refused() {
    let node = NodePages::new(1000).with_dma32(101).with_movable(333).with_budget(500);
    let machine = Machine::builder().node(node).node(NodePages::new(100)).build().unwrap();
    assert_eq!(machine.free_pages(Some(NODE)), 500);
    let budget = machine.page_budget(NODE).unwrap();
    assert_eq!((budget.frames, budget.budget, budget.used), (1000, 500, 0));
    assert_eq!((machine.free_pages(Some(NodeId(1))), machine.page_budget(NodeId(1))), (100, None));
    let refused = |budget| Machine::builder().node(NodePages::new(8).with_budget(budget)).build().map(drop);
    assert_eq!((refused(0), refused(9)), (Err(BuildError::BudgetOutOfRange), Err(BuildError::BudgetOutOfRange)));
    assert_eq!((refused(1), refused(8)), (Ok(()), Ok(())));
}

#[test]
fn row_025_memory_is_given_back_at_the_border_and_the_quick_way_gives_nothing_back() {
    let (machine, host) = machine_of(4096, 1024);
    let before = machine.next_event();
    // Taken and given back at hand: nothing moves but the first fetch.
    for _ in 0..10_000 {
        machine.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap().bytes_mut()[0] = 1;
    }
    assert_eq!((machine.stats().given_back, machine.page_budget(NODE).unwrap().backed <= 128), (0, true));
    // Every free page is written to, in blocks that lie beside each other.
    let policy = Policy::kernel();
    assert!(policy.largest >= order(8));
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(machine.alloc_pages(order(8), Gfp::KERNEL).unwrap());
    }
    held.iter_mut().for_each(|block| block.bytes_mut().fill(1));
    drop(held);
    let hoard = machine.exhaust(NODE, 600);
    let mut others: Vec<_> = (0..2).map(|_| machine.alloc_pages(order(8), Gfp::ATOMIC).unwrap()).collect();
    others.iter_mut().for_each(|block| block.bytes_mut().fill(1));
    drop(hoard);
    let budget = machine.page_budget(NODE).unwrap();
    assert!(budget.backed <= budget.border && budget.border == 1024 + 32);
    assert!(host.resident_bytes().unwrap() <= budget.border * PAGE);
    let events = support::kinds(&machine, before);
    let given: u64 = events.iter().map(|kind| if let EventKind::GivenBack(pages) = kind { *pages } else { 0 }).sum();
    assert_eq!(given, machine.stats().given_back);
    machine.audit().unwrap();
}
