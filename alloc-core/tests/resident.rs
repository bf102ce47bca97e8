//! What the process itself holds of a machine whose arena is larger than its budget: a test of its own, so that nothing else counts.
#![cfg(all(feature = "std", target_os = "linux", not(miri)))]

mod support;

use alloc_core::{Gfp, Machine, NodePages, PAGE_SIZE};
use support::order;
use support::random::Random;

/// Bytes of the process's that lie in shared memory: all that a machine's frames can be.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssShmem:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1024
}

#[test]
fn row_025_the_process_holds_no_more_than_the_budget_whatever_was_used_before() {
    let before = resident();
    let (frames, budget) = (64 << 8, 16 << 8);
    let machine = Machine::builder().node(NodePages::new(frames).with_budget(budget)).build().unwrap();
    let (mut random, mut blocks, mut written) = (Random(5), Vec::new(), 0);
    let operations = if cfg!(debug_assertions) { 3000 } else { 30_000 };
    let most = u64::from(budget) * PAGE_SIZE as u64 * 105 / 100;
    for operation in 0..operations {
        if random.below(5) < 3 {
            let size = order([0, 0, 0, 2, 5, 9][random.below(6) as usize]);
            if let Ok(mut block) = machine.alloc_pages(size, Gfp::NOWAIT) {
                block.bytes_mut().chunks_mut(PAGE_SIZE).for_each(|page| page[0] = 1);
                written += size.pages();
                blocks.push(block);
            }
        } else if !blocks.is_empty() {
            drop(blocks.swap_remove(random.below(blocks.len() as u64) as usize));
        }
        if operation % 50 == 0 {
            let resident = resident() - before;
            assert!(resident <= most, "{resident} bytes after {operation} operations");
        }
    }
    // The arena was written to several times over.
    assert!(written > u64::from(frames), "{written} pages were written");
    assert!(resident() - before > u64::from(budget) * PAGE_SIZE as u64 / 2, "the budget was used");
    assert!(machine.stats().given_back > 0);
    machine.audit().unwrap();
}
