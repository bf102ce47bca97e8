//! Compaction: what can be moved makes room for who asks for several pages, and stays what it is.

mod support;

use std::sync::Arc;

use alloc_core::{
    AllocError, AuditError, Context, EventKind, FrameNumber, Gfp, Machine, MovablePages, NodePages, Nth, Order,
    PAGE_SIZE, Pinned, Policy, Step, TaskOptions,
};
use support::random::Random;
use support::{PAGES, builder, hog, kinds, machine, order};

const MOVABLE: Gfp = Gfp::USER_MOVABLE;
/// Down to the last page.
const ALL: Gfp = Gfp::NOWAIT.with(Gfp::MEMALLOC);

/// Pages that can be moved, as many as there are, each with its number in it.
fn fill<'m>(machine: &'m Machine, flags: Gfp) -> Vec<MovablePages<'m>> {
    let mut pages: Vec<_> = std::iter::from_fn(|| machine.alloc_movable(Order::ZERO, flags).ok()).collect();
    (0_u32..).zip(&mut pages).for_each(|(number, page)| write(page, number));
    pages
}

fn write(page: &mut MovablePages<'_>, number: u32) {
    // At both ends of each page.
    for page in page.pin_mut().chunks_mut(PAGE_SIZE) {
        page[..4].copy_from_slice(&number.to_le_bytes());
        page[PAGE_SIZE - 4..].copy_from_slice(&number.to_le_bytes());
    }
}

fn holds(page: &[u8], number: u32) -> bool {
    let number = number.to_le_bytes();
    page.chunks(PAGE_SIZE).all(|page| page[..4] == number && page[PAGE_SIZE - 4..] == number)
}

/// Drops all but one page of each so many, by where they lie.
fn keep_one_in<'m>(pages: Vec<MovablePages<'m>>, of: u32) -> Vec<(u32, MovablePages<'m>)> {
    (0..).zip(pages).filter(|(_, page)| page.frame().0.is_multiple_of(of)).collect()
}

fn full_of_movables(policy: Policy) -> Machine {
    builder(policy).min_free_pages(8).build().unwrap()
}

#[test]
fn row_124_a_fragmented_machine_yields_large_blocks_and_contents_stay() {
    let machine = full_of_movables(Policy::kernel());
    let kept = keep_one_in(fill(&machine, ALL), 2);
    assert_eq!(machine.free_blocks(order(1)) + machine.free_blocks(order(3)), 0, "no two free pages lie side by side");
    let before = machine.next_event();
    let mut blocks = Vec::new();
    while let Ok(mut block) = machine.alloc_pages(order(3), Gfp::KERNEL | Gfp::NORETRY | Gfp::NOWARN) {
        block.bytes_mut().fill(0xff);
        blocks.push(block);
        machine.audit().unwrap();
    }
    // Half of the pages are free, and nearly all of them can be had in blocks of eight.
    assert!(blocks.len() >= PAGES as usize / 2 / 8 - 4, "{} blocks", blocks.len());
    assert!(kept.iter().all(|(number, page)| holds(&page.pin(), *number)));
    let stats = machine.stats();
    assert_eq!(stats.kills, 0);
    assert!(
        stats.compactions_served > 0 && stats.migrated >= stats.compactions_served && stats.scanned >= stats.migrated
    );
    assert!(kinds(&machine, before).iter().any(|kind| matches!(kind, EventKind::Compacted(moved) if *moved > 0)));
}

#[test]
fn row_124_pinned_pages_are_never_moved() {
    let machine = full_of_movables(Policy::kernel());
    let kept = keep_one_in(fill(&machine, ALL), 8);
    let asks = || machine.alloc_pages(order(3), Gfp::KERNEL | Gfp::NORETRY | Gfp::NOWARN);
    let pins: Vec<_> = kept.iter().map(|(_, page)| page.pin()).collect();
    let places: Vec<_> = kept.iter().map(|(_, page)| page.frame()).collect();
    let addresses: Vec<_> = pins.iter().map(|pin| pin.as_ptr()).collect();
    assert_eq!(asks().unwrap_err(), AllocError::NoMemory, "seven of eight are free, and none can be had");
    assert_eq!((machine.stats().migrated, machine.stats().migrations_failed > 0), (0, true));
    assert!(places == kept.iter().map(|(_, page)| page.frame()).collect::<Vec<_>>());
    assert!(addresses == pins.iter().map(|pin| pin.as_ptr()).collect::<Vec<_>>());
    // One that is pinned twice stays until both are gone.
    let second = kept[0].1.pin();
    drop(pins);
    let place = kept[0].1.frame();
    let blocks: Vec<_> = std::iter::from_fn(|| asks().ok()).collect();
    assert!(blocks.len() > 100 && kept[0].1.frame() == place);
    assert!(kept.iter().skip(1).any(|(number, page)| page.frame().0 != number * 8));
    drop(second);
    drop(blocks);
    drop(machine.alloc_pages(order(9), Gfp::KERNEL).unwrap());
    assert!(kept.iter().all(|(number, page)| holds(&page.pin(), *number)));
    machine.audit().unwrap();
}

