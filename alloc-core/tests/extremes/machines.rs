//! Descriptions of machines: any numbers in them.

use alloc_core::{
    BuildError, KvCap, Machine, MachineBuilder, NodeId, NodePages, OnOom, Order, PlainHost, Policy, VmallocInner,
};

use crate::{NUMBERS, flags};

fn builder(pages: usize) -> MachineBuilder {
    Machine::builder().host(Box::new(PlainHost::new(pages).unwrap()))
}

#[test]
fn machines_of_any_description_are_built_or_refused() {
    let refused = |builder: MachineBuilder| builder.build().map(drop).unwrap_err();
    assert_eq!(refused(Machine::builder()), BuildError::NoPages);
    assert_eq!(refused(Machine::builder().node(NodePages::new(0))), BuildError::NoPages);
    let too_many = (0..65).fold(Machine::builder(), |builder, _| builder.node(NodePages::new(1)));
    assert_eq!(refused(too_many), BuildError::TooManyNodes);
    for (dma32, movable) in [(u32::MAX, 0), (0, u32::MAX), (u32::MAX, u32::MAX), (17, 0)] {
        let node = NodePages::new(16).with_dma32(dma32).with_movable(movable);
        assert_eq!(refused(builder(16).node(node)), BuildError::ZonesTooBig);
    }
    assert!(matches!(refused(Machine::builder().node(NodePages::new(u32::MAX))), BuildError::Host(_)));
    assert_eq!(refused(builder(16).node(NodePages::new(17))), BuildError::HostTooSmall);
    let largest = |order| builder(16).node(NodePages::new(16)).policy(Policy { largest: order, ..Policy::kernel() });
    NUMBERS.into_iter().filter(|order| *order > 18).for_each(|order| {
        assert_eq!(refused(largest(Order::new(order))), BuildError::OrderTooBig);
    });
    let extreme = |number: usize| Policy {
        costly: Order::new(number as u32),
        rounds_max: number as u32,
        mappings_max: number,
        kv_cap: KvCap::Absolute(number),
        on_oom: OnOom::Fail,
        ..Policy::kernel()
    };
    for number in [0, 1, usize::MAX] {
        let node = NodePages::new(16).with_movable(15);
        let described = builder(64).node(node).node(NodePages::new(1)).policy(extreme(number));
        let described = described.min_free_pages(number as u64).cpus(number).trace_looks();
        let machine =
            described.distance(NodeId(0), NodeId(255), 0).distance(NodeId(1), NodeId(0), 255).build().unwrap();
        for (order, flags) in NUMBERS.into_iter().flat_map(|order| flags().into_iter().map(move |flags| (order, flags)))
        {
            drop(machine.alloc_pages(Order::new(order), flags));
            drop((machine.kvmalloc(order as usize, flags), machine.vmalloc(order as usize, flags)));
            if cfg!(miri) {
                break;
            }
        }
        machine.shrink_slabs();
        machine.audit().unwrap();
        assert_eq!(machine.free_pages(None), 17);
    }
    let prepared = Policy { vmalloc_inner: VmallocInner::Prealloc(u32::MAX), ..Policy::kernel() };
    drop(Machine::builder().node(NodePages::new(64)).policy(prepared).build());
}
