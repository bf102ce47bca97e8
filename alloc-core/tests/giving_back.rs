//! Blocks and their bytes, and what comes of giving back what is not one's own.

mod support;

use alloc_core::{
    BuildError, FrameNumber, FreeError, Gfp, HostError, Machine, NodeId, NodePages, Order, PlainHost, Policy,
};
use support::{PAGES, machine, order};

#[test]
fn what_is_given_back_twice_or_is_foreign_is_named_and_changes_nothing() {
    let machine = machine(Policy::kernel());
    let size = order(2);
    let block = machine.alloc_pages(size, Gfp::KERNEL).unwrap();
    let begin = block.frame();
    assert_eq!(machine.free_raw(begin, size), Err(FreeError::Owned), "an owner holds it");
    let raw = machine.into_raw(block.into_pages()).unwrap();
    assert_eq!(machine.free_raw(raw, order(1)), Err(FreeError::OtherOrder));
    assert_eq!(machine.free_raw(FrameNumber(raw.0 + 1), size), Err(FreeError::NotTheBeginning));
    assert_eq!(machine.free_raw(FrameNumber(PAGES), size), Err(FreeError::Foreign));
    assert_eq!(machine.free_raw(FrameNumber(u32::MAX), order(63)), Err(FreeError::Foreign));
    let before = machine.free_pages(None);
    assert_eq!(machine.free_raw(raw, size), Ok(()));
    assert_eq!(machine.free_raw(raw, size), Err(FreeError::AlreadyFree));
    assert_eq!(machine.free_raw(FrameNumber(raw.0 + 3), order(0)), Err(FreeError::AlreadyFree));
    assert_eq!(machine.free_pages(None), before + 4);
    assert_eq!(machine.stats().freed_pages, 4);
    machine.audit().unwrap();
}

#[test]
fn row_006_a_block_of_another_machine_is_handed_back_to_the_caller() {
    let (one, other) = (machine(Policy::kernel()), machine(Policy::kernel()));
    let pages = one.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap().into_pages();
    let twin = other.alloc_pages(Order::ZERO, Gfp::KERNEL).unwrap();
    assert_eq!(twin.frame(), pages.frame(), "a block with the same number, so that only the machine tells them apart");
    let pages = other.free(pages).unwrap_err();
    let pages = other.into_raw(pages).unwrap_err();
    assert_eq!(other.free_pages(None), u64::from(PAGES) - 1);
    one.free(pages).unwrap();
    assert_eq!(one.free_pages(None), u64::from(PAGES));
}

#[test]
fn blocks_are_real_memory_aligned_and_apart() {
    let machine = machine(Policy::kernel());
    let mut blocks: Vec<_> = (0..9).map(|size| machine.alloc_pages(order(size), Gfp::KERNEL).unwrap()).collect();
    for (fill, block) in (1..).zip(&mut blocks) {
        let bytes = block.bytes_mut();
        assert!(bytes.as_ptr().addr().is_multiple_of(bytes.len()));
        bytes.fill(fill);
    }
    for (fill, block) in (1_u8..).zip(&blocks) {
        assert!(block.bytes().iter().all(|byte| *byte == fill));
    }
    drop(blocks);
    let zeroed = machine.alloc_pages(order(9), Gfp::KERNEL | Gfp::ZERO).unwrap();
    assert!(zeroed.bytes().iter().all(|byte| *byte == 0));
}

#[cfg(all(feature = "std", target_os = "linux"))]
#[test]
fn row_025_free_memory_is_given_back_to_the_host_on_demand() {
    use alloc_core::MemfdHost;
    let host = std::sync::Arc::new(MemfdHost::new(PAGES as usize).unwrap());
    let machine = support::builder(Policy::kernel()).host(Box::new(support::Shared(host.clone()))).build().unwrap();
    let mut kept = machine.alloc_pages(order(3), Gfp::KERNEL).unwrap();
    kept.bytes_mut().fill(1);
    machine.alloc_pages(order(8), Gfp::KERNEL).unwrap().bytes_mut().fill(2);
    assert_eq!(host.resident_bytes().unwrap(), (8 + 256) * 4096);
    machine.release_free_memory();
    assert_eq!(host.resident_bytes().unwrap(), 8 * 4096);
    assert!(kept.bytes().iter().all(|byte| *byte == 1));
}

#[test]
fn machines_that_cannot_be_are_refused_with_the_reason() {
    let refused = |builder: alloc_core::MachineBuilder| builder.build().map(drop).unwrap_err();
    assert_eq!(refused(Machine::builder()), BuildError::NoPages);
    assert_eq!(refused(Machine::builder().node(NodePages::new(0))), BuildError::NoPages);
    assert_eq!(refused(Machine::builder().node(NodePages::new(4).with_dma32(5))), BuildError::ZonesTooBig);
    let many = (0..65).fold(Machine::builder(), |builder, _| builder.node(NodePages::new(1)));
    assert_eq!(refused(many), BuildError::TooManyNodes);
    let huge = Machine::builder().node(NodePages::new(u32::MAX)).node(NodePages::new(u32::MAX));
    assert_eq!(refused(huge), BuildError::Host(HostError::TooManyPages));
    let small = Machine::builder().node(NodePages::new(5)).host(Box::new(PlainHost::new(4).unwrap()));
    assert_eq!(refused(small), BuildError::HostTooSmall);
    let order = Policy { largest: Order::new(19), ..Policy::kernel() };
    assert_eq!(refused(support::builder(order)), BuildError::OrderTooBig);
}

#[test]
fn row_109_sixty_four_nodes_of_odd_sizes_serve_and_audit() {
    let machine = (0..64).fold(Machine::builder(), |builder, n| builder.node(NodePages::new(17 + n))).build().unwrap();
    let total = machine.free_pages(None);
    let blocks: Vec<_> = std::iter::from_fn(|| machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).ok()).collect();
    assert!(!blocks.is_empty());
    machine.audit().unwrap();
    drop(blocks);
    machine.audit().unwrap();
    assert_eq!(machine.free_pages(None), total);
    assert_eq!(machine.free_pages(Some(NodeId(63))), 80);
}
