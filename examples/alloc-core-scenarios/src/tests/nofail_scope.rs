//! NOFAIL inside of a scope without reclaim: every policy breaks a promise, and asking beforehand keeps both.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use alloc_core::{AllocError, EventKind, Machine, Misuse, NestedNofail, NodePages, Policy};
use firsthit::alloc_core::Source;
use firsthit::{Sweep, Trouble, Verdict};

use super::{bystander, full, machine};
use crate::nofail_scope::{Journal, Memory, Replacement};

/// What came of a disk's replacement, and what was noted on the way.
#[derive(PartialEq, Eq, Debug)]
struct Came {
    record: Result<u64, String>,
    misuses: usize,
    kills: u64,
}

/// Memory runs out between the preparation and the replacement.
fn replaced(nested_nofail: NestedNofail, memory: Memory) -> Came {
    let machine = machine(256, Policy { nested_nofail, ..Policy::kernel() });
    bystander(&machine, 50);
    let mut journal = Journal::new(&machine);
    let replacement = Replacement::prepare(&journal, memory).unwrap();
    let _full = full(&machine);
    let caught = catch_unwind(AssertUnwindSafe(|| replacement.carry_out(&mut journal, "sdb")));
    let record = caught.map_err(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default());
    let misused = EventKind::Misused(Misuse::NofailNestedInNoReclaim);
    let misuses = machine.events_since(0).iter().filter(|event| event.kind == misused).count();
    let came = Came { record, misuses, kills: machine.stats().kills };
    println!("{nested_nofail:?}, {memory:?}: {came:?}");
    came
}

#[test]
fn row_057_each_policy_breaks_one_promise_or_the_other() {
    for (policy, record, kills) in [
        (NestedNofail::Violate, Err("NOFAIL does not fail: NoMemory"), 0),
        (NestedNofail::WarnAndReclaim, Ok(1), 1),
        (NestedNofail::Loop, Err("NOFAIL does not fail: Hang"), 0),
        (NestedNofail::KillTask, Err("NOFAIL does not fail: TaskKilled"), 0),
        (NestedNofail::Bug, Err("NOFAIL does not fail: Dead"), 0),
    ] {
        let record = record.map_err(str::to_owned);
        assert_eq!(replaced(policy, Memory::WhenCommitting), Came { record, misuses: 1, kills }, "{policy:?}");
        let kept = Came { record: Ok(1), misuses: 0, kills: 0 };
        assert_eq!(replaced(policy, Memory::Beforehand), kept, "{policy:?}");
    }
}

fn replace(memory: Memory, source: Source) -> Result<u64, AllocError> {
    let build = || Machine::builder().node(NodePages::new(64)).faults(Arc::new(source)).build();
    let machine = firsthit::unswept(build).expect("a small machine");
    let result = {
        let _audit = firsthit::alloc_core::audit(&machine);
        let mut journal = Journal::new(&machine);
        Replacement::prepare(&journal, memory).map(|replacement| replacement.carry_out(&mut journal, "sdb"))
    };
    firsthit::unswept(|| drop(machine));
    result
}

#[test]
fn what_was_asked_for_beforehand_is_the_only_thing_that_can_fail() {
    let swept = |memory, source: Source| Sweep::new().run(move || replace(memory, source));
    let reports = [
        swept(Memory::Beforehand, Source::default()),
        swept(Memory::WhenCommitting, Source::default().inject_nofail()),
        swept(Memory::WhenCommitting, Source::default()),
    ];
    let [beforehand, broken, kept] = &reports;
    assert_eq!(beforehand.verdicts(), [Verdict::Recovered], "{beforehand}");
    assert_eq!(broken.verdicts(), [Verdict::Panicked], "{broken}");
    // The flags are those that the scope has left.
    let asked = "alloc_pages(order 0, __GFP_IO|__GFP_FS|__GFP_KSWAPD_RECLAIM|__GFP_NOFAIL) failed in ";
    assert!(broken.to_string().contains(asked), "{broken}");
    // As long as NOFAIL is believed there is nothing to try.
    assert!(matches!(kept.trouble(), Some(Trouble::NothingToFail)), "{kept}");
    println!("{broken}");
}
