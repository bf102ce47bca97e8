//! Policies of a range change while its pages are touched: nobody is killed, nothing fails, and every page is where its policy says.

mod scheduled;

use alloc_core_schedules::{MemPolicy, NodeId, NodeMask, NodePages, Rebind};
use scheduled::{Cached, as_task, below, builder, check, is_whole};
use shuttle::thread;

const PAGES: u32 = 64;
const RANGE: usize = 6;

#[test]
fn after_mbind_every_page_is_where_the_policy_says_and_no_fault_fails_or_kills() {
    check(|| {
        let half = NodePages::new(PAGES / 2);
        let machine = builder(PAGES as usize).node(half).node(half).min_free_pages(4).build().unwrap();
        // Each node has little more than the range needs, so that faults look twice and reclaim.
        let cached = Cached::register(&machine, 8);
        let hoards = [0, 1].map(|node| machine.exhaust(NodeId(node), RANGE as u64 + 6));
        let range = machine.vma(RANGE).unwrap();
        thread::scope(|scope| {
            let (machine, range) = (&machine, &range);
            for _ in 0..2 {
                scope.spawn(move || {
                    as_task(machine, || {
                        for _ in 0..3 {
                            let page = below(RANGE as u64) as usize;
                            assert_eq!(range.fault(page), Ok(()), "allowed memory is free");
                        }
                    });
                });
            }
            scope.spawn(move || {
                for node in [1, 0] {
                    let there = MemPolicy::Bind(NodeMask::of(&[NodeId(node)]));
                    let done = range.mbind(0..RANGE, there, Rebind::Static, true).unwrap();
                    assert_eq!((done.pinned, done.failed), (0, 0));
                    let at = |page| range.node_of(page).is_none_or(|found| found == NodeId(node));
                    assert!((0..RANGE).all(at), "a page came by the policy before");
                }
            });
        });
        let stats = machine.stats();
        assert_eq!((stats.kills, stats.premature_kills, stats.failures, stats.hangs), (0, 0, 0, 0));
        drop((range, hoards));
        cached.empty(&machine);
        is_whole(&machine, u64::from(PAGES));
    });
}
