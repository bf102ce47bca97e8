//! What a request for an object costs: sizes, batches, pointers and boxes, beside the C library's malloc.
#![expect(unsafe_code, reason = "gives objects back by pointer")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::time::Duration;

use alloc_core::{Cache, CacheOptions, Gfp, Machine, NodePages};
use criterion::{Criterion, criterion_group, criterion_main};
use paired::{Variant, compare, timed};

#[allow(unreachable_pub, reason = "the file is compiled for each benchmark that uses it")]
#[path = "../../harness/benches/common/paired.rs"]
mod paired;

fn machine() -> Machine {
    Machine::builder().node(NodePages::new(65_536)).build().unwrap()
}

/// Allocates, writes a byte, frees: by an owner.
fn boxes(cache: &Cache<'_>, count: u64) {
    for _ in 0..count {
        let mut object = cache.alloc(black_box(Gfp::KERNEL)).unwrap();
        object.bytes_mut()[0] = 1;
        black_box(object);
    }
}

/// The same by pointer, as an adapter for a global allocator would have it.
fn pointers(cache: &Cache<'_>, count: u64) {
    for _ in 0..count {
        let object = black_box(cache.alloc_raw(black_box(Gfp::KERNEL)).unwrap());
        // SAFETY: the object has a byte, and is given back once.
        unsafe {
            object.write(1);
            cache.free(object.as_ptr()).unwrap();
        }
    }
}

/// The same through kmalloc, which looks the class up.
fn kmallocs(machine: &Machine, size: usize, count: u64) {
    for _ in 0..count {
        let memory = black_box(machine.kmalloc_raw(black_box(size), black_box(Gfp::KERNEL)).unwrap());
        // SAFETY: as above.
        unsafe {
            memory.write(1);
            machine.kfree(memory.as_ptr()).unwrap();
        }
    }
}

fn mallocs(size: usize, count: u64) {
    let layout = Layout::from_size_align(size, 8).unwrap();
    for _ in 0..count {
        // SAFETY: the layout has a size, and the memory is given back once.
        unsafe {
            let memory = black_box(System.alloc(black_box(layout)));
            memory.write(1);
            System.dealloc(memory, layout);
        }
    }
}

/// 64 objects at once, freed in another order.
fn batches(cache: &Cache<'_>, count: u64) {
    let mut held: Vec<_> = (0..64).map(|_| None).collect();
    for _ in 0..count / 64 {
        for place in &mut held {
            *place = Some(cache.alloc(black_box(Gfp::KERNEL)).unwrap());
        }
        // 37 and 64 have no common divisor.
        for turn in 0..64 {
            drop(held[turn * 37 % 64].take());
        }
    }
}

fn variant<'a>(name: &str, work: impl Fn(u64) + 'a) -> Variant<'a> {
    Variant::new(name, 1, move |count| timed(|| work(count)))
}

fn objects(criterion: &mut Criterion) {
    let machine = &machine();
    let small = &machine.cache(CacheOptions::new("small", 64)).unwrap();
    let large = &machine.cache(CacheOptions::new("large", 2048)).unwrap();
    let variants = vec![
        variant("pair of 64 bytes, box", move |count| boxes(small, count)),
        variant("pair of 64 bytes, pointer", move |count| pointers(small, count)),
        variant("pair of 64 bytes, kmalloc", move |count| kmallocs(machine, 64, count)),
        variant("pair of 64 bytes, malloc", move |count| mallocs(64, count)),
        variant("pair of 2048 bytes, box", move |count| boxes(large, count)),
        variant("pair of 2048 bytes, malloc", move |count| mallocs(2048, count)),
        variant("batch of 64 of 64 bytes, box", move |count| batches(small, count)),
    ];
    compare(criterion, "a pair of objects", 64_000, 101, variants);
}

fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
}

criterion_group! { name = benches; config = config(); targets = objects }
criterion_main!(benches);
