//! Areas that are mapped page by page, and kvmalloc, which falls back to them instead of killing.
#![cfg(all(feature = "std", target_os = "linux"))]

mod support;

use alloc_core::{
    AllocError, BadNofail, EventKind, Fragments, Gfp, KvBlock, KvCap, KvFast, Machine, MemfdHost, Misuse, NodePages,
    PAGE_SIZE, PlainHost, Policy, Scope,
};
use support::{MIN, hog, order};

fn machine(policy: Policy) -> Machine {
    Machine::builder().node(NodePages::new(8192)).min_free_pages(MIN).policy(policy).build().unwrap()
}

/// Writes a number of its own into every eight bytes, and reads them all back.
fn is_linear(bytes: &mut [u8]) -> bool {
    for (n, word) in bytes.chunks_exact_mut(8).enumerate() {
        word.copy_from_slice(&(n as u64 * 31).to_le_bytes());
    }
    bytes.chunks_exact(8).enumerate().all(|(n, word)| word == (n as u64 * 31).to_le_bytes())
}

#[test]
fn row_087_an_area_is_linear_although_no_two_of_its_frames_are_neighbours() {
    let machine = machine(Policy::kernel());
    let _hoard = machine.fragment(Fragments::KeepOneIn(2));
    let free = machine.free_pages(None);
    let mut area = machine.vmalloc(4 << 20, Gfp::KERNEL).unwrap();
    assert_eq!((area.mappings(), machine.free_pages(None)), (1024, free - 1024 - 2), "and two page tables");
    assert!(is_linear(area.bytes_mut()));
    let frames: Vec<u32> = (0..1024).map(|page| area.frame_at(page * PAGE_SIZE).unwrap().0).collect();
    assert!(frames.iter().all(|frame| frame % 2 == 1), "as the fragments say");
    assert!(frames.windows(2).all(|two| two[0].abs_diff(two[1]) > 1));
    assert_eq!((area.frame_at(4 << 20), area.bytes().len()), (None, 4 << 20));
    drop(area);
    assert_eq!(machine.free_pages(None), free);
    let zeroed = machine.vmalloc(100_000, Gfp::KERNEL | Gfp::ZERO).unwrap();
    assert!(zeroed.bytes().len() == 100_000 && zeroed.bytes().iter().all(|byte| *byte == 0));
    machine.audit().unwrap();
}

#[test]
fn row_087_frames_that_are_neighbours_share_a_mapping() {
    let machine = machine(Policy::kernel());
    let mut area = machine.vmalloc(16 << 20, Gfp::KERNEL).unwrap();
    assert!(area.mappings() <= 8, "{}", area.mappings());
    assert!(is_linear(area.bytes_mut()));
    assert_eq!(machine.vmalloc(7 * PAGE_SIZE, Gfp::KERNEL).unwrap().mappings(), 1, "4, 2 and 1 pages of one block");
    let other = machine.vmalloc(PAGE_SIZE, Gfp::KERNEL).unwrap();
    let gap = other.bytes().as_ptr().addr() - area.bytes().as_ptr_range().end.addr();
    assert!(gap >= PAGE_SIZE, "a page behind each area is nobody's");
}