#[test]
fn row_124_compaction_stands_between_reclaim_and_the_killer() {
    let asks = Gfp::KERNEL;
    for compacts in [true, false] {
        let machine = full_of_movables(Policy { compacts, ..Policy::kernel() });
        hog(&machine, 200);
        let kept = keep_one_in(fill(&machine, ALL), 2);
        let passes = machine.stats().direct_passes;
        let block = machine.alloc_pages(order(3), asks).unwrap();
        let stats = machine.stats();
        assert_eq!((stats.kills, stats.kills_with_free_memory), if compacts { (0, 0) } else { (1, 1) });
        assert_eq!((stats.direct_passes > passes, stats.compactions > 0), (true, compacts));
        assert!(kept.iter().all(|(number, page)| holds(&page.pin(), *number)));
        drop(block);
        // What may not wait does not compact, and what asks for one page has no need to.
        let told = |flags, size| machine.policy().explain(flags, order(size), Context::default()).compacts;
        assert_eq!(
            [told(asks, 3), told(asks, 9), told(asks, 0), told(Gfp::ATOMIC, 3)],
            [compacts, compacts, false, false]
        );
        assert_eq!(
            machine.policy().explain(asks, order(3), Context::default()).to_string().contains("compacts"),
            compacts
        );
    }
}

#[test]
fn row_124_the_file_table_gets_its_32_kib_with_a_tenth_of_memory_free() {
    // As in row 33: each page is free with a chance of 11 %, and the request is the largest that loops.
    let machine = Machine::builder().node(NodePages::new(4096)).min_free_pages(64).build().unwrap();
    hog(&machine, 300);
    let pages = fill(&machine, ALL);
    let mut random = Random(33);
    let kept: Vec<_> = (0_u32..).zip(pages).filter(|_| random.below(1000) >= 110).collect();
    assert_eq!(machine.free_blocks(order(3)), 0);
    let free = machine.free_pages(None);
    let mut tables = Vec::new();
    while tables.len() < 30 {
        tables.push(machine.alloc_pages(order(3), Gfp::KERNEL).unwrap());
    }
    let stats = machine.stats();
    assert!(free > 4096 / 10 && stats.kills == 0 && stats.migrated > 0, "{free} pages were free: {stats:?}");
    assert!(kept.iter().all(|(number, page)| holds(&page.pin(), *number)));
    machine.audit().unwrap();
}

#[test]
fn row_124_a_charge_moves_with_its_page() {
    let machine = full_of_movables(Policy::kernel());
    let group = machine.memcg(4096).unwrap();
    let account = group.account();
    let pages = fill(&machine, ALL);
    drop(account);
    let count = pages.len() as u64;
    assert_eq!(group.charged(), count);
    let kept = keep_one_in(pages, 2);
    assert_eq!(group.charged(), kept.len() as u64);
    drop(machine.alloc_pages(order(5), Gfp::KERNEL).unwrap());
    assert_eq!((group.charged(), machine.stats().migrated > 0), (kept.len() as u64, true));
    drop(kept);
    assert_eq!((group.charged(), machine.free_pages(None)), (0, u64::from(PAGES)));
    machine.audit().unwrap();
}

#[test]
fn row_124_whatever_happens_between_the_steps_of_a_pass_nothing_is_lost() {
    let (rounds, mut steps) = (if cfg!(miri) { 2 } else { 30 }, 0);
    for seed in 0..rounds {
        let mut random = Random(seed);
        let node = NodePages::new(256).with_movable(64);
        let node = if random.below(2) == 0 { node.with_budget(200) } else { node };
        let machine = Machine::builder().node(node).min_free_pages(8).build().unwrap();
        let task = machine.spawn(TaskOptions::named("asks"));
        let mut kept = keep_one_in(fill(&machine, ALL), 2);
        let mut others = Vec::new();
        let mut request = machine.request(task, None, order(6), Gfp::KERNEL | Gfp::NORETRY | Gfp::NOWARN).unwrap();
        let mut next = 10_000;
        loop {
            let moved = machine.stats().migrated;
            let step = request.step();
            steps += u32::from(machine.stats().migrated > moved);
            machine.audit().unwrap();
            if let Step::Done(_) = step {
                break;
            }
            for _ in 0..random.below(4) {
                match random.below(4) {
                    0 if !kept.is_empty() => drop(kept.swap_remove(random.below(kept.len() as u64) as usize)),
                    1 => others.extend(machine.alloc_pages(order(random.below(2) as u32), Gfp::NOWAIT)),
                    2 if !others.is_empty() => drop(others.swap_remove(random.below(others.len() as u64) as usize)),
                    _ => {
                        if let Ok(mut page) = machine.alloc_movable(Order::ZERO, Gfp::NOWAIT | Gfp::HIGHMEM) {
                            next += 1;
                            write(&mut page, next);
                            kept.push((next, page));
                        }
                    }
                }
                machine.audit().unwrap();
            }
        }
        assert!(kept.iter().all(|(number, page)| holds(&page.pin(), *number)), "seed {seed}");
    }
    assert!(steps > rounds as u32, "passes of several steps: {steps}");
}

