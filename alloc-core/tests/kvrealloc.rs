//! Memory that grows and shrinks: in place while it has room, elsewhere otherwise, and as it was if that fails.
#![cfg(all(feature = "std", target_os = "linux"))]

mod support;

use alloc_core::{AllocError, Fragments, Gfp, KvBlock, KvCap, Machine, NodePages, PAGE_SIZE, Policy};
use support::MIN;

fn machine() -> Machine {
    Machine::builder().node(NodePages::new(4096)).min_free_pages(MIN).build().unwrap()
}

fn pattern(len: usize) -> impl Iterator<Item = u8> {
    (0..len).map(|at| (at * 7 + at / 251) as u8)
}

fn fill(bytes: &mut [u8]) {
    let len = bytes.len();
    bytes.iter_mut().zip(pattern(len)).for_each(|(byte, value)| *byte = value);
}

#[test]
fn row_086_memory_grows_where_it_has_room_and_moves_with_its_contents_otherwise() {
    let machine = machine();
    let _fragments = machine.fragment(Fragments::KeepOneIn(2));
    let mut memory = machine.kvmalloc(600, Gfp::KERNEL).unwrap();
    fill(memory.bytes_mut());
    let at = memory.bytes().as_ptr();
    assert_eq!(memory.room(), 1024);
    memory.kvrealloc(1024, Gfp::KERNEL | Gfp::ZERO).unwrap();
    assert_eq!(memory.bytes().as_ptr(), at, "its class has room");
    assert!(memory.bytes()[600..].iter().all(|byte| *byte == 0));
    // No two pages lie side by side, so it becomes mapped.
    memory.kvrealloc(40_000, Gfp::KERNEL | Gfp::ZERO).unwrap();
    assert!(matches!(memory, KvBlock::Mapped(_)));
    assert!(memory.bytes().iter().copied().take(600).eq(pattern(600)));
    assert!(memory.bytes()[600..].iter().all(|byte| *byte == 0));
    fill(memory.bytes_mut());
    let at = memory.bytes().as_ptr();
    memory.kvrealloc(10 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert_eq!(memory.bytes().as_ptr(), at, "its last page has room");
    memory.kvrealloc(0, Gfp::KERNEL).unwrap();
    assert_eq!((memory.bytes().len(), memory.room(), machine.vmalloc_usage().areas), (0, 0, 0));
    memory.kvrealloc(8, Gfp::KERNEL).unwrap();
    assert_eq!(memory.bytes().len(), 8);
    drop(memory);
    machine.audit().unwrap();
}

#[test]
fn row_086_an_area_that_shrinks_gives_back_its_tail() {
    let machine = machine();
    let whole = machine.free_pages(None);
    let scattered = machine.fragment(Fragments::KeepOneIn(2));
    let free = machine.free_pages(None);
    let mut area = machine.vmalloc(100 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert_eq!((area.mappings(), machine.vmalloc_usage().mappings), (100, 100));
    fill(area.bytes_mut());
    area.vrealloc(39 * PAGE_SIZE + 1, Gfp::KERNEL).unwrap();
    assert_eq!((area.mappings(), machine.vmalloc_usage().mappings), (40, 40));
    assert_eq!(free - machine.free_pages(None), 40 + 1, "and its page table");
    assert!(area.bytes().iter().copied().eq(pattern(39 * PAGE_SIZE + 1)));
    assert_eq!((area.frame_at(40 * PAGE_SIZE - 1).is_some(), area.frame_at(40 * PAGE_SIZE)), (true, None));
    area.vrealloc(40 * PAGE_SIZE, Gfp::KERNEL | Gfp::ZERO).unwrap();
    assert!(area.bytes()[39 * PAGE_SIZE + 1..].iter().all(|byte| *byte == 0));
    assert_eq!(area.vrealloc(0, Gfp::KERNEL), Err(AllocError::ZeroSize));
    drop(area);
    assert_eq!((machine.free_pages(None), machine.vmalloc_usage().mappings), (free, 0));
    drop(scattered);
    // Of a large block that it needs a part of, it keeps the whole.
    let mut area = machine.vmalloc(64 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert_eq!(area.mappings(), 1);
    area.vrealloc(PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert_eq!((area.room(), area.mappings()), (64 * PAGE_SIZE, 1));
    drop(area);
    assert_eq!(machine.free_pages(None), whole);
    machine.audit().unwrap();
}

#[test]
fn row_086_memory_that_cannot_grow_is_as_it_was() {
    let machine = machine();
    for size in [100, 3 * PAGE_SIZE, 40 * PAGE_SIZE + 5] {
        let mut memory = machine.kvmalloc(size, Gfp::KERNEL).unwrap();
        fill(memory.bytes_mut());
        let (at, hoard) = (memory.bytes().as_ptr(), support::full(&machine));
        assert!(memory.kvrealloc(100 * PAGE_SIZE, Gfp::KERNEL | Gfp::NORETRY).is_err());
        drop(hoard);
        let capped = machine.policy_scope(Policy { kv_cap: KvCap::Absolute(1 << 20), ..Policy::kernel() });
        assert_eq!(memory.kvrealloc((1 << 20) + 1, Gfp::KERNEL), Err(AllocError::TooBig));
        drop(capped);
        assert!(memory.bytes().as_ptr() == at && memory.bytes().iter().copied().eq(pattern(size)));
    }
    assert_eq!(machine.vmalloc_usage().areas, 0);
}

#[test]
fn row_086_any_sequence_of_sizes_keeps_what_was_written() {
    let machine = machine();
    let whole = machine.free_pages(None);
    let mut seed = 5_u64;
    let mut below = |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    };
    for _ in 0..60 {
        let scattered =
            (below(2) == 0).then(|| machine.fragment(Fragments::Random { free_permille: 500, seed: below(1 << 20) }));
        let (mut memory, mut model) = (machine.kvmalloc(0, Gfp::KERNEL).unwrap(), Vec::new());
        for _ in 0..20 {
            let largest = [40, 5000, 60_000, 1 << 20][below(4) as usize];
            let size = below(largest) as usize;
            memory.kvrealloc(size, Gfp::KERNEL | Gfp::ZERO).unwrap();
            model.resize(size, 0);
            assert_eq!(memory.bytes(), model);
            let from = below(size as u64 + 1) as usize;
            memory.bytes_mut()[from..].fill(from as u8);
            model[from..].fill(from as u8);
        }
        machine.audit().unwrap();
        drop((memory, scattered));
    }
    // A pass of reclaim takes the slabs back that kmalloc's classes keep.
    let hoard = support::full(&machine);
    drop(machine.alloc_pages(support::order(3), Gfp::KERNEL | Gfp::NORETRY));
    drop(hoard);
    assert_eq!((machine.free_pages(None), machine.vmalloc_usage().mappings), (whole, 0));
}
