//! The report of a swallowed failure names the arm that dropped it.

use firsthit::{Explorer, Sweep, Verdict};

use crate::again;
use crate::left::Folder;
use crate::subjects::{NoMemory, room};

/// Gives up silently: `.ok()` drops what `?` had passed on, and `.unwrap_or()` what that had left.
fn silently() -> usize {
    firsthit::__function!(HERE, "silently", 4, [
        UnwrapOr "kept.unwrap_or(0)" 0, 13, 4;
        Question "room(21)?" 0, 10, 1;
        MapErr "x.map_err(f)" 0, 11, 2;
        Ok "x.ok()" 0, 12, 3;
    ]);
    let passed = || Ok::<usize, NoMemory>(HERE.tried(1, room(21))?.capacity());
    let passed = passed().map_err(|NoMemory| {
        HERE.ran(2);
        "no memory"
    });
    HERE.ran_if(3, passed.is_err());
    let kept = passed.ok();
    HERE.ran_if(0, kept.is_none());
    kept.unwrap_or(0)
}

#[test]
#[ignore = "run by `the_report_names_the_arm_that_dropped_it`"]
fn dropping() {
    let report = Sweep::new().name("swallowed::dropping").run(|| Ok::<_, NoMemory>(silently()));
    assert_eq!(report.count(Verdict::Swallowed), 1, "{report}");
    println!("{report}");
}

#[test]
fn the_report_names_the_arm_that_dropped_it() {
    for explorer in [Explorer::Worker, Explorer::Snapshot, Explorer::Process, Explorer::Inline] {
        let folder = Folder::new();
        let mut command = folder.command("swallowed::dropping");
        let text = again::passes(command.env("FIRSTHIT_EXPLORER", explorer.as_str()));
        let dropped = text.lines().find(|line| line.contains("dropped by "));
        let ends = |line: &str| line.ends_with("dropped by `.unwrap_or()` at harness/tests/recovery/swallowed.rs:13:4");
        assert!(dropped.is_some_and(ends), "{explorer}: {text}");
    }
}

/// Gives up silently, and its author says that it may.
fn hint() -> usize {
    firsthit::__function!(HERE, "hint", 1, [
        UnwrapOr "room.unwrap_or(0)" 0, 20, 5, Benign "a cache that is not filled is only slow";
    ]);
    let room = room(23).map(|block| block.capacity());
    HERE.ran_if(0, room.is_err());
    room.unwrap_or(0)
}

#[test]
fn what_may_be_dropped_is_no_finding() {
    let name = "swallowed::what_may_be_dropped_is_no_finding";
    let report = Sweep::new().name(name).run(|| Ok::<_, NoMemory>(hint()));
    assert_eq!(report.verdicts(), [Verdict::Swallowed]);
    let told = "note: 1 dropped by `.unwrap_or()` at harness/tests/recovery/swallowed.rs:20:5, which is marked benign: a \
                cache that is not filled is only slow";
    assert!(report.is_clean() && report.to_string().contains(told), "{report}");
}

#[test]
fn where_no_arm_is_known_nothing_is_said() {
    let report = Sweep::new()
        .name("swallowed::where_no_arm_is_known_nothing_is_said")
        .run(|| Ok::<_, NoMemory>(room(22).map_or(0, |block| block.capacity())));
    assert_eq!(report.count(Verdict::Swallowed), 1, "{report}");
    assert!(!report.to_string().contains("dropped by"), "{report}");
}
