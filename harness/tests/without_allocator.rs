//! A program with fail points and another allocator can be swept: its allocations are not failed, and the report says so.

use std::hint::black_box;

use firsthit::{Explorer, Sweep, Trouble, Verdict, fail_point};

const NOTE: &str =
    "note: allocations are not failed: the program's global allocator is not firsthit's; leaks of memory";

fn write(count: usize) -> Result<Vec<u8>, &'static str> {
    fail_point!("write", [Err("disk is full"), Ok(Vec::new())]);
    Ok(vec![1; black_box(count)])
}

fn elsewhere() -> bool {
    std::env::var_os("FIRSTHIT_ROLE").is_some()
}

#[test]
fn every_explorer_fails_the_points_and_says_that_allocations_pass() {
    let explorers = [Explorer::Worker, Explorer::Snapshot, Explorer::Process, Explorer::Inline];
    for report in explorers.map(|explorer| Sweep::new().explorer(explorer).run(|| write(3))) {
        if elsewhere() {
            continue;
        }
        assert_eq!(report.trouble(), None, "{report}");
        assert_eq!(report.verdicts(), [Verdict::Recovered, Verdict::Swallowed], "{report}");
        assert_eq!(report.to_string().matches(NOTE).count(), 1, "{report}");
    }
}

#[test]
fn memory_that_is_lost_is_not_seen_and_does_not_disturb() {
    let report = Sweep::new().depth(2).run(|| {
        let kept = Box::leak(Box::new(black_box(3_usize)));
        write(*kept).map(|bytes| bytes.len()).or_else(|_| write(2).map(|bytes| bytes.len() + 1))
    });
    let expected = [Verdict::Absorbed, Verdict::Swallowed, Verdict::Recovered, Verdict::Swallowed];
    assert!(elsewhere() || report.verdicts() == expected, "{report}");
}

#[test]
fn a_body_that_meets_no_point_is_told_what_is_missing() {
    for explorer in [Explorer::Worker, Explorer::Process, Explorer::Inline] {
        let report = Sweep::new().explorer(explorer).run(|| vec![1_u8; black_box(3)].len());
        if elsewhere() {
            continue;
        }
        assert_eq!(report.trouble(), Some(&Trouble::NotInstalled), "{report}");
        assert!(report.to_string().contains("and the body reaches no fail point"), "{report}");
    }
}
