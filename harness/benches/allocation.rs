//! What one allocation and its deallocation cost: plain, disarmed, armed with a known chain, and with the rivals.
//!
//! The allocators are called directly on static values; none of them is the installed one.
#![expect(unsafe_code, reason = "calls allocators directly")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Duration;

use alloc_chaos::{ChaosAllocator, Check};
use common::chains::at_depth;
use common::paired::{Variant, compare, timed};
use common::rivals::{Captured, Checked};
use criterion::{Criterion, criterion_group, criterion_main};
use firsthit::bench::Armed;

mod common;

static PLAIN: System = System;
static FIRSTHIT: firsthit::Alloc = firsthit::Alloc::system();
static CHECKED: Checked = Checked::new();
static CHAOS: ChaosAllocator = ChaosAllocator::system();
/// As many frames as firsthit walks on the ladders, whose boundary the `backtrace` crate does not know.
static CAPTURED: [Captured; 3] = [Captured { frames_max: 9 }, Captured { frames_max: 24 }, Captured { frames_max: 54 }];

/// What the compiler calls for a program's allocation: a function that is never inlined, around the allocator's own.
///
/// # Safety
/// As [`GlobalAlloc::alloc`].
#[inline(never)]
unsafe fn alloc(size: usize, align: usize, allocator: &impl GlobalAlloc) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { allocator.alloc(Layout::from_size_align_unchecked(size, align)) }
}

/// As [`alloc`], for giving back.
///
/// # Safety
/// As [`GlobalAlloc::dealloc`].
#[inline(never)]
unsafe fn dealloc(block: *mut u8, size: usize, align: usize, allocator: &impl GlobalAlloc) {
    // SAFETY: the caller's promise.
    unsafe { allocator.dealloc(block, Layout::from_size_align_unchecked(size, align)) }
}

#[inline(always)]
fn pairs(allocator: &impl GlobalAlloc, count: u64) {
    for _ in 0..count {
        let layout = black_box(Layout::new::<[u64; 8]>());
        // SAFETY: the layout is not empty, and the block goes back to where it came from.
        unsafe {
            let block = black_box(alloc(layout.size(), layout.align(), allocator));
            dealloc(block, layout.size(), layout.align(), allocator);
        }
    }
}

/// The loop at the top of a ladder, on this thread and on so many others.
fn run(depth: usize, threads: usize, work: impl Fn() + Sync) -> Duration {
    let on_ladder = |work: &(dyn Fn() + Sync)| {
        let mut time = Duration::ZERO;
        at_depth(depth, || time = timed(work));
        time
    };
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| {
                barrier.wait();
                on_ladder(&work);
            });
        }
        barrier.wait();
        on_ladder(&work)
    })
}

fn allocation(criterion: &mut Criterion) {
    CHECKED.hand_out();
    for threads in [1, 2] {
        let variants = vec![
            Variant::new("System", 1, |n| run(5, threads, || pairs(&PLAIN, n))),
            Variant::new("System again", 1, |n| run(5, threads, || pairs(&PLAIN, n))),
            Variant::new("System behind a load and a branch", 1, |n| run(5, threads, || pairs(&CHECKED, n))),
            Variant::new("firsthit, disarmed", 1, |n| run(5, threads, || pairs(&FIRSTHIT, n))),
            Variant::new("alloc-chaos, inactive", 1, |n| run(5, threads, || pairs(&CHAOS, n))),
        ];
        compare(criterion, &format!("no sweep, {threads} threads"), 40_000, 201, variants);
    }
    // Threads of a scope stay in it to their very end, and the process armed with them: what is disarmed comes first.
    let armed = Armed::new();
    println!("\nwalker: {}", armed.walker());
    for threads in [1, 2] {
        for (depth, captured) in [5, 20, 50].into_iter().zip(&CAPTURED) {
            let variants = vec![
                Variant::new("System", 1, |n| run(depth, threads, || pairs(&PLAIN, n))),
                Variant::new("firsthit, counting", 1, |n| {
                    armed.counting(|| run(depth, threads, || pairs(&FIRSTHIT, n)))
                }),
                Variant::new("firsthit, armed and seen", 4, |n| {
                    armed.walking(|| run(depth, threads, || pairs(&FIRSTHIT, n)))
                }),
                Variant::new("alloc-chaos, counting", 1, |n| counting(depth, threads, n)),
                Variant::new("backtrace crate", 200, |n| run(depth, threads, || pairs(captured, n))),
            ];
            compare(criterion, &format!("{depth} frames, {threads} threads"), 40_000, 41, variants);
        }
    }
}

/// The check's own run of the closure without a failure; only the calling thread is counted.
fn counting(depth: usize, threads: usize, count: u64) -> Duration {
    let time = std::sync::Mutex::new(Duration::ZERO);
    let _ = Check::new().max_failures(0).run(|| *time.lock().unwrap() = run(depth, threads, || pairs(&CHAOS, count)));
    time.into_inner().unwrap()
}

fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
}

criterion_group! { name = benches; config = config(); targets = allocation }
criterion_main!(benches);
