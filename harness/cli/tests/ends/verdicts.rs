//! Every verdict, on code that earns it: exact, in both profiles.

use crate::seeded::{MANY, marks};
use crate::swept::{Place, Sweep};

const RESERVE: &str = "Vec::try_reserve_exact";

/// Every chain but those of `many`: test, named line, verdict, the function that was asked.
const EXPECTED: [(&str, &str, &str, &str); 33] = [
    ("counted tests::counts", "room", "recovered", RESERVE),
    ("seeded tests::a_unit_test_stands_beside_the_code", "room", "recovered", RESERVE),
    ("seeded::it c_checks", "c-checked", "absorbed", ""),
    ("seeded::it c_corrupts", "c-first", "absorbed", ""),
    ("seeded::it c_corrupts", "c-second", "corrupted", ""),
    ("seeded::it c_crashes", "c-unchecked", "crashed", ""),
    ("seeded::it c_uses_what_it_freed", "c-kept", "absorbed", ""),
    ("seeded::it c_uses_what_it_freed", "c-missing", "corrupted", ""),
    ("seeded::it changes_folder_and_environment", "room-or-none", "absorbed", RESERVE),
    ("seeded::it compares", "sum", "swallowed", RESERVE),
    ("seeded::it demands", "demanded", "panicked", RESERVE),
    ("seeded::it demands_elsewhere", "demanded", "panicked", RESERVE),
    ("seeded::it exits", "room", "recovered", RESERVE),
    ("seeded::it forks", "room-or-none", "absorbed", RESERVE),
    ("seeded::it formats", "format", "aborted", "fmt::format"),
    ("seeded::it gives_an_error", "room", "recovered", RESERVE),
    ("seeded::it goes_on", "room-or-none", "absorbed", RESERVE),
    ("seeded::it goes_on_elsewhere", "room-or-none", "absorbed", RESERVE),
    ("seeded::it is_patient", "patient", "absorbed", RESERVE),
    ("seeded::it loses_a_file", "read", "leaked", RESERVE),
    ("seeded::it loses_memory", "pair-first", "absorbed", RESERVE),
    ("seeded::it loses_memory", "pair-second", "leaked", RESERVE),
    ("seeded::it meets_a_chain_once", "patient", "absorbed", RESERVE),
    ("seeded::it meets_a_chain_once", "room-or-none", "unreached", RESERVE),
    ("seeded::it prints_a_lot", "room", "recovered", RESERVE),
    ("seeded::it pushes", "push", "aborted", "Vec::push"),
    ("seeded::it should_panic", "room", "recovered", RESERVE),
    ("seeded::it starts_programs", "room-or-none", "absorbed", RESERVE),
    ("seeded::it unwraps", "room", "recovered", RESERVE),
    ("seeded::it waits", "waiting", "hung", RESERVE),
    ("seeded::plain", "room", "recovered", RESERVE),
    ("seeded::plain", "room-or-none", "absorbed", RESERVE),
    ("seeded::it ignored", "room", "recovered", RESERVE),
];

#[track_caller]
fn assert_expected(sweep: &Sweep, left_out: &str) {
    let marks = marks();
    let of_many = |test: &str| test == "seeded::it many";
    let others = sweep.found.iter().filter(|((test, _), _)| !of_many(test)).map(|((test, _), found)| {
        let mark = marks.get(&found.line).unwrap_or(&found.line);
        (test.as_str(), mark.as_str(), found.verdict.as_str(), found.asked.as_str())
    });
    let mut found: Vec<_> = others.collect();
    found.sort_unstable();
    let mut expected: Vec<_> = EXPECTED.into_iter().filter(|(test, ..)| *test != left_out).collect();
    expected.sort_unstable();
    assert_eq!(found, expected, "{}", sweep.err);
    let many = sweep.found.iter().filter(|((test, _), _)| of_many(test));
    let absorbed = many.filter(|(_, found)| found.verdict == "absorbed" && found.asked == RESERVE);
    assert_eq!(absorbed.count(), MANY);
    // What hangs decides.
    assert_eq!(sweep.code, 3, "{}", sweep.err);
}

#[test]
fn every_chain_has_the_verdict_that_its_code_earns() {
    let place = Place::new("verdicts");
    let sweep = place.sweep(&["--workspace", "--timeout", "1", "--include-ignored", "--skip", "endless"]);
    assert_expected(&sweep, "");
    assert_eq!(place.kept(), sweep.found);
}

#[test]
fn a_build_that_is_optimized_as_a_whole_has_the_same() {
    let place = Place::new("verdicts-release");
    assert_expected(&place.sweep(&["--workspace", "--timeout", "1", "--release"]), "seeded::it ignored");
}
