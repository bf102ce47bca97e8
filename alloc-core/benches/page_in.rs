//! What a page costs that has to be brought in while another one goes out: by a touch of a mapped slice, and by calls.

use std::hint::black_box;
use std::sync::Arc;

use alloc_core::{
    Gfp, Machine, MemfdHost, NodePages, Order, PAGE_SIZE, PageIn, PagedFile, Swap, SwapMap, SwapMapOptions,
};
use criterion::{Criterion, criterion_group, criterion_main};

/// Pages of the machine, and as many times as much in what is paged.
const PAGES: usize = 1024;
const TIMES: usize = 8;

fn machine() -> Machine {
    let host = MemfdHost::with_window(PAGES, 2 * TIMES * PAGES).expect("a machine's memory");
    Machine::builder().node(NodePages::new(PAGES as u32)).host(Box::new(host)).build().expect("a machine")
}

fn page_in(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("page in, and another out");
    // Every page is met once before any is met again, so each is out.
    let mut page = 0;
    let mut next = move || {
        page = (page + 1) % (TIMES * PAGES);
        page
    };
    for (name, way) in [("slice, signals", PageIn::Signals), ("slice, userfaultfd", PageIn::Userfaultfd)] {
        let machine = machine();
        let swap = Arc::new(Swap::temporary((TIMES * PAGES) as u32).expect("a swap"));
        let options = SwapMapOptions::new().page_in(way);
        let Ok(mut map) = SwapMap::<u64>::with_options(&machine, &swap, TIMES * PAGES * PAGE_SIZE / 8, options) else {
            println!("{name}: not allowed here");
            continue;
        };
        map.as_mut_slice().fill(1);
        let slice = map.as_slice();
        group.bench_function(name, |bencher| bencher.iter(|| black_box(slice[next() * PAGE_SIZE / 8])));
    }
    for (name, writes) in [("file, read", false), ("file, written", true)] {
        let machine = machine();
        let swap = Arc::new(Swap::temporary((TIMES * PAGES) as u32).expect("a swap"));
        let mut file = PagedFile::new(&machine, &swap).expect("a file");
        let at = |page: usize| (page * PAGE_SIZE) as u64;
        (0..TIMES * PAGES).for_each(|page| file.write(at(page), &[1; PAGE_SIZE]).expect("room"));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let (page, mut bytes) = (next(), [0; 8]);
                if writes {
                    file.write(at(page), &bytes).expect("room");
                } else {
                    file.read(at(page), &mut bytes).expect("what was written");
                }
                black_box(bytes)
            });
        });
    }
    let machine = machine();
    let swap = Swap::temporary((TIMES * PAGES) as u32 + 1).expect("a swap");
    let mut memory = machine.alloc_pages(Order::ZERO, Gfp::KERNEL).expect("a page");
    memory.bytes_mut().fill(1);
    let write = |memory: &[u8]| swap.write(&machine, memory).expect("room");
    let mut slots: Vec<_> = (0..TIMES * PAGES).map(|_| Some(write(memory.bytes()))).collect();
    group.bench_function("calls of the swap alone", |bencher| {
        bencher.iter(|| {
            let place = &mut slots[next()];
            let slot = place.take().expect("it is out");
            swap.read(&machine, &slot, memory.bytes_mut()).expect("what was written");
            *place = Some(write(memory.bytes()));
            swap.free(slot);
            black_box(memory.bytes()[0])
        });
    });
    group.finish();
}

criterion_group!(benches, page_in);
criterion_main!(benches);
