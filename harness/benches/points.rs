//! What passing the points of annotated code costs, in a loop around a call that does nothing.

use std::hint::black_box;
use std::time::Duration;

use common::paired::{Variant, compare, timed};
use criterion::{Criterion, criterion_group, criterion_main};
use firsthit::bench::Armed;

mod common;

#[inline(never)]
fn call(number: u64) -> Result<u64, u64> {
    black_box(Ok(number))
}

#[inline(never)]
fn plain(count: u64) -> Result<u64, u64> {
    let mut sum = 0;
    for number in 0..count {
        sum += call(number)?;
    }
    Ok(sum)
}

#[inline(never)]
fn site(count: u64) -> Result<u64, u64> {
    firsthit::__function!(HERE, "site", 1, [Site "call(number)" 0, 1, 1;]);
    let mut sum = 0;
    for number in 0..count {
        let entered = HERE.enter(0);
        sum += HERE.leave(entered, call(number))?;
    }
    Ok(sum)
}

#[inline(never)]
fn question(count: u64) -> Result<u64, u64> {
    firsthit::__function!(HERE, "question", 1, [Question "call(number)?" 0, 1, 1;]);
    let mut sum = 0;
    for number in 0..count {
        sum += HERE.tried(0, call(number))?;
    }
    Ok(sum)
}

#[inline(never)]
fn both(count: u64) -> Result<u64, u64> {
    firsthit::__function!(HERE, "both", 2, [
        Site "call(number)" 0, 1, 1;
        Question "call(number)?" 0, 1, 2, <- 0;
    ]);
    let mut sum = 0;
    for number in 0..count {
        let entered = HERE.enter(0);
        sum += HERE.tried(1, HERE.leave(entered, call(number)))?;
    }
    Ok(sum)
}

fn run(loop_: fn(u64) -> Result<u64, u64>, count: u64) -> Duration {
    timed(|| {
        let _ = black_box(black_box(loop_)(black_box(count)));
    })
}

fn points(criterion: &mut Criterion) {
    let variants = |prefix: &str| {
        [("a call", plain as fn(u64) -> _), ("a site", site), ("a `?`", question), ("a site and its `?`", both)]
            .map(|(name, work)| (format!("{name}{prefix}"), work))
    };
    let plain_twice = Variant::new("a call again", 1, |n| run(plain, n));
    let mut disarmed: Vec<Variant<'_>> =
        variants("").into_iter().map(|(name, work)| Variant::new(name, 1, move |n| run(work, n))).collect();
    disarmed.push(plain_twice);
    compare(criterion, "no sweep", 400_000, 201, disarmed);
    let armed = Armed::new();
    let armed = &armed;
    let counting = variants(", counted").into_iter();
    let counting = counting.map(|(name, work)| Variant::new(name, 1, move |n| armed.counting(|| run(work, n))));
    compare(criterion, "in a sweep", 40_000, 41, counting.collect());
}

fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
}

criterion_group! { name = benches; config = config(); targets = points }
criterion_main!(benches);
