//! Budgets, pools, the window, knobs: any numbers.

use alloc_core::{Attributes, Capability, Context, Fragments, Gfp, Knobs, Mempool, Order, TaskId};
use std::sync::Arc;

use crate::{NUMBERS, flags, nothing_is_lost};

#[test]
fn budgets_pools_windows_and_knobs_of_any_numbers() {
    nothing_is_lost(|machine| {
        for pages in [0, 1, u64::MAX] {
            let budget = machine.memcg(pages).unwrap();
            let _account = budget.account();
            drop(machine.alloc_pages(Order::new(3), Gfp::KERNEL));
            drop(budget.exhaust(u64::MAX));
            drop(budget.exhaust(0));
            budget.set_limit(u64::MAX);
            let _ = budget.attach(TaskId(u32::MAX));
            assert_eq!(budget.charged(), 0);
        }
        for (size, order) in
            [0, 1, 300, 1 << 40, usize::MAX].into_iter().flat_map(|size| NUMBERS.map(|order| (size, order)))
        {
            let Ok(pool) = Mempool::new(machine, size, Order::new(order)) else { continue };
            for blocks in [0, 1, 300, usize::MAX] {
                drop(pool.alloc_bulk(blocks, Gfp::NOWAIT));
                let _ = pool.request_bulk(blocks, Gfp::KERNEL).map(|mut request| drop(request.step()));
            }
            drop(pool.alloc(Gfp::NOWAIT));
            assert_eq!(pool.reserved(), size);
        }
        for most in [0, 1, usize::MAX] {
            drop((machine.exhaust_addresses(most), machine.vmalloc(1, Gfp::KERNEL)));
            drop((machine.exhaust_mappings(most), machine.vmalloc(1, Gfp::KERNEL)));
        }
        for of in [0, 1, 2, u32::MAX] {
            drop(machine.fragment(Fragments::KeepOneIn(of)));
            drop(machine.fragment(Fragments::Random { free_permille: of, seed: u64::MAX }));
        }
        for (number, capability) in
            [0, 1, 100, 101, u32::MAX].into_iter().flat_map(|of| Capability::ALL.map(|c| (of, c)))
        {
            let mut attributes = Attributes::unfiltered(number).seeded(u64::MAX);
            (attributes.interval, attributes.min_order) = (number, Order::new(number));
            attributes.space.set(u64::from(number));
            attributes.times.set(Some(number));
            machine.set_faults(Some(Arc::new(Knobs::default().with(capability, attributes))));
            drop((machine.alloc_pages(Order::ZERO, Gfp::KERNEL), machine.kvmalloc(9000, Gfp::KERNEL)));
            machine.set_faults(None);
        }
        for number in [0, 1, machine.next_event(), u64::MAX] {
            let _ = machine.events_since(number);
        }
        NUMBERS.into_iter().for_each(|order| _ = machine.free_blocks(Order::new(order)));
        for (flags, order) in flags().into_iter().flat_map(|flags| NUMBERS.map(|order| (flags, order))) {
            let _ = machine.policy().explain(flags, Order::new(order), Context::default().as_victim());
        }
    });
}
