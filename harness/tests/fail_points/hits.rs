//! First hits: once for each call chain, whatever the number of hits.

use std::cell::Cell;
use std::hint::black_box;

use firsthit::{Explorer, Sweep, Verdict, fail_point};

use crate::{Given, Refusal, recovered, step, verdicts};

#[test]
fn a_point_fails_once_for_each_chain_to_it() {
    let body = || {
        let (first, second) = (step(1)?, step(2)?);
        Ok::<u32, Refusal>(first + second)
    };
    recovered(&Sweep::new().run(body), 2);
}

#[test]
fn a_loop_is_one_chain_and_only_its_first_round_fails() {
    let rounds = Cell::new(0);
    let failed_in = Cell::new(u32::MAX);
    let body = || {
        rounds.set(0);
        for round in 0..black_box(100) {
            rounds.set(rounds.get() + 1);
            if step(round).is_err() {
                failed_in.set(round);
            }
        }
        rounds.get()
    };
    let report = Sweep::new().explorer(Explorer::Inline).run(body);
    assert_eq!(report.verdicts(), [Verdict::Absorbed], "{report}");
    assert_eq!((rounds.get(), failed_in.get()), (100, 0));
}

/// Calls itself through a pointer, which keeps optimised builds from making several places of one.
#[inline(never)]
fn nested(depth: u32) -> Given {
    let next = black_box(nested as fn(u32) -> Given);
    if depth == 0 { step(3) } else { next(depth - 1).map(|count| count + 1) }
}

#[test]
fn recursion_is_one_chain_whatever_its_depth() {
    let body = || {
        let next = black_box(nested as fn(u32) -> Given);
        (0..black_box(5)).try_fold(0, |sum, round| Ok::<u32, Refusal>(sum + next(round + 3)?))
    };
    recovered(&Sweep::new().run(body), 1);
}

#[test]
fn points_side_by_side_are_told_apart() {
    fn both() -> Given {
        fail_point!("same name", Err(Refusal::Full));
        fail_point!("same name", Err(Refusal::Full));
        Ok(1)
    }
    recovered(&Sweep::new().run(both), 2);
}

#[test]
fn a_point_that_is_hit_while_its_thread_panics_is_not_failed() {
    struct Closing;
    impl Drop for Closing {
        fn drop(&mut self) {
            if step(1).is_err() && std::thread::panicking() {
                // What unwinds twice aborts.
                panic!("failed while panicking");
            }
        }
    }
    let body = || {
        let caught = std::panic::catch_unwind(|| {
            let _closing = Closing;
            std::panic::resume_unwind(Box::new(()));
        });
        caught.is_err()
    };
    let report = Sweep::new().run(|| (body(), step(2)).1);
    recovered(&report, 1);
    assert!(report.to_string().contains("met only while panicking: not failed"), "{report}");
}

#[test]
fn a_point_that_is_not_reached_is_not_failed() {
    fn rare(often: bool) -> Given {
        if !often {
            fail_point!("rare", Err(Refusal::Full));
        }
        step(1)
    }
    assert_eq!(verdicts(|| rare(black_box(true))), [Verdict::Recovered]);
}
