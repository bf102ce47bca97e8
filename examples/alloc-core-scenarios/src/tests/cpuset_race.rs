//! The race of a move and a look: premature kills without the counter, and none with it.

use alloc_core::{AllocError, Policy};
use firsthit::{Sweep, Verdict};

use crate::cpuset_race::{Explored, Job, Schedule, description, explore};

/// More steps than the rest of a request takes.
const STEPS_MAX: usize = 7;

/// All schedules of a request's last look and a move.
fn explored(mems_retry: bool) -> Explored {
    let explored = explore(mems_retry, STEPS_MAX).unwrap();
    println!("{} the counter: {explored:?}", if mems_retry { "with" } else { "without" });
    explored
}

#[test]
fn row_110_without_the_counter_somebody_is_killed_with_allowed_memory_free() {
    let Explored { schedules, premature_kills, looked_again } = explored(false);
    assert!(schedules == 64 && premature_kills > 0 && looked_again == 0);
}

#[test]
fn row_112_with_the_counter_the_request_looks_again_and_kills_nobody() {
    let Explored { schedules, premature_kills, looked_again } = explored(true);
    assert!(schedules == 64 && premature_kills == 0 && looked_again > 0);
}

/// The request's page, on a machine of one run: two nodes, as the scenario has it.
fn raced(schedule: Schedule) -> Result<u64, AllocError> {
    let machine = firsthit::alloc_core::machine(|| description(Policy::kernel())).expect("a small machine");
    let job = Job::start(&machine)?;
    let page = job.fault_in(schedule)?;
    Ok(page.order().pages())
}

#[test]
fn a_job_that_gets_no_page_while_it_is_moved_leaves_nothing_behind() {
    let schedules = [Schedule { add_after: 0, take_after: 1 }, Schedule { add_after: 1, take_after: 2 }];
    let reports = schedules.map(|schedule| Sweep::new().run(move || raced(schedule)));
    for report in reports {
        assert!(report.is_clean(), "{report}");
        // The bystander's pages, and the job's. What the tasks themselves need of Rust's allocator aborts.
        assert_eq!(report.count(Verdict::Recovered), 2, "{report}");
    }
}
