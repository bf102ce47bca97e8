//! What a recorded run costs inside real work: a JSON parse, a map of strings, a sort of lines.
//!
//! One installed allocator passes every call on to the one that is measured, so that all of them run in one
//! process, in turn. What that costs (a load and a jump) is in the plain runs too.
#![expect(unsafe_code, reason = "an installed allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashMap;
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use alloc_chaos::{ChaosAllocator, Check};
use common::paired::{Variant, compare, timed};
use common::rivals::Captured;
use criterion::{Criterion, criterion_group, criterion_main};
use firsthit::bench::Armed;

mod common;

const PLAIN: u8 = 0;
const FIRSTHIT: u8 = 1;
const CHAOS: u8 = 2;
const CAPTURED: u8 = 3;

static CHOSEN: AtomicU8 = AtomicU8::new(PLAIN);

struct Switch {
    firsthit: firsthit::Alloc,
    chaos: ChaosAllocator,
    captured: Captured,
}

#[global_allocator]
static SWITCH: Switch = Switch {
    firsthit: firsthit::Alloc::system(),
    chaos: ChaosAllocator::system(),
    captured: Captured { frames_max: usize::MAX },
};

macro_rules! pass_on {
    ($self:ident.$call:ident($($argument:expr),*)) => {
        // SAFETY: the caller's promise; every one of them passes on to the system allocator.
        unsafe {
            match CHOSEN.load(Relaxed) {
                FIRSTHIT => $self.firsthit.$call($($argument),*),
                CHAOS => $self.chaos.$call($($argument),*),
                CAPTURED => $self.captured.$call($($argument),*),
                _ => System.$call($($argument),*),
            }
        }
    };
}

// SAFETY: every call is passed on to an allocator of the same blocks.
unsafe impl GlobalAlloc for Switch {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        pass_on!(self.alloc(layout))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        pass_on!(self.alloc_zeroed(layout))
    }

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        pass_on!(self.realloc(address, layout, new_size))
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        pass_on!(self.dealloc(address, layout));
    }
}

/// `work` so many times with one of the allocators.
fn with(allocator: u8, count: u64, work: impl Fn()) -> Duration {
    CHOSEN.store(allocator, Relaxed);
    let time = timed(|| (0..count).for_each(|_| work()));
    CHOSEN.store(PLAIN, Relaxed);
    time
}

/// As [`with`], while a second thread does the same.
fn with_two(allocator: u8, count: u64, work: impl Fn() + Sync) -> Duration {
    CHOSEN.store(allocator, Relaxed);
    let barrier = Barrier::new(2);
    let time = std::thread::scope(|scope| {
        scope.spawn(|| {
            barrier.wait();
            (0..count).for_each(|_| work());
        });
        barrier.wait();
        timed(|| (0..count).for_each(|_| work()))
    });
    CHOSEN.store(PLAIN, Relaxed);
    time
}

/// About 100 KB: records with texts, numbers, lists and nested objects.
fn document() -> String {
    let mut text = String::from("[");
    for n in 0..480 {
        let comma = if n == 0 { "" } else { "," };
        write!(
            text,
            r#"{comma}{{"id":{n},"name":"record number {n}","tags":["red","green","a longer tag {n}"],"active":{},
            "position":{{"x":{n}.25,"y":-{n}.5,"label":null}},"notes":"some text with an \"escape\" in it"}}"#,
            n % 3 == 0
        )
        .unwrap();
    }
    text + "]"
}

fn text() -> Vec<String> {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        state >> 40
    };
    (0..2_000).map(|_| format!("line {} of {} words and {} letters", next(), next(), next())).collect()
}

fn map_of_strings(lines: &[String]) -> usize {
    let mut map: HashMap<String, Vec<String>> = HashMap::new();
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        map.entry(words[1][..words[1].len().min(3)].to_owned()).or_default().push(words[3].to_owned());
    }
    map.len()
}

fn sorted(lines: &str) -> usize {
    let mut lines: Vec<String> = lines.lines().map(str::to_owned).collect();
    lines.sort();
    lines.join("\n").len()
}

fn work(criterion: &mut Criterion) {
    let (document, lines) = (document(), text());
    let joined = lines.join("\n");
    let parse = || drop(black_box(serde_json::from_str::<serde_json::Value>(black_box(&document)).unwrap()));
    let map = || _ = black_box(map_of_strings(black_box(&lines)));
    let sort = || _ = black_box(sorted(black_box(&joined)));
    let works: [(&str, &(dyn Fn() + Sync)); 3] =
        [("JSON parse", &parse), ("map of strings", &map), ("text sort", &sort)];
    let armed = Armed::new();
    println!("walker: {}", armed.walker());
    for (title, work) in works {
        let before = armed.requests();
        armed.walking(|| with(FIRSTHIT, 10, work));
        let requests = (armed.requests() - before) / 10;
        let variants = vec![
            Variant::new("System", 1, |n| with(PLAIN, n, work)),
            Variant::new("System again", 1, |n| with(PLAIN, n, work)),
            Variant::new("firsthit, disarmed", 1, |n| with(FIRSTHIT, n, work)),
            Variant::new("firsthit, counting", 1, |n| armed.counting(|| with(FIRSTHIT, n, work))),
            Variant::new("firsthit, armed and seen", 1, |n| armed.walking(|| with(FIRSTHIT, n, work))),
            Variant::new("alloc-chaos, inactive", 1, |n| with(CHAOS, n, work)),
            Variant::new("alloc-chaos, counting", 1, |n| counting(n, work)),
            Variant::new("backtrace crate", 8, |n| with(CAPTURED, n, work)),
        ];
        let measured = compare(criterion, title, 8, 41, variants);
        let added = |place: usize| measured[place].added / requests as f64;
        println!(
            "{title}: {requests} requests, {} chains known; ns added to a request: armed and seen {:.1}, backtrace crate \
             {:.1}, {:.1} times as much",
            armed.chains(),
            added(4),
            added(7),
            added(7) / added(4)
        );
    }
    // Threads come last: the system's allocator works differently once there has been one.
    // And of these the disarmed ones first: threads of a scope stay in it to their very end, and keep the process armed.
    for (title, work) in works {
        let variants = vec![
            Variant::new("System", 1, |n| with_two(PLAIN, n, work)),
            Variant::new("System again", 1, |n| with_two(PLAIN, n, work)),
            Variant::new("firsthit, disarmed", 1, |n| with_two(FIRSTHIT, n, work)),
        ];
        compare(criterion, &format!("{title}, no sweep, 2 threads"), 8, 61, variants);
    }
    for (title, work) in works {
        let variants = vec![
            Variant::new("System", 1, |n| with_two(PLAIN, n, work)),
            Variant::new("firsthit, armed and seen", 1, |n| armed.walking(|| with_two(FIRSTHIT, n, work))),
        ];
        armed.walking(|| with_two(FIRSTHIT, 10, work));
        compare(criterion, &format!("{title}, 2 threads"), 8, 41, variants);
    }
}

/// The check's own run of the closure without a failure.
fn counting(count: u64, work: &dyn Fn()) -> Duration {
    let time = std::cell::Cell::new(Duration::ZERO);
    CHOSEN.store(CHAOS, Relaxed);
    let _ = Check::new().max_failures(0).run(|| time.set(with(CHAOS, count, work)));
    CHOSEN.store(PLAIN, Relaxed);
    time.get()
}

fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(50))
        .measurement_time(Duration::from_millis(500))
        .sample_size(10)
}

criterion_group! { name = benches; config = config(); targets = work }
criterion_main!(benches);
