//! What a page-in costs beside a bare read of a page from a file.

use std::fs::File;
use std::hint::black_box;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use alloc_core::{Machine, NodePages, PAGE_SIZE, PagedFile, Swap};
use criterion::{Criterion, criterion_group, criterion_main};

const PAGE: u64 = PAGE_SIZE as u64;

/// Pages of the machine.
const ARENA: u32 = 4096;

/// Pages of the file.
const FILE: u64 = 8 * ARENA as u64;

/// A page that is rarely one of the last.
fn next(page: &mut u64) -> u64 {
    *page = (*page + FILE / 2 + 12_345) % FILE;
    *page
}

fn bare(bench: &mut Criterion) {
    let path = std::env::temp_dir().join(format!("alloc-core-bench.{}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path).expect("a file");
    std::fs::remove_file(&path).expect("its name");
    (0..FILE).for_each(|page| file.write_all_at(&[7; PAGE_SIZE], page * PAGE).expect("room"));
    let (mut page, mut bytes) = (0, [0; PAGE_SIZE]);
    bench.bench_function("bare/pread", |bench| {
        bench.iter(|| file.read_exact_at(&mut bytes, next(&mut page) * PAGE).expect("bytes"));
    });
    bench.bench_function("bare/pwrite and pread", |bench| {
        bench.iter(|| {
            file.write_all_at(&bytes, next(&mut page) * PAGE).expect("room");
            file.read_exact_at(&mut bytes, next(&mut page) * PAGE).expect("bytes");
        });
    });
    black_box(bytes);
}

fn paged(bench: &mut Criterion) {
    let machine = Machine::builder().node(NodePages::new(ARENA)).build().expect("a machine");
    let swap = Arc::new(Swap::temporary(4 * FILE as u32).expect("a swap"));
    let mut file = PagedFile::new(&machine, &swap).expect("a file");
    (0..FILE).for_each(|page| file.write(page * PAGE, &[7; PAGE_SIZE]).expect("room"));
    (0..FILE).for_each(|page| file.read(page * PAGE, &mut [0; 8]).expect("a page"));
    let (mut page, mut bytes) = (0, [0; 8]);
    bench.bench_function("paged/page in for a clean one", |bench| {
        bench.iter(|| file.read(next(&mut page) * PAGE, &mut bytes).expect("a page"));
    });
    bench.bench_function("paged/page in for a dirty one", |bench| {
        bench.iter(|| file.write(next(&mut page) * PAGE, &bytes).expect("a page"));
    });
    bench.bench_function("paged/hit", |bench| {
        bench.iter(|| file.read(black_box(page) * PAGE, &mut bytes).expect("a page"));
    });
    let mut at = 0;
    bench.bench_function("paged/in order, 8 bytes", |bench| {
        bench.iter(|| {
            at = (at + 8) % (FILE * PAGE);
            file.read(at, &mut bytes).expect("a page");
        });
    });
}

criterion_group!(benches, bare, paged);
criterion_main!(benches);
