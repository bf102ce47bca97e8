//! What holds on every platform: the inline explorer finds the same, and where there is no other it says so.
//!
//! `RUSTFLAGS="--cfg firsthit_portable"` builds what platforms without fork get.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::thread;

use firsthit::{Explorer, Handle, Report, Sweep, Trouble, Verdict};

#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

/// Whether this build is one for platforms without fork.
const PORTABLE: bool = cfg!(firsthit_portable);

fn numbers(count: usize) -> Result<Vec<usize>, &'static str> {
    let mut numbers = Vec::new();
    numbers.try_reserve(count).map_err(|_| "no memory")?;
    numbers.extend(0..count);
    Ok(numbers)
}

fn inline() -> Sweep<Result<usize, &'static str>> {
    Sweep::new().explorer(Explorer::Inline)
}

fn counts(report: &Report) -> [usize; 3] {
    [Verdict::Recovered, Verdict::Swallowed, Verdict::Leaked].map(|verdict| report.count(verdict))
}

#[test]
fn a_returned_error_is_a_recovery() {
    let report = inline().run(|| {
        let (first, second) = (numbers(10)?, numbers(20)?);
        Ok(first.len() + second.len())
    });
    assert_eq!(counts(&report), [2, 0, 0], "{report}");
    assert!(report.is_clean(), "{report}");
    assert!(report.to_string().contains("explored by inline"), "{report}");
    assert_eq!(report.to_string().contains("frames are found by the backtrace crate"), PORTABLE, "{report}");
}

#[firsthit::injectable(Err("disk is full"))]
fn stored(count: usize) -> Result<usize, &'static str> {
    firsthit::fail_point!("stored", [Err("interrupted"), Ok(0)]);
    Ok(count)
}

#[test]
fn fail_points_are_failed_beside_allocations() {
    let report = inline().run(|| {
        let mut sum = stored(1)?;
        for round in 0..black_box(3) {
            sum += stored(round + 1)? + numbers(10)?.len();
        }
        Ok(sum)
    });
    assert_eq!(counts(&report), [5, 2, 0], "{report}");
    assert!(report.to_string().contains("fail point \"stored\" (alternative 2 of 2: `Ok(0)`) failed in "), "{report}");
}

#[test]
fn another_value_is_a_swallowed_failure_and_its_chain_is_named() {
    let report = inline().run(|| Ok(swallowing().len()));
    assert_eq!(counts(&report), [0, 1, 0], "{report}");
    assert!(!report.is_clean());
    let text = report.to_string();
    assert!(text.contains("FIRSTHIT_REPLAY="), "{text}");
    // An optimised build need not keep the function.
    assert!(!cfg!(debug_assertions) || text.contains("swallowing") && text.contains("portable.rs"), "{text}");
}

#[inline(never)]
fn swallowing() -> Vec<usize> {
    numbers(10).unwrap_or_default()
}

/// Annotated by hand.
fn dropping() -> usize {
    firsthit::__function!(HERE, "dropping", 2, [
        Site "numbers(11)" 0, 10, 1;
        Ok "numbers(11).ok()" 0, 10, 13, <- 0;
    ]);
    let entered = HERE.enter(0);
    let numbers = HERE.leave(entered, numbers(11));
    HERE.ran_if(1, numbers.is_err());
    numbers.ok().map_or(0, |numbers| numbers.len())
}

#[test]
fn the_arm_that_drops_a_failure_is_named() {
    let report = inline().run(|| Ok(dropping()));
    assert_eq!(counts(&report), [0, 1, 0], "{report}");
    assert!(report.to_string().contains("dropped by `.ok()` at harness/tests/portable.rs:10:13"), "{report}");
}

#[test]
fn what_only_a_failure_leaves_behind_is_a_leak() {
    let kept = RefCell::new(Vec::with_capacity(1000));
    let report = inline().run(|| {
        let held = numbers(100)?;
        match numbers(10) {
            Ok(numbers) => Ok(held.len() + numbers.len()),
            Err(error) => {
                kept.borrow_mut().push(held);
                Err(error)
            }
        }
    });
    assert_eq!(counts(&report), [1, 0, 1], "{report}");
    assert!(report.to_string().contains("800 bytes"), "{report}");
}