/// A page, its number, and what it is pinned by: each pin is of this page.
struct Kept<'m> {
    pins: Vec<(Pinned<'m>, FrameNumber)>,
    page: &'m MovablePages<'m>,
    number: u32,
}

#[test]
fn row_124_any_sequence_of_allocations_pins_and_frees_keeps_contents_and_pins() -> Result<(), AuditError> {
    let (seeds, turns) = match (cfg!(miri), cfg!(debug_assertions)) {
        (true, _) => (1, 60),
        (_, true) => (3, 400),
        _ => (20, 2000),
    };
    let mut compactions = 0;
    for seed in 0..seeds {
        let mut random = Random(seed);
        let node = NodePages::new(200 + random.below(100) as u32).with_dma32(40);
        let machine = Machine::builder().node(node).node(node).min_free_pages(8).cpus(2).build().unwrap();
        let free = machine.free_pages(None);
        let arena: Vec<_> = (0..turns).map(|_| std::cell::OnceCell::<MovablePages<'_>>::new()).collect();
        let mut kept: Vec<Kept<'_>> = Vec::new();
        let mut blocks = Vec::new();
        for (number, place) in (0..).zip(&arena) {
            machine.set_cpu(random.below(2) as usize);
            match random.below(8) {
                0..3 => {
                    let flags = [MOVABLE, Gfp::KERNEL, Gfp::NOWAIT][random.below(3) as usize] | Gfp::NOWARN;
                    let size = order([0, 0, 0, 1, 2][random.below(5) as usize]);
                    if let Ok(mut page) = machine.alloc_movable(size, flags | Gfp::NORETRY) {
                        write(&mut page, number);
                        let page = place.get_or_init(|| page);
                        kept.push(Kept { pins: Vec::new(), page, number });
                    }
                }
                3 | 4 => {
                    let size = order(random.below(7) as u32);
                    if let Ok(mut block) = machine.alloc_pages(size, Gfp::KERNEL | Gfp::NORETRY | Gfp::NOWARN) {
                        block.bytes_mut().fill(0xee);
                        blocks.push(block);
                    }
                }
                5 if !kept.is_empty() => {
                    let page = random.below(kept.len() as u64) as usize;
                    let frame = kept[page].page.frame();
                    let pin = kept[page].page.pin();
                    kept[page].pins.push((pin, frame));
                }
                6 if !kept.is_empty() => {
                    let page = random.below(kept.len() as u64) as usize;
                    kept[page].pins.pop();
                }
                _ => {
                    if !blocks.is_empty() {
                        drop(blocks.swap_remove(random.below(blocks.len() as u64) as usize));
                    }
                }
            }
            machine.audit()?;
            for kept in &kept {
                assert!(holds(&kept.page.pin(), kept.number), "seed {seed}, turn {number}");
                assert!(kept.pins.iter().all(|(pin, frame)| kept.page.frame() == *frame && holds(pin, kept.number)));
            }
        }
        compactions += machine.stats().compactions;
        drop((kept, blocks));
        drop(arena);
        assert_eq!(machine.free_pages(None), free, "seed {seed}: pages were lost");
        machine.audit()?;
    }
    // A machine that fills up at once has nothing to compact; most do not.
    assert!(cfg!(miri) || compactions > seeds, "{compactions} compactions with {seeds} seeds");
    Ok(())
}

#[test]
fn row_124_each_request_of_a_movable_workload_can_fail_and_nothing_is_lost() {
    let work = |machine: &Machine| -> Result<(), AllocError> {
        let mut pages = Vec::new();
        for _ in 0..6 {
            pages.push(machine.alloc_movable(order(1), MOVABLE)?);
        }
        pages.swap_remove(1);
        let block = machine.alloc_pages(order(4), Gfp::KERNEL)?;
        drop(block);
        Ok(())
    };
    let machine = machine(Policy::kernel());
    for failing in 1..=8 {
        machine.set_faults(Some(Arc::new(Nth::new(failing))));
        let expected = if failing < 8 { Err(AllocError::Injected) } else { Ok(()) };
        assert_eq!(work(&machine), expected, "request {failing}");
        assert_eq!(machine.free_pages(None), u64::from(PAGES));
        assert!(machine.held().is_empty());
        machine.audit().unwrap();
    }
}

#[test]
fn row_124_who_holds_movable_pages_is_told_with_their_mark() {
    let machine = machine(Policy::kernel());
    let page = machine.alloc_movable(order(2), MOVABLE).unwrap();
    let held = machine.held();
    assert_eq!((held.len(), held[0].frame, held[0].order), (1, page.frame(), order(2)));
    assert_eq!((held[0].holder, held[0].mark), (alloc_core::Holder::Movable, 0));
    assert_eq!(machine.free_raw(page.frame(), order(2)), Err(alloc_core::FreeError::Owned));
    drop(page);
    assert!(machine.held().is_empty());
}
