//! Requests for pages, of any order, flags, node and task, waiting in any way.

use alloc_core::{Gfp, Machine, NodePages, Order, Wait};

use crate::{NUMBERS, flags, nodes, nothing_is_lost, tasks};

#[test]
fn requests_for_pages_of_any_order_flags_node_and_task() {
    nothing_is_lost(|machine| {
        for (order, flags) in NUMBERS.into_iter().flat_map(|order| flags().into_iter().map(move |flags| (order, flags)))
        {
            let order = Order::new(order);
            for task in tasks(machine) {
                drop(machine.run_as(task, || machine.alloc_pages(order, flags)));
                if let Ok(mut request) = machine.request(task, None, order, flags) {
                    // Given up in the middle, or over.
                    drop(request.step());
                }
            }
            for node in nodes() {
                let got = machine.alloc_pages_node(node, order, flags);
                assert!(node.0 < 2 || got.is_err());
            }
            if cfg!(miri) {
                break;
            }
        }
    });
}

#[test]
fn requests_that_wait_in_every_way_for_any_order() {
    nothing_is_lost(|machine| {
        for order in NUMBERS.map(Order::new) {
            for wait in [Wait::Never, Wait::OnePass, Wait::Forever] {
                drop(machine.wait_alloc(order, wait));
            }
            for task in tasks(machine) {
                let _ = machine.queue(task, order).map(|mut queued| drop(queued.step()));
                drop(machine.queue(task, order).map(alloc_core::Queued::finish));
            }
        }
        let other = Machine::builder().node(NodePages::new(16)).build().unwrap();
        let foreign = other.request(Machine::BOOT, None, Order::ZERO, Gfp::KERNEL).unwrap();
        assert_eq!(machine.settle(vec![foreign]).len(), 1, "another machine's request ends, too");
        assert!(machine.settle(Vec::new()).is_empty());
    });
}
