//! What a machine costs as the global allocator, beside the C library's malloc: boxes, and vectors that grow.
#![expect(unsafe_code, reason = "asks global allocators directly")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::time::Duration;

use alloc_core::{GlobalMachine, Machine, NodePages, Time};
use criterion::{Criterion, criterion_group, criterion_main};
use paired::{Variant, compare, timed};

#[allow(unreachable_pub, reason = "the file is compiled for each benchmark that uses it")]
#[path = "../../harness/benches/common/paired.rs"]
mod paired;

static MEMORY: GlobalMachine =
    GlobalMachine::new(|| Machine::builder().node(NodePages::new(65_536)).time(Time::Live).build());

/// Allocates, writes a byte, frees.
fn pairs(memory: &impl GlobalAlloc, size: usize, count: u64) {
    let layout = Layout::from_size_align(size, 8).unwrap();
    for _ in 0..count {
        // SAFETY: the layout has a size, and the memory is given back once.
        unsafe {
            let block = black_box(memory.alloc(black_box(layout)));
            block.write(1);
            memory.dealloc(block, layout);
        }
    }
}

/// 64 boxes at once, freed in another order.
fn batches(memory: &impl GlobalAlloc, count: u64) {
    let layout = Layout::new::<[u64; 8]>();
    let mut held = [std::ptr::null_mut(); 64];
    for _ in 0..count / 64 {
        // SAFETY: as above. 37 and 64 have no common divisor.
        unsafe {
            held.iter_mut().for_each(|place| *place = black_box(memory.alloc(black_box(layout))));
            (0..64).for_each(|turn| memory.dealloc(held[turn * 37 % 64], layout));
        }
    }
}

/// A vector of words that grows to so many by pushing, as the standard library's does: a word of it is one unit of work.
fn pushes(memory: &impl GlobalAlloc, words: usize, count: u64) {
    let of = |words: usize| Layout::array::<u64>(words).unwrap();
    for _ in 0..count / words as u64 {
        let mut room = 4;
        // SAFETY: words are written where there is room, and the memory is given back once, with the layout that it has.
        unsafe {
            let mut block = memory.alloc(of(room)).cast::<u64>();
            for word in 0..words {
                if word == room {
                    block = memory.realloc(block.cast(), of(room), of(2 * room).size()).cast();
                    room *= 2;
                }
                block.add(word).write(black_box(word as u64));
            }
            memory.dealloc(black_box(block).cast(), of(room));
        }
    }
}

fn variant<'a>(name: &str, work: impl Fn(u64) + 'a) -> Variant<'a> {
    Variant::new(name, 1, move |count| timed(|| work(count)))
}

fn global(criterion: &mut Criterion) {
    for size in [64, 2048] {
        let variants = vec![
            variant("malloc", move |count| pairs(&System, size, count)),
            variant("machine", move |count| pairs(&MEMORY, size, count)),
        ];
        compare(criterion, &format!("a box of {size} bytes"), 64_000, 101, variants);
    }
    let variants =
        vec![variant("malloc", |count| batches(&System, count)), variant("machine", |count| batches(&MEMORY, count))];
    compare(criterion, "one of 64 boxes of 64 bytes", 64_000, 101, variants);
    for words in [100, 10_000] {
        let variants = vec![
            variant("malloc", move |count| pushes(&System, words, count)),
            variant("machine", move |count| pushes(&MEMORY, words, count)),
        ];
        compare(criterion, &format!("a word pushed to a vector of {words}"), 1_000_000, 101, variants);
    }
}

fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
}

criterion_group! { name = benches; config = config(); targets = global }
criterion_main!(benches);