/// Calls itself through a pointer, which keeps optimised builds from making several places of one.
#[inline(never)]
fn nested(depth: usize) -> Result<usize, &'static str> {
    let next = black_box(nested as fn(usize) -> Result<usize, &'static str>);
    if depth == 0 { Ok(numbers(3)?.len()) } else { next(depth - 1).map(|count| count + 1) }
}

#[test]
fn recursion_and_loops_are_one_chain_each_place() {
    let report = inline().run(|| {
        let next = black_box(nested as fn(usize) -> Result<usize, &'static str>);
        let mut sum = numbers(7)?.len();
        for round in 0..black_box(5) {
            sum += next(round + 3)?;
        }
        Ok(sum)
    });
    assert_eq!(counts(&report), [2, 0, 0], "{report}");
}

/// Work for a thread that no sweep has spawned, and what came of it.
#[derive(Default)]
struct Desk {
    work: Mutex<Option<Handle>>,
    done: Mutex<Option<Result<usize, &'static str>>>,
}

#[test]
fn work_on_other_threads_belongs_through_a_handle() {
    let (desk, open) = (Arc::new(Desk::default()), Arc::new(AtomicBool::new(true)));
    let (theirs, goes_on) = (Arc::clone(&desk), Arc::clone(&open));
    let pool = thread::spawn(move || {
        while goes_on.load(Relaxed) {
            let work = theirs.work.lock().unwrap().take();
            let done = work.map(|handle| {
                // Without the handle, this thread's allocations are nobody's.
                numbers(20).unwrap();
                handle.enter(|| numbers(10).map(|numbers| numbers.len()))
            });
            if done.is_some() {
                *theirs.done.lock().unwrap() = done;
            }
            thread::yield_now();
        }
    });
    let report = inline().run(|| {
        let here = numbers(5)?.len();
        let handle = Handle::current();
        assert!(handle.is_active());
        *desk.work.lock().unwrap() = Some(handle);
        loop {
            if let Some(done) = desk.done.lock().unwrap().take() {
                return done.map(|there| here + there);
            }
            thread::yield_now();
        }
    });
    open.store(false, Relaxed);
    pool.join().unwrap();
    assert!(!Handle::current().is_active());
    assert_eq!(counts(&report), [2, 0, 0], "{report}");
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_sweep_that_asks_for_no_explorer_says_that_there_is_no_other() {
    let name = "a_sweep_that_asks_for_no_explorer_says_that_there_is_no_other";
    let report = Sweep::new().name(name).run(|| numbers(10).map(|numbers| numbers.len()));
    assert_eq!(report.count(Verdict::Recovered), 1, "{report}");
    assert_eq!(report.to_string().contains("this platform has no fork: explored inline"), PORTABLE, "{report}");
}

#[test]
fn explorers_that_need_a_fork_are_refused_with_a_cure() {
    if !PORTABLE {
        return;
    }
    for explorer in [Explorer::Worker, Explorer::Snapshot, Explorer::Process] {
        let report = Sweep::new().explorer(explorer).run(|| numbers(10).map(|numbers| numbers.len()));
        assert!(matches!(report.trouble(), Some(Trouble::Refused(_))), "{report}");
        let text = report.to_string();
        for part in [explorer.as_str(), "this platform has no fork", "leave the explorer out", "`inline`"] {
            assert!(text.contains(part), "{text}");
        }
    }
}

/// Doubles the chains of what it is given: each function calls the next from two places.
macro_rules! doubled {
    ($last:ident) => {
        #[inline(never)]
        fn $last(_: u32) -> Result<usize, &'static str> {
            Ok(numbers(1)?.len())
        }
    };
    ($name:ident $next:ident $($rest:ident)*) => {
        #[inline(never)]
        fn $name(number: u32) -> Result<usize, &'static str> {
            let count = if number & 1 == 0 {
                black_box($next(number >> 1))?
            } else {
                black_box($next(number >> 1))? + 1
            };
            Ok(count)
        }
        doubled!($next $($rest)*);
    };
}
doubled!(one two three four five six seven eight nine ten eleven leaf);

#[test]
fn a_sweep_with_too_little_room_says_so() {
    let report = inline().chains_max(1024).run(|| (0..2048).map(one).sum());
    assert!(matches!(report.trouble(), Some(Trouble::TooManyChains(_))), "{report}");
}
