//! What comes of a failed point is judged as with allocations.

use std::cell::Cell;
use std::fs::File;
use std::hint::black_box;
use std::time::Duration;

use firsthit::{Sweep, Verdict, fail_point};

use crate::{Given, Refusal, step, verdicts};

#[test]
fn a_test_that_unwraps_what_was_injected_has_recovered() {
    assert_eq!(verdicts(|| step(1).unwrap()), [Verdict::Recovered]);
}

#[test]
fn an_infallible_call_in_the_recovery_is_not_failed_with_the_point() {
    let body = || step(1).or_else(|_| Ok::<u32, Refusal>(vec![1_u8; black_box(1)].len() as u32));
    assert_eq!(verdicts(body), [Verdict::Absorbed]);
}

#[test]
fn state_that_the_failure_leaves_behind_makes_the_object_unusable() {
    thread_local! {
        static BUSY: Cell<bool> = const { Cell::new(false) };
    }
    fn busy() -> Given {
        if BUSY.replace(true) {
            return Err(Refusal::Busy);
        }
        let value = step(1)?;
        BUSY.set(false);
        Ok(value)
    }
    assert_eq!(verdicts(busy), [Verdict::Unusable]);
}

#[test]
fn what_does_not_end_hangs() {
    let body = || {
        while step(1).is_err() || std::env::var_os("FIRSTHIT_NEVER").is_some() {
            std::thread::sleep(Duration::from_secs(60));
        }
    };
    let report = Sweep::new().time_limit(Duration::from_millis(300)).run(body);
    assert!(report.verdicts().contains(&Verdict::Hung), "{report}");
}

#[test]
fn a_descriptor_that_the_failure_leaves_open_is_leaked() {
    fn opened() -> Result<File, Refusal> {
        let file = File::open("/dev/null").map_err(|_| Refusal::Busy)?;
        let kept = std::mem::ManuallyDrop::new(file);
        fail_point!("reading the header", Err(Refusal::Full));
        Ok(std::mem::ManuallyDrop::into_inner(kept))
    }
    let report = Sweep::new().run(|| opened().map(drop));
    assert!(report.verdicts().contains(&Verdict::Leaked), "{report}");
    assert!(report.to_string().contains("left 1 file descriptor behind"), "{report}");
}

#[test]
fn an_invariant_that_the_failure_breaks_is_corruption() {
    let body = || {
        let given = step(1);
        firsthit::invariant("the step was made", given.is_ok());
        given
    };
    assert_eq!(verdicts(body), [Verdict::Corrupted]);
}