#[test]
fn row_086_a_failure_in_the_middle_of_an_area_keeps_nothing() {
    let machine = machine(Policy { mappings_max: 10, ..Policy::kernel() });
    let _hoard = machine.fragment(Fragments::KeepOneIn(2));
    let free = machine.free_pages(None);
    assert_eq!(machine.vmalloc(16 * PAGE_SIZE, Gfp::KERNEL).unwrap_err(), AllocError::NoMappings);
    assert_eq!(machine.free_pages(None), free);
    let ten = machine.vmalloc(10 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert_eq!(machine.vmalloc(1, Gfp::KERNEL).unwrap_err(), AllocError::NoMappings);
    drop(ten);
    assert!(machine.vmalloc(1, Gfp::KERNEL).is_ok());
}

#[test]
fn row_086_frames_that_run_out_in_the_middle_of_an_area_come_back() {
    let machine = machine(Policy::kernel());
    let _hoard = machine.fragment(Fragments::KeepOneIn(2));
    let _rest = machine.exhaust(support::NODE, 100);
    assert_eq!(machine.vmalloc(200 * PAGE_SIZE, Gfp::NOWAIT).unwrap_err(), AllocError::NoMemory);
    assert_eq!(machine.free_pages(None), 100);
    machine.audit().unwrap();
}

#[test]
fn row_096_addresses_run_out_with_pages_free() {
    let host = MemfdHost::with_window(8192, 100).unwrap();
    let machine = Machine::builder().node(NodePages::new(8192)).host(Box::new(host)).build().unwrap();
    let first = machine.vmalloc(90 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert_eq!(machine.vmalloc(10 * PAGE_SIZE, Gfp::KERNEL).unwrap_err(), AllocError::NoAddresses);
    drop(first);
    assert!(machine.vmalloc(99 * PAGE_SIZE, Gfp::KERNEL).is_ok());
    let host = PlainHost::new(8192).unwrap();
    let without = Machine::builder().node(NodePages::new(8192)).host(Box::new(host)).build().unwrap();
    assert_eq!(without.vmalloc(1, Gfp::KERNEL).unwrap_err(), AllocError::NoAddresses);
}

#[test]
fn row_096_with_128_mib_of_addresses_areas_run_out_with_half_of_the_pages_free() {
    let pages = 256 << 8;
    let host = MemfdHost::with_window(pages, 128 << 8).unwrap();
    let machine = Machine::builder().node(NodePages::new(pages as u32)).host(Box::new(host)).build().unwrap();
    let mut areas = Vec::new();
    let refused = loop {
        match machine.vmalloc(16 << 20, Gfp::KERNEL) {
            Ok(area) => areas.push(area),
            Err(error) => break error,
        }
    };
    // Each has a page of guard behind it, so the eighth does not fit.
    assert_eq!((refused, areas.len()), (AllocError::NoAddresses, 7));
    assert!(machine.free_pages(None) > pages as u64 / 2);
    assert!(machine.kmalloc(4 << 20, Gfp::KERNEL).is_ok(), "what needs no addresses is served");
    assert_eq!((machine.stats().direct_passes, machine.stats().kills), (0, 0));
    drop(areas.swap_remove(3));
    assert!(machine.vmalloc(16 << 20, Gfp::KERNEL).is_ok());
}

#[test]
fn row_059_nofail_of_16_mib_of_mapped_pages_kills_and_succeeds() {
    let machine = machine(Policy::kernel());
    hog(&machine, 6000);
    let mut area = machine.vmalloc(16 << 20, Gfp::KERNEL | Gfp::NOFAIL).unwrap();
    assert!(is_linear(area.bytes_mut()));
    assert_eq!(machine.stats().kills, 1);
}

/// The file table that asks for 32 KiB of a fragmented machine; see row 33.
fn table(kv_fast: KvFast) -> (bool, u64) {
    let machine = machine(Policy { kv_fast, ..Policy::kernel() });
    hog(&machine, 1000);
    let _hoard = machine.fragment(Fragments::Random { free_permille: 130, seed: 1 });
    let mut block = machine.kvmalloc(32 * 1024, Gfp::KERNEL).unwrap();
    assert!(is_linear(block.bytes_mut()) && block.bytes().len() == 32 * 1024);
    (matches!(block, KvBlock::Mapped(_)), machine.stats().kills)
}

#[test]
fn row_034_the_fallback_is_reached_without_a_kill_unless_looping_hides_it() {
    assert_eq!(table(KvFast::NoReclaim), (true, 0));
    assert_eq!(table(KvFast::NoRetry), (true, 0));
    assert_eq!(table(KvFast::Loop), (false, 1));
}

#[test]
fn row_086_contiguous_pages_come_first_and_up_to_a_page_there_is_no_fallback() {
    let machine = machine(Policy::kernel());
    assert!(matches!(machine.kvmalloc(32 * 1024, Gfp::KERNEL), Ok(KvBlock::Contiguous(_))));
    assert!(matches!(machine.kvmalloc(5 << 20, Gfp::KERNEL), Ok(KvBlock::Mapped(_))), "above the largest order");
    let _hoard = machine.fragment(Fragments::KeepOneIn(2));
    assert!(matches!(machine.kvmalloc(4096, Gfp::KERNEL), Ok(KvBlock::Contiguous(_))));
    let _rest = machine.exhaust(support::NODE, MIN + 10);
    assert!(matches!(machine.kvmalloc(4097, Gfp::NOWAIT), Ok(KvBlock::Mapped(_))), "the newest kernels map here, too");
    let full = support::machine(Policy::kernel());
    hog(&full, 500);
    let _nothing = support::full(&full);
    assert!(matches!(full.kvmalloc(4096, Gfp::KERNEL), Ok(KvBlock::Contiguous(_))), "by a kill, as any single page");
}

#[test]
fn row_081_above_the_cap_nothing_is_tried() {
    let machine = machine(Policy::kernel());
    hog(&machine, 100);
    const CAP: usize = i32::MAX as usize;
    for (size, flags, warnings) in [(CAP + 1, Gfp::KERNEL, 1), (usize::MAX, Gfp::KERNEL | Gfp::NOWARN, 0)] {
        let before = machine.stats();
        assert_eq!(machine.kvmalloc(size, flags | Gfp::NOFAIL).unwrap_err(), AllocError::TooBig);
        assert_eq!(machine.stats().warnings - before.warnings, warnings);
    }
    assert_eq!(machine.kvmalloc(CAP, Gfp::KERNEL).unwrap_err(), AllocError::Impossible, "tried");
    for size in [usize::MAX, usize::MAX - 4095, 8193 * PAGE_SIZE] {
        assert_eq!(machine.vmalloc(size, Gfp::KERNEL | Gfp::NOFAIL).unwrap_err(), AllocError::Impossible);
    }
    assert_eq!(machine.vmalloc(0, Gfp::KERNEL).unwrap_err(), AllocError::ZeroSize);
    let stats = machine.stats();
    assert_eq!((stats.direct_passes, stats.kills), (0, 0));
    assert_eq!(machine.free_blocks(order(10)), 7);
}

#[test]
fn row_060_nofail_for_more_bytes_than_there_can_be_is_what_the_policy_says() {
    for (bad_nofail, of_kvmalloc, of_vmalloc) in [
        (BadNofail::Fail, AllocError::TooBig, AllocError::Impossible),
        (BadNofail::Promote, AllocError::TooBig, AllocError::Impossible),
        (BadNofail::Loop, AllocError::Hang, AllocError::Hang),
        (BadNofail::KillTask, AllocError::TaskKilled, AllocError::TaskKilled),
        (BadNofail::Bug, AllocError::Dead, AllocError::Dead),
    ] {
        for kv in [true, false] {
            let machine = machine(Policy { bad_nofail, kv_cap: KvCap::Absolute(1000), ..Policy::kernel() });
            let ask = |flags| match kv {
                true => machine.kvmalloc(1001, flags).map(drop),
                false => machine.vmalloc(8193 * PAGE_SIZE, flags).map(drop),
            };
            let without = if kv { AllocError::TooBig } else { AllocError::Impossible };
            assert_eq!(ask(Gfp::KERNEL), Err(without), "{bad_nofail:?}");
            let from = machine.next_event();
            let with = if kv { of_kvmalloc } else { of_vmalloc };
            assert_eq!(ask(Gfp::KERNEL | Gfp::NOFAIL), Err(with), "{bad_nofail:?}");
            assert!(support::kinds(&machine, from).contains(&EventKind::Misused(Misuse::NofailTooBig)));
            let stats = machine.stats();
            assert_eq!((stats.failures, stats.direct_passes, stats.kills), (2, 0, 0), "{bad_nofail:?}");
        }
    }
    let strict = machine(Policy { kv_cap: KvCap::Absolute(1000), ..Policy::strict() });
    assert_eq!(strict.kvmalloc(1001, Gfp::KERNEL | Gfp::NOFAIL).unwrap_err(), AllocError::InvalidFlags);
    let _quiet = strict.scope(Scope::NoWarn);
    let warnings = strict.stats().warnings;
    assert_eq!(strict.kvmalloc(1001, Gfp::KERNEL).unwrap_err(), AllocError::TooBig);
    assert_eq!(strict.stats().warnings, warnings, "a scope silences it, as the flag does");
}

#[test]
fn row_059_nofail_above_the_costly_order_falls_back_to_mapped_pages_through_kvmalloc() {
    let machine = machine(Policy::kernel());
    let _fragments = machine.fragment(Fragments::KeepOneIn(4));
    let table = machine.kvmalloc(100 * PAGE_SIZE, Gfp::KERNEL | Gfp::NOFAIL).unwrap();
    assert!(matches!(table, KvBlock::Mapped(_)));
    let misused = |kind: &EventKind| matches!(kind, EventKind::Misused(_));
    assert!(!support::kinds(&machine, 0).iter().any(misused), "nobody asked for a large block with NOFAIL");
    assert_eq!(machine.stats().kills, 0);
}

#[test]
fn row_088_the_use_of_the_window_is_told() {
    let host = MemfdHost::with_window(8192, 1000).unwrap();
    let machine = Machine::builder().node(NodePages::new(8192)).host(Box::new(host)).build().unwrap();
    let usage = || machine.vmalloc_usage();
    assert_eq!((usage().areas, usage().pages, usage().longest_free, usage().tables), (0, 0, 999, 0));
    let first = machine.vmalloc(100 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    let second = machine.vmalloc(500 * PAGE_SIZE, Gfp::KERNEL).unwrap();
    assert_eq!((usage().areas, usage().pages, usage().longest_free, usage().tables), (2, 600, 397, 2));
    assert_eq!(usage().mappings, first.mappings() + second.mappings());
    drop(first);
    assert_eq!((usage().areas, usage().longest_free, usage().tables), (1, 397, 2));
    drop(second);
    assert_eq!((usage().areas, usage().mappings, usage().longest_free, usage().tables), (0, 0, 999, 0));
}

#[test]
fn row_096_addresses_and_mappings_are_made_scarce_on_demand() {
    let machine = machine(Policy::kernel());
    let before = machine.vmalloc_usage();
    let hoard = machine.exhaust_addresses(10);
    assert!(machine.vmalloc_usage().longest_free <= 10);
    assert_eq!(machine.vmalloc(11 * PAGE_SIZE, Gfp::KERNEL).unwrap_err(), AllocError::NoAddresses);
    drop(hoard);
    let _fragments = machine.fragment(Fragments::KeepOneIn(2));
    let mappings = machine.exhaust_mappings(10);
    assert!(machine.vmalloc(10 * PAGE_SIZE, Gfp::KERNEL).is_ok());
    assert_eq!(machine.vmalloc(11 * PAGE_SIZE, Gfp::KERNEL).unwrap_err(), AllocError::NoMappings);
    drop(mappings);
    assert!(machine.vmalloc(11 * PAGE_SIZE, Gfp::KERNEL).is_ok());
    assert_eq!(machine.vmalloc_usage(), before);
    let nothing = machine.exhaust_addresses(0);
    assert_eq!(machine.vmalloc(1, Gfp::KERNEL).unwrap_err(), AllocError::NoAddresses);
    drop(nothing);
    assert_eq!(machine.vmalloc_usage(), before);
}
