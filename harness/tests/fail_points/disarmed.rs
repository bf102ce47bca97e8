//! Outside of a sweep a fail point does nothing, and neither does it for those that are beside one.

use std::cell::Cell;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;

use firsthit::__private::{FUNCTIONS, Kind};
use firsthit::{Explorer, Sweep, fail_point};

use crate::{Given, Refusal, recovered, step};

#[test]
fn without_a_sweep_nothing_fails_and_nothing_is_evaluated() {
    static EVALUATED: AtomicU32 = AtomicU32::new(0);
    fn counted() -> Given {
        fail_point!("counted", {
            EVALUATED.fetch_add(1, Relaxed);
            Err(Refusal::Full)
        });
        Ok(1)
    }
    let sum: u32 = (0..1000).map(|_| counted().unwrap()).sum();
    assert_eq!((sum, EVALUATED.load(Relaxed)), (1000, 0));
}

#[test]
fn a_thread_beside_a_sweep_of_this_process_passes() {
    let (ask, asked) = mpsc::channel::<()>();
    let (answer, answered) = mpsc::channel();
    let beside = std::thread::spawn(move || {
        let mut failed = 0;
        for () in asked {
            failed += u32::from(step(1).is_err());
            answer.send(failed).unwrap();
        }
    });
    let beside_failed = Cell::new(0);
    let report = Sweep::new().explorer(Explorer::Inline).expect(|given| *given == Err(Refusal::Full)).run(|| {
        // Sending allocates now and then, which is for the sweep's other tests.
        let value = step(2);
        ask.send(()).unwrap();
        beside_failed.set(answered.recv().unwrap());
        value
    });
    drop(ask);
    beside.join().unwrap();
    assert_eq!(beside_failed.get(), 0);
    assert!(report.verdicts().contains(&firsthit::Verdict::Recovered), "{report}");
}

#[test]
fn a_retry_and_what_describes_a_result_pass() {
    struct Shown;
    impl std::fmt::Debug for Shown {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            fail_point!("while it is shown", Err(std::fmt::Error));
            f.write_str("shown")
        }
    }
    recovered(&Sweep::new().run(|| step(3).map(|_| Shown)), 1);
}

#[expect(dead_code, reason = "what no test reaches is declared all the same")]
fn never_called<T>() -> Option<T> {
    fail_point!("never reached", None);
    None
}

#[test]
fn a_point_that_no_test_reaches_is_registered() {
    let here = FUNCTIONS.iter().find(|function| function.name == "never reached").unwrap();
    assert_eq!((here.krate(), here.module), ("fail_points", "fail_points::disarmed"));
    let [point] = here.points().collect::<Vec<_>>()[..] else { panic!("{here:?}") };
    assert_eq!((point.kind, point.text, point.ordinal, point.site), (Kind::FailPoint, "never reached", 0, None));
    let line = include_str!("disarmed.rs").lines().position(|line| line.contains("\"never reached\"")).unwrap() + 1;
    assert_eq!((point.line as usize, point.column), (line, 5));
}
