//! What a file that is much larger than memory costs the process: a test of its own, so that nobody else's memory is counted.
#![cfg(all(feature = "std", target_os = "linux"))]

mod support;

use std::sync::Arc;

use alloc_core::{Machine, NodePages, PAGE_SIZE, PagedFile, Swap};
use support::random::Random;

/// Pages of the machine: 64 MiB, and fewer where it takes long.
const ARENA: u64 = if cfg!(debug_assertions) { 2048 } else { 16_384 };

/// Accesses for each page of the file.
const ACCESSES: u64 = if cfg!(debug_assertions) { 2 } else { 4 };

/// Bytes of the process that are in memory.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * PAGE_SIZE as u64
}

/// What a page holds after it was written so many times.
fn content(page: u64, version: u8) -> [u8; 64] {
    let mut random = Random(page << 8 | u64::from(version));
    std::array::from_fn(|_| random.byte())
}

/// The most bytes that came into memory while a file of eight times the arena was used at random.
fn used(arena: u64, before: u64) -> u64 {
    let pages = 8 * arena;
    let mut versions = vec![0_u8; pages as usize];
    let swap = Arc::new(Swap::temporary(pages as u32).unwrap());
    let machine = Machine::builder().node(NodePages::new(arena as u32)).build().unwrap();
    let mut file = PagedFile::new(&machine, &swap).unwrap();
    let (mut random, mut most) = (Random(1), 0);
    for step in 0..ACCESSES * pages {
        // Each page once, and then any of them.
        let page = if step < pages { step } else { random.below(pages) };
        let version = &mut versions[page as usize];
        // Two of its lines have the same, so that a page of which a part is old is noticed.
        let ends = [page * PAGE_SIZE as u64, (page + 1) * PAGE_SIZE as u64 - 64];
        if *version > 0 {
            for at in ends {
                let mut bytes = [0; 64];
                file.read(at, &mut bytes).unwrap();
                assert_eq!(bytes, content(page, *version), "page {page}");
            }
        }
        if step < pages || random.below(2) == 0 {
            *version = version.wrapping_add(1).max(1);
            ends.into_iter().for_each(|at| file.write(at, &content(page, *version)).unwrap());
        }
        if step % (pages / 16) == 0 {
            most = most.max(resident().saturating_sub(before));
        }
    }
    assert!(file.usage().pages() == pages && machine.stats().kills == 0);
    file.audit().unwrap();
    most
}

#[test]
fn row_091_a_file_of_eight_times_the_arena_keeps_the_process_within_it() {
    // Everything that is run is in memory before it is measured.
    used(64, 0);
    let most = used(ARENA, resident());
    let arena = ARENA * PAGE_SIZE as u64;
    println!("resident: {most} bytes for an arena of {arena}: {} per mille", most * 1000 / arena);
    assert!(most <= arena + arena / 20, "{most} bytes for an arena of {arena}");
}
