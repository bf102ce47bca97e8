//! What a fail point costs a function that does nothing else: outside of a sweep, and in one that knows its chain.

use std::hint::black_box;
use std::time::Duration;

use common::chains::at_depth;
use common::paired::{Variant, compare, timed};
use criterion::{Criterion, criterion_group, criterion_main};
use firsthit::bench::Armed;
use firsthit::{fail_point, injectable};

mod common;

#[inline(never)]
fn plain(value: u64) -> Result<u64, u64> {
    Ok(black_box(value))
}

/// The same, not merged with the other by the linker.
#[inline(never)]
fn plain_again(value: u64) -> Result<u64, u64> {
    black_box(());
    Ok(black_box(value))
}

#[inline(never)]
fn one(value: u64) -> Result<u64, u64> {
    fail_point!("one", Err(value));
    Ok(black_box(value))
}

#[inline(never)]
fn three(value: u64) -> Result<u64, u64> {
    fail_point!("three", [Err(value), Err(1), Ok(0)]);
    Ok(black_box(value))
}

#[injectable(Err(value))]
#[inline(never)]
fn marked(value: u64) -> Result<u64, u64> {
    Ok(black_box(value))
}

/// A function's name, and how long so many calls of it take.
type Calls = (&'static str, fn(u64) -> Duration);

/// So many calls at the top of a ladder, called directly.
macro_rules! calls {
    ($function:ident) => {
        (stringify!($function), |count: u64| {
            let mut time = Duration::ZERO;
            at_depth(20, || {
                time = timed(|| {
                    for number in 0..count {
                        let _ = black_box($function(black_box(number)));
                    }
                });
            });
            time
        })
    };
}

fn fail_points(criterion: &mut Criterion) {
    let functions: [Calls; 5] = [calls!(plain), calls!(plain_again), calls!(one), calls!(three), calls!(marked)];
    let variants = functions.map(|(name, run)| Variant::new(name, 1, run));
    compare(criterion, "a call, no sweep", 200_000, 201, variants.into());
    let armed = &Armed::new();
    println!("\nwalker: {}", armed.walker());
    let counting = functions.map(|(name, run)| Variant::new(name, 1, move |count| armed.counting(|| run(count))));
    compare(criterion, "a call, counted as in a retry, 20 frames", 50_000, 41, counting.into());
    let walking = functions.map(|(name, run)| Variant::new(name, 1, move |count| armed.walking(|| run(count))));
    compare(criterion, "a call, armed and seen, 20 frames", 20_000, 41, walking.into());
}

fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
}

criterion_group! { name = benches; config = config(); targets = fail_points }
criterion_main!(benches);
