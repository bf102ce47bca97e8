//! Fail points: failures beyond those of memory obey the same rules as allocations do.

mod deep;
mod disarmed;
mod explorers;
mod forms;
mod hits;
mod injectable;
mod mixed;
mod replay;
mod reports;
mod side_by_side;
mod tasks;
mod threads;
mod verdicts;

use std::hint::black_box;

use firsthit::{Report, Sweep, Verdict};

#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

/// Why something of these tests did not work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    Full,
    Busy,
    NoMemory,
}

pub(crate) type Given<T = u32> = Result<T, Refusal>;

/// A place that can fail, a call away from those that use it.
#[inline(never)]
pub(crate) fn step(value: u32) -> Given {
    firsthit::fail_point!("step", Err(Refusal::Full));
    Ok(black_box(value))
}

/// Whether this process was started for a sweep, and only runs through those before it.
pub(crate) fn elsewhere() -> bool {
    std::env::var_os("FIRSTHIT_ROLE").is_some()
}

/// So many chains recovered, and nothing else happened.
#[track_caller]
pub(crate) fn recovered(report: &Report, count: usize) {
    assert_eq!(report.trouble(), None, "{report}");
    assert_eq!(report.verdicts(), vec![Verdict::Recovered; count], "{report}");
}

/// The verdicts of a body that is swept as sweeps are by default, in their order.
#[track_caller]
pub(crate) fn verdicts<R: firsthit::Outcome>(body: impl Fn() -> R) -> Vec<Verdict> {
    let report = Sweep::new().run(body);
    assert_eq!(report.trouble(), None, "{report}");
    report.verdicts().to_vec()
}
