//! What a request for pages costs, and what makes it dearer: orders, batches, isolated pages, threads, the engine's own way.

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use alloc_core::{Fragments, Gfp, Machine, NodePages, Order, PageBlock, Time};
use criterion::{Criterion, criterion_group, criterion_main};
use paired::{Variant, compare, timed};

#[allow(unreachable_pub, reason = "the file is compiled for each benchmark that uses it")]
#[path = "../../harness/benches/common/paired.rs"]
mod paired;

/// 256 MiB.
const PAGES: u32 = 65_536;

fn machine() -> Machine {
    Machine::builder().node(NodePages::new(PAGES)).build().unwrap()
}

/// Blocks that were written to before, so that no page is touched for the first time.
fn warm(machine: &Machine) {
    let blocks: Vec<_> = std::iter::from_fn(|| machine.alloc_pages(Order::LARGEST, Gfp::NOWAIT).ok()).collect();
    for mut block in blocks {
        block.bytes_mut().iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    }
}

/// Allocates, writes a byte, frees.
fn pairs(machine: &Machine, order: Order, count: u64) {
    for _ in 0..count {
        let mut block = machine.alloc_pages(black_box(order), black_box(Gfp::KERNEL)).unwrap();
        block.bytes_mut()[0] = 1;
        black_box(block);
    }
}

/// 64 blocks at once, freed in another order.
fn batches(machine: &Machine, order: Order, count: u64) {
    let mut held: Vec<Option<PageBlock<'_>>> = (0..64).map(|_| None).collect();
    for _ in 0..count / 64 {
        for place in &mut held {
            *place = Some(machine.alloc_pages(black_box(order), black_box(Gfp::KERNEL)).unwrap());
        }
        // 37 and 64 have no common divisor.
        for turn in 0..64 {
            drop(held[turn * 37 % 64].take());
        }
    }
}

/// The same pair by the engine's steps, without what is at hand.
fn steps(machine: &Machine, order: Order, count: u64) {
    for _ in 0..count {
        let request = machine.request(Machine::BOOT, None, black_box(order), black_box(Gfp::KERNEL)).unwrap();
        black_box(request.finish().unwrap());
    }
}

fn variant<'a>(name: &str, work: impl Fn(u64) + 'a) -> Variant<'a> {
    Variant::new(name, 1, move |count| timed(|| work(count)))
}

fn requests(criterion: &mut Criterion) {
    let machine = &machine();
    warm(machine);
    let mut variants = Vec::new();
    for order in [0, 3, 8] {
        variants.push(variant(&format!("pair, order {order}"), move |count| pairs(machine, Order::new(order), count)));
    }
    for order in [0, 3] {
        let name = format!("batch of 64, order {order}");
        variants.push(variant(&name, move |count| batches(machine, Order::new(order), count)));
    }
    variants.push(variant("pair by steps, order 0", move |count| steps(machine, Order::ZERO, count)));
    compare(criterion, "a pair of requests", 64_000, 101, variants);
}

/// Giving a page back among isolated free ones, whose number must not matter.
fn isolated(criterion: &mut Criterion) {
    // Every second page is taken: what is freed in between merges with nothing.
    let with = |isolated: u32| {
        let machine = Machine::builder().node(NodePages::new(2 * isolated + 4096)).min_free_pages(0).build().unwrap();
        let blocks: Vec<_> =
            (0..2 * isolated).map(|_| machine.alloc_pages(Order::ZERO, Gfp::NOWAIT).unwrap()).collect();
        let kept: Vec<_> =
            blocks.into_iter().filter(|block| block.frame().0 % 2 == 0).map(PageBlock::into_pages).collect();
        std::mem::forget(kept);
        machine
    };
    let machines = [with(64), with(8_192)];
    let variants = machines.iter().zip([64, 8_192]).flat_map(|(machine, count)| {
        [
            variant(&format!("batch of 64, {count} isolated pages"), move |count| batches(machine, Order::ZERO, count)),
            variant(&format!("by steps, {count} isolated pages"), move |count| steps(machine, Order::ZERO, count)),
        ]
    });
    compare(criterion, "isolated free pages", 64_000, 101, variants.collect());
}

/// What the fault hook and a fragmented memory add.
fn beside(criterion: &mut Criterion) {
    let (plain, fragmented) = (machine(), machine());
    let _fragments = fragmented.fragment(Fragments::KeepOneIn(4));
    let variants = vec![
        variant("pair", |count| pairs(&plain, Order::ZERO, count)),
        variant("pair again", |count| pairs(&plain, Order::ZERO, count)),
        variant("pair, fragmented memory", |count| pairs(&fragmented, Order::ZERO, count)),
        variant("pair, in a scope", |count| {
            let _scope = plain.scope(alloc_core::Scope::NoFs);
            pairs(&plain, Order::ZERO, count);
        }),
    ];
    compare(criterion, "what makes no difference", 64_000, 101, variants);
}

/// Two threads at once, by the clock on the wall; each does `count` pairs.
fn together(machine: &Machine, threads: usize, count: u64) -> Duration {
    let begin = Barrier::new(threads + 1);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    pairs(machine, Order::ZERO, 1_000);
                    begin.wait();
                    pairs(machine, Order::ZERO, count);
                })
            })
            .collect();
        begin.wait();
        let begun = Instant::now();
        all.into_iter().for_each(|thread| thread.join().unwrap());
        begun.elapsed()
    })
}

fn threads(criterion: &mut Criterion) {
    let (live, stepped) =
        (&Machine::builder().node(NodePages::new(PAGES)).time(Time::Live).build().unwrap(), &machine());
    warm(live);
    warm(stepped);
    let variant = |name: &str, machine, threads| {
        Variant::new(format!("{threads} threads, {name}"), 1, move |count| together(machine, threads, count))
    };
    let variants = vec![
        variant("live time", live, 1),
        variant("live time", live, 2),
        variant("stepped time", stepped, 1),
        variant("stepped time", stepped, 2),
    ];
    compare(criterion, "threads, a pair each", 400_000, 41, variants);
}

fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
}

criterion_group! { name = benches; config = config(); targets = requests, isolated, beside, threads }
criterion_main!(benches);
