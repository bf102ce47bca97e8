//! What the fault source adds to a machine's request for a page: outside of a sweep, and in one that knows its chain.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use alloc_core::{Gfp, Machine, NodePages, Order};
use common::chains::at_depth;
use common::paired::{Variant, compare, timed};
use criterion::{Criterion, criterion_group, criterion_main};
use firsthit::alloc_core::Source;
use firsthit::bench::Armed;

mod common;

/// So many pages taken and given back, 20 calls deep.
fn pages(machine: &Machine, count: u64) -> Duration {
    let mut time = Duration::ZERO;
    at_depth(20, || {
        time = timed(|| {
            for _ in 0..count {
                drop(black_box(machine.alloc_pages(Order::ZERO, Gfp::KERNEL)));
            }
        });
    });
    time
}

fn machines(criterion: &mut Criterion) {
    let builder = || Machine::builder().node(NodePages::new(1024));
    let plain = &builder().build().expect("a machine");
    let again = &builder().build().expect("a machine");
    let swept = &builder().faults(Arc::new(Source::default())).build().expect("a machine");
    let all = [("without a source", plain), ("the same again", again), ("with the sweep's source", swept)];
    let variants = all.map(|(name, machine)| Variant::new(name, 1, move |count| pages(machine, count)));
    compare(criterion, "a page and back, no sweep", 50_000, 101, variants.into());
    let armed = &Armed::new();
    println!("\nwalker: {}", armed.walker());
    let walking = [("without a source", plain), ("with the sweep's source", swept)];
    let walking =
        walking.map(|(name, machine)| Variant::new(name, 1, move |count| armed.walking(|| pages(machine, count))));
    compare(criterion, "a page and back, armed and seen, 20 frames", 20_000, 41, walking.into());
}

fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
}

criterion_group! { name = benches; config = config(); targets = machines }
criterion_main!(benches);
