//! Whole sweeps of 10,000 allocations, against alloc-chaos and a parallel N-th sweep with the same oracles.
//!
//! The rivals run once per allocation, so a sample of their runs is measured and scaled, as the table says.
#![expect(unsafe_code, reason = "an installed allocator, and forks")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::{BTreeMap, TryReserveError};
use std::hint::black_box;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use alloc_chaos::{ChaosAllocator, Check};
use common::chains::allocate_at;
use common::paired::{in_earnest, quantile};
use common::rivals::Nth;
use criterion::{Criterion, criterion_group, criterion_main};
use firsthit::{Sweep, Verdict};

mod common;

const PLAIN: u8 = 0;
const FIRSTHIT: u8 = 1;
const CHAOS: u8 = 2;
const NTH: u8 = 3;

static CHOSEN: AtomicU8 = AtomicU8::new(PLAIN);

struct Switch {
    firsthit: firsthit::Alloc,
    chaos: ChaosAllocator,
    nth: Nth,
}

#[global_allocator]
static SWITCH: Switch =
    Switch { firsthit: firsthit::Alloc::system(), chaos: ChaosAllocator::system(), nth: Nth::new() };

macro_rules! pass_on {
    ($self:ident.$call:ident($($argument:expr),*)) => {
        // SAFETY: the caller's promise; every one of them passes on to the system allocator.
        unsafe {
            match CHOSEN.load(Relaxed) {
                FIRSTHIT => $self.firsthit.$call($($argument),*),
                CHAOS => $self.chaos.$call($($argument),*),
                NTH => $self.nth.$call($($argument),*),
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

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        pass_on!(self.realloc(address, layout, new_size))
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        pass_on!(self.dealloc(address, layout));
    }
}

fn with<R>(allocator: u8, work: impl FnOnce() -> R) -> R {
    CHOSEN.store(allocator, Relaxed);
    let result = work();
    CHOSEN.store(PLAIN, Relaxed);
    result
}

/// What the body does.
#[derive(Clone, Copy, Debug)]
struct Plan {
    allocations: usize,
    chains: usize,
    /// Returns the error at once, and does not run on without the block.
    bails_out: bool,
    /// Two chains in fifty do the wrong thing about a failure: one leaks, one gives a wrong result.
    buggy: bool,
}

#[derive(Debug)]
#[expect(dead_code, reason = "told apart by their text")]
enum Failed {
    NoMemory(TryReserveError),
}

fn body(plan: Plan) -> Result<usize, Failed> {
    let mut result = 0;
    for n in 0..plan.allocations {
        let path = n % plan.chains;
        match allocate_at(path, 64) {
            Ok(block) => drop(black_box(block)),
            Err(error) => {
                if plan.buggy && path % 50 == 7 {
                    std::mem::forget(black_box(Vec::<u8>::with_capacity(32)));
                }
                if plan.buggy && path % 50 == 13 {
                    result += 1;
                } else if plan.bails_out {
                    return Err(Failed::NoMemory(error));
                }
            }
        }
    }
    Ok(result)
}

fn firsthit(plan: Plan) -> firsthit::Report {
    let report = with(FIRSTHIT, || Sweep::new().run(|| body(plan)));
    assert!(report.trouble().is_none(), "{report}");
    report
}

const LEAKED: i32 = 1;
const SWALLOWED: i32 = 2;
const UNUSABLE: i32 = 4;
const NOT_MET: i32 = 8;

/// One attempt in a child: the failure, the outcome, the balance, and the body once more without a failure.
fn attempt(plan: Plan, number: u64, baseline: &str) -> i32 {
    with(NTH, || {
        SWITCH.nth.aim(number);
        let outcome = body(plan);
        let (seen, even) = (SWITCH.nth.seen(), SWITCH.nth.is_even());
        let same = outcome.is_err() || format!("{outcome:?}") == baseline;
        SWITCH.nth.aim(0);
        let again = format!("{:?}", body(plan)) == baseline;
        let bit = |wrong: bool, bit| if wrong { bit } else { 0 };
        bit(!even, LEAKED) | bit(!same, SWALLOWED) | bit(!again, UNUSABLE) | bit(seen < number, NOT_MET)
    })
}

/// Fails every allocation of `numbers`, one child each, two at a time; what each was found to be.
fn nth(plan: Plan, numbers: impl Iterator<Item = u64>) -> BTreeMap<u64, i32> {
    let baseline = format!("{:?}", body(plan));
    let mut running: BTreeMap<i32, u64> = BTreeMap::new();
    let mut found = BTreeMap::new();
    let mut reap = |running: &mut BTreeMap<i32, u64>| {
        let mut status = 0;
        // SAFETY: the only children of this process are those forked here.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, 0) };
        let number = running.remove(&pid).expect("a child of this sweep");
        assert!(libc::WIFEXITED(status), "the body neither aborts nor crashes");
        found.insert(number, libc::WEXITSTATUS(status));
    };
    for number in numbers {
        if running.len() == 2 {
            reap(&mut running);
        }
        // SAFETY: this process has one thread.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "a fork was refused");
        if pid == 0 {
            let status = attempt(plan, number, &baseline);
            // SAFETY: ends the child.
            unsafe { libc::_exit(status) };
        }
        running.insert(pid, number);
    }
    while !running.is_empty() {
        reap(&mut running);
    }
    found
}

/// alloc-chaos in this process, for the allocations of a range.
fn chaos(plan: Plan, range: std::ops::Range<usize>) {
    with(CHAOS, || {
        let report = Check::new().failure_range(range).run(|| drop(black_box(body(plan))));
        drop(black_box(report));
    });
}

fn time<R>(work: impl FnOnce() -> R) -> (f64, R) {
    let begun = Instant::now();
    let result = work();
    (begun.elapsed().as_secs_f64() * 1e3, result)
}

/// One in so many runs of the rivals is measured.
const SAMPLED: usize = 50;

fn against_the_rivals(allocations: usize, rounds: usize) {
    println!("\n{allocations} allocations, all 64 bytes; ms, medians of {rounds} rounds in turn");
    println!("the rivals' runs are sampled, one in {SAMPLED}, and scaled");
    println!(
        "{:<26} {:>10} {:>12} {:>12} {:>10} {:>10}",
        "", "firsthit", "N-th sweep", "alloc-chaos", "times", "times"
    );
    for bails_out in [false, true] {
        for chains in [50, 1_000] {
            let plan = Plan { allocations, chains, bails_out, buggy: false };
            let [mut own, mut by_number, mut by_chaos] = [Vec::new(), Vec::new(), Vec::new()];
            for _ in 0..rounds {
                let (ms, report) = time(|| firsthit(plan));
                assert_eq!(report.verdicts().len(), chains, "{report}");
                own.push(ms);
                let numbers = (1..=allocations as u64).step_by(SAMPLED);
                let (ms, found) = time(|| nth(plan, numbers));
                assert!(found.values().all(|found| *found == 0), "{found:?}");
                by_number.push(ms * allocations as f64 / found.len() as f64);
                // Every range begins with a run without a failure, which is counted as one more sample.
                let ranges = (0..allocations).step_by(SAMPLED * 20).map(|start| start..start + 19);
                let (ms, runs) = time(|| ranges.map(|range| chaos(plan, range)).count() * 20);
                by_chaos.push(ms * allocations as f64 / runs as f64);
            }
            let ratio = |rival: &[f64]| {
                let ratios: Vec<f64> = rival.iter().zip(&own).map(|(rival, own)| rival / own).collect();
                quantile(&ratios, 0.5)
            };
            println!(
                "{:<26} {:>10.1} {:>12.0} {:>12.0} {:>9.0}x {:>9.0}x",
                format!("{chains} chains, {}", if bails_out { "bails out" } else { "recovers" }),
                quantile(&own, 0.5),
                quantile(&by_number, 0.5),
                quantile(&by_chaos, 0.5),
                ratio(&by_number),
                ratio(&by_chaos)
            );
        }
    }
}

/// The findings of two seeded bugs in fifty chains: every chain that the N-th sweep finds, and no other.
fn same_findings(allocations: usize) {
    println!("\nfindings with seeded bugs, {allocations} allocations, every one failed by the N-th sweep");
    for chains in [50, 200] {
        for bails_out in [false, true] {
            let plan = Plan { allocations, chains, bails_out, buggy: true };
            let report = firsthit(plan);
            let found = nth(plan, 1..=allocations as u64);
            let chains_with = |bit: i32| {
                let wrong = found.iter().filter(|(_, found)| **found & bit != 0);
                wrong.map(|(number, _)| (number - 1) % chains as u64).collect::<std::collections::BTreeSet<_>>().len()
            };
            let by_number = [chains_with(LEAKED), chains_with(SWALLOWED)];
            let own = [report.count(Verdict::Leaked), report.count(Verdict::Swallowed)];
            println!(
                "{chains} chains, bails out: {bails_out}: leaked and swallowed {own:?}, by the N-th sweep {by_number:?}"
            );
            assert_eq!(own, by_number, "{report}");
        }
    }
}

/// What memory of the test's own adds, and what chains and allocations cost.
fn costs(rounds: usize) {
    let measure = |plan: Plan| {
        let times: Vec<f64> = (0..rounds).map(|_| time(|| firsthit(plan)).0).collect();
        quantile(&times, 0.5)
    };
    println!("\ncost of a sweep that recovers, ms (medians of {rounds})");
    println!("{:>12} {:>10} {:>10} {:>14} {:>16}", "allocations", "chains", "sweep", "one run", "ms for a chain");
    for allocations in [1_000, 10_000] {
        for chains in [10, 100, 500] {
            let plan = Plan { allocations, chains, bails_out: false, buggy: false };
            let sweep = measure(plan);
            let (run, _) = time(|| (0..20).for_each(|_| drop(black_box(body(plan)))));
            println!(
                "{allocations:>12} {chains:>10} {sweep:>10.1} {:>14.3} {:>16.3}",
                run / 20.0,
                sweep / chains as f64
            );
        }
    }
    println!("\n100 MB resident: ms added for a chain (medians of {rounds}, in turn)");
    for bails_out in [false, true] {
        for chains in [50, 1_000] {
            let plan = Plan { allocations: 10_000, chains, bails_out, buggy: false };
            let added: Vec<f64> = (0..rounds)
                .map(|_| {
                    let (without, _) = time(|| firsthit(plan));
                    let ballast = black_box(vec![1_u8; 100 << 20]);
                    let (heavy, _) = time(|| firsthit(plan));
                    drop(black_box(ballast));
                    (heavy - without) / chains as f64
                })
                .collect();
            println!("{chains} chains, bails out: {bails_out}: {:.3}", quantile(&added, 0.5));
        }
    }
}

fn sweeps(criterion: &mut Criterion) {
    let rounds = if in_earnest() { 5 } else { 1 };
    let allocations = if in_earnest() { 10_000 } else { 1_000 };
    same_findings(if in_earnest() { 2_000 } else { 400 });
    against_the_rivals(allocations, rounds);
    if in_earnest() {
        costs(3);
    }
    let mut group = criterion.benchmark_group("sweeps");
    for (name, allocations, chains) in [("trivial", 50, 50), ("50 chains", 10_000, 50), ("1000 chains", 10_000, 1_000)]
    {
        let plan = Plan { allocations, chains, bails_out: false, buggy: false };
        group.bench_function(name, |bencher| bencher.iter(|| firsthit(plan)));
    }
    group.finish();
}

fn config() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(1))
        .sample_size(10)
}

criterion_group! { name = benches; config = config(); targets = sweeps }
criterion_main!(benches);
