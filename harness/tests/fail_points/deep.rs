//! Depth 2: points that are first met in recovery code fail as well, after the first failure.

use std::hint::black_box;

use firsthit::{Explorer, Sweep, Verdict, fail_point};

use crate::{Given, Refusal, elsewhere, step};

fn repair() -> Given {
    fail_point!("repair", [Err(Refusal::Busy), Ok(0)]);
    Ok(1)
}

fn body() -> Given {
    step(1).or_else(|_| repair())
}

#[test]
fn recovery_code_is_failed_at_each_alternative_by_every_explorer() {
    let explorers = [Explorer::Worker, Explorer::Snapshot, Explorer::Process, Explorer::Inline];
    for report in explorers.map(|explorer| Sweep::new().explorer(explorer).depth(2).run(body)) {
        if elsewhere() {
            continue;
        }
        assert_eq!(report.verdicts(), [Verdict::Absorbed, Verdict::Recovered, Verdict::Swallowed], "{report}");
        let text = report.to_string();
        let told = "then fail point \"repair\" (alternative 2 of 2: `Ok(0)`) failed as well, during the recovery:";
        assert!(text.contains("swallowed: fail point \"step\" (`Err(Refusal::Full)`) failed in "), "{text}");
        assert!(text.contains(told), "{text}");
    }
    let shallow = Sweep::new().run(body);
    assert!(elsewhere() || shallow.verdicts() == [Verdict::Absorbed], "{shallow}");
}

fn reserved() -> Given {
    let mut block = Vec::<u8>::new();
    block.try_reserve_exact(black_box(40)).map_err(|_| Refusal::NoMemory)?;
    Ok(black_box(block).capacity() as u32)
}

#[test]
fn memory_fails_behind_a_point_and_a_point_behind_memory() {
    let behind_a_point = || step(40).or_else(|_| reserved());
    let report = Sweep::new().depth(2).run(behind_a_point);
    assert_eq!(report.verdicts(), [Verdict::Absorbed, Verdict::Recovered], "{report}");
    let behind_memory = || reserved().or_else(|_| step(40));
    let report = Sweep::new().depth(2).run(behind_memory);
    assert_eq!(report.verdicts(), [Verdict::Absorbed, Verdict::Recovered], "{report}");
}
