//! Allocations and fail points in one sweep.

use std::hint::black_box;

use firsthit::{Mode, Sweep, Verdict, fail_point};

use crate::{Given, Refusal};

fn reserved(count: usize) -> Given<Vec<u8>> {
    let mut block = Vec::new();
    block.try_reserve_exact(black_box(count)).map_err(|_| Refusal::NoMemory)?;
    Ok(black_box(block))
}

#[test]
fn both_are_failed_in_the_order_in_which_they_are_met() {
    let body = || {
        let first = reserved(10)?;
        fail_point!("between", [Err(Refusal::Full), Err(Refusal::Busy)]);
        let second = reserved(20)?;
        Ok::<usize, Refusal>(first.capacity() + second.capacity())
    };
    let report = Sweep::new().run(body);
    assert_eq!(report.verdicts(), [Verdict::Recovered; 4], "{report}");
    let without_points = Sweep::new().expect(|given: &Given<usize>| *given == Err(Refusal::NoMemory)).run(body);
    let expected = [Verdict::Recovered, Verdict::Swallowed, Verdict::Swallowed, Verdict::Recovered];
    assert_eq!(without_points.verdicts(), expected, "{without_points}");
}

#[test]
fn what_a_failed_point_leaves_allocated_is_a_leak() {
    let body = || {
        let block = reserved(30)?;
        let address = Box::leak(block.into_boxed_slice()).as_mut_ptr();
        let written = (|| {
            fail_point!("written", Err(Refusal::Full));
            Ok::<u32, Refusal>(1)
        })();
        let written = written?;
        black_box(address);
        Ok::<u32, Refusal>(written)
    };
    // Every run leaks: what only the failure leaves is told apart by the account.
    let report = Sweep::new().run(body);
    assert_eq!(report.count(Verdict::Leaked), 0, "{report}");
    let body = || {
        let block = std::mem::ManuallyDrop::new(reserved(3000)?);
        fail_point!("written", Err(Refusal::Full));
        Ok::<usize, Refusal>(std::mem::ManuallyDrop::into_inner(block).capacity())
    };
    let report = Sweep::new().run(body);
    assert_eq!(report.verdicts(), [Verdict::Recovered, Verdict::Leaked], "{report}");
    assert!(report.to_string().contains("leaked 3000 bytes in 1 allocation"), "{report}");
}

#[test]
fn only_allocations_are_forbidden_behind_a_failure() {
    let body = |again: fn() -> Given| move || crate::step(1).or_else(|_| again());
    let point = Sweep::new().mode(Mode::Forbid).run(body(|| crate::step(2)));
    assert_eq!(point.verdicts(), [Verdict::Swallowed], "{point}");
    let memory = Sweep::new().mode(Mode::Forbid).run(body(|| reserved(5).map(|block| block.capacity() as u32)));
    assert_eq!(memory.verdicts(), [Verdict::Allocated], "{memory}");
}

#[test]
fn what_makes_the_value_is_no_part_of_the_recovery() {
    fn made() -> Result<u32, Box<dyn std::error::Error>> {
        fail_point!("made", Err(format!("{} allocations", crate::step(black_box(2)).unwrap()).into()));
        Ok(1)
    }
    for mode in [Mode::Once, Mode::Sticky, Mode::Forbid] {
        let report = Sweep::new().mode(mode).depth(2).run(|| made().map_err(|_| Refusal::Full));
        assert_eq!(report.verdicts(), [Verdict::Recovered], "{mode}: {report}");
    }
    let kept = Sweep::new().run(|| made().map_err(std::mem::forget));
    assert_eq!(kept.verdicts(), [Verdict::Leaked], "{kept}");
}

#[test]
fn what_is_exhausted_stays_so_for_both() {
    let body = || {
        let value = crate::step(1).unwrap_or(1);
        let point = crate::step(value).is_ok();
        let memory = reserved(9).is_ok();
        if point && memory { Ok(1) } else { Err((point, memory)) }
    };
    let sticky = Sweep::new().mode(Mode::Sticky).expect(|given| *given == Err((false, false))).run(body);
    // The first point takes everything behind it along; the second leaves the first alone.
    let expected = [Verdict::Recovered, Verdict::Recovered, Verdict::Swallowed];
    assert_eq!(sticky.verdicts(), expected, "{sticky}");
    let once = Sweep::new().run(body);
    assert_eq!(once.verdicts(), [Verdict::Absorbed, Verdict::Recovered, Verdict::Recovered], "{once}");
}
