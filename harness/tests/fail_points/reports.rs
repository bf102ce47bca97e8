//! What reports say of fail points, and what `allow` takes.

use std::hint::black_box;

use firsthit::{Sweep, Verdict, fail_point};

use crate::{Given, Refusal, step};

#[inline(never)]
fn loses_what_failed() -> Given {
    fn inner() -> Given {
        fail_point!("three ways to fail", [Err(Refusal::Full), Err(Refusal::Busy), Ok(8),]);
        Ok(black_box(8))
    }
    inner().or(Ok(0))
}

#[test]
fn a_finding_names_the_point_the_alternative_and_the_place() {
    let report = Sweep::new().run(loses_what_failed);
    assert_eq!(report.verdicts(), [Verdict::Swallowed, Verdict::Swallowed, Verdict::Absorbed], "{report}");
    let text = report.to_string();
    assert!(
        text.contains(
            "swallowed: fail point \"three ways to fail\" (alternative 1 of 3: `Err(Refusal::Full)`) failed in "
        ),
        "{text}"
    );
    assert!(text.contains("gave `Ok(0)`; without the failure `Ok(8)`"), "{text}");
    assert!(text.contains("  (and 1 more chain with the same cause)"), "{text}");
    assert!(text.contains("3 chains failed once each: 1 absorbed, 2 swallowed"), "{text}");
    assert!(text.contains("--> harness/tests/fail_points/reports.rs:"), "{text}");
    assert!(!text.contains("firsthit::fail_point"), "{text}");
    assert!(
        !cfg!(debug_assertions) || text.contains("loses_what_failed at harness/tests/fail_points/reports.rs"),
        "{text}"
    );
}

#[test]
fn the_place_is_the_points_own_line() {
    let line = include_str!("reports.rs").lines().position(|line| line.contains("(\"three ways")).unwrap() + 1;
    let text = Sweep::new().run(loses_what_failed).to_string();
    assert!(text.contains(&format!("--> harness/tests/fail_points/reports.rs:{line}:9\n")), "{text}");
}

#[test]
fn a_finding_can_be_allowed() {
    let report = Sweep::new().allow("loses_what_failed", "the loss is meant").run(loses_what_failed);
    assert!(!cfg!(debug_assertions) || report.is_clean(), "{report}");
    assert!(!cfg!(debug_assertions) || report.to_string().contains("2 allowed by \"loses_what_failed\""), "{report}");
}

#[test]
fn a_body_without_an_allocation_is_no_trouble_where_it_has_a_point() {
    let report = Sweep::new().run(|| step(1));
    assert_eq!((report.trouble(), report.verdicts()), (None, &[Verdict::Recovered][..]), "{report}");
    assert!(!report.to_string().contains("allocations are not failed"), "{report}");
}
