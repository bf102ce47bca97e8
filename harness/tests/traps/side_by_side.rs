//! Sweeps side by side, and threads that belong to none: each sees its own failures only.

use std::collections::TryReserveError;
use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use firsthit::{Explorer, Sweep, Verdict};

use crate::forest;

#[inline(never)]
fn reserved(bytes: usize) -> Result<Vec<u8>, TryReserveError> {
    let mut block = Vec::new();
    block.try_reserve_exact(black_box(bytes))?;
    Ok(black_box(block))
}

/// The first block is lost if the second is refused.
#[inline(never)]
fn leaks() -> Result<(), TryReserveError> {
    let first = reserved(100)?;
    let second = reserved(200);
    if second.is_err() {
        std::mem::forget(first);
    }
    second.map(drop)
}

#[inline(never)]
fn keeps_order() -> Result<(), TryReserveError> {
    let first = reserved(100)?;
    let second = reserved(200)?;
    black_box((first, second));
    Ok(())
}

/// Threads of this process that allocate all the time; no request of theirs may fail.
fn beside_bystanders(sweeps: impl FnOnce()) {
    struct Ends<'a>(&'a AtomicBool);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _ends = Ends(&over);
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    assert!(reserved(300).is_ok(), "a bystander's request failed");
                    assert!(keeps_order().is_ok(), "a bystander's request failed");
                    std::thread::yield_now();
                }
            });
        }
        sweeps();
    });
}

/// In one process, where nothing but the scope keeps them apart.
#[test]
fn two_inline_sweeps_and_bystanders() {
    let both = Barrier::new(2);
    beside_bystanders(|| {
        std::thread::scope(|scope| {
            let one = scope.spawn(|| {
                both.wait();
                for _ in 0..20 {
                    let report = Sweep::new().explorer(Explorer::Inline).run(leaks);
                    assert_eq!(report.trouble(), None, "{report}");
                    assert_eq!(report.verdicts(), [Verdict::Recovered, Verdict::Leaked], "{report}");
                    assert!(report.to_string().contains("100 bytes"), "{report}");
                }
            });
            let other = scope.spawn(|| {
                both.wait();
                for _ in 0..20 {
                    let report = Sweep::new().explorer(Explorer::Inline).run(keeps_order);
                    assert_eq!(report.trouble(), None, "{report}");
                    assert_eq!(report.verdicts(), [Verdict::Recovered; 2], "{report}");
                }
            });
            one.join().unwrap();
            other.join().unwrap();
        });
    });
}

/// Sweeps of two threads of one test, each with processes of its own.
#[test]
fn two_sweeps_of_one_test() {
    std::thread::scope(|scope| {
        let name = "side_by_side::two_sweeps_of_one_test";
        let one = scope.spawn(move || forest::check(&Sweep::new().name(name).workers(2).run(forest::walk)));
        let other = scope.spawn(move || {
            let report = Sweep::new().name(name).workers(2).run(leaks);
            assert_eq!(report.trouble(), None, "{report}");
            assert_eq!(report.verdicts(), [Verdict::Recovered, Verdict::Leaked], "{report}");
        });
        one.join().unwrap();
        other.join().unwrap();
    });
}

#[test]
fn workers_beside_bystanders() {
    beside_bystanders(|| {
        forest::check(&Sweep::new().name("many_chains::in_a_fresh_base").workers(2).run(forest::walk));
    });
}
