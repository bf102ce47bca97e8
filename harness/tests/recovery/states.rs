//! Every state that a recovery path can be in, as the listing tells it.

use firsthit::{Explorer, Sweep};

use crate::again;
use crate::left::Folder;
use crate::subjects::{NoMemory, leaking, ordinary, room, sound, stale, tested};

fn body() -> Result<usize, NoMemory> {
    let sum = tested(1)? + stale()? + leaking()? + sound("9")?;
    Ok(sum + usize::from(ordinary(&[])))
}

#[test]
#[ignore = "run by `the_listing_tells_every_state`"]
fn in_every_state() {
    let report = Sweep::new().explorer(Explorer::Worker).run(body);
    assert_eq!(report.verdicts().len(), 4, "{report}");
    // In the sweep, this arm runs as often as it does without a failure; here there is no sweep at all.
    ordinary(&[]);
}

#[test]
fn the_listing_tells_every_state() {
    let folder = Folder::new();
    let mut command = folder.command("states::in_every_state");
    let output = again::passes(command.env_remove("NEXTEST").env("FIRSTHIT_COVERAGE", "list"));
    let line = |function: &str, text: &str| {
        let mut lines = output.lines().filter(|line| line.contains(&format!("::{function}  ")));
        let found = lines.find(|line| line.ends_with(text));
        assert!(found.is_some(), "{function}: {text}\n{output}");
    };
    assert!(!output.contains("::tested  "), "{output}");
    line("leaking", "match arm  ran only under failures that ended badly: 1 leaked");
    line("ordinary", ".is_none()  ran only without an injected failure");
    line("sound", "?  reached but never failed: no failure was injected in `text.parse()`");
    line("forgotten", "?  never reached");
    line("forgotten", "?  benign: a cache");
    line("stale", "?  untested: nobody can");
    for part in ["remove the mark", "excused:", "recovery/subjects.rs:60:1", "ran only under failures that ended badly"]
    {
        assert!(output.contains(part), "{part}\n{output}");
    }
    let first = output.lines().find(|line| line.starts_with("firsthit: ") && line.contains("recovery paths tested"));
    assert!(first.is_some_and(|line| line.contains("2 tested, 1 ran only under failures")), "{output}");
}

#[test]
#[ignore = "run by `what_ordinary_tests_run_counts_as_reached`"]
fn in_an_ordinary_test() {
    assert_eq!(tested(3), Ok(3));
    ordinary(&[]);
    room(1).unwrap();
}

#[test]
fn what_ordinary_tests_run_counts_as_reached() {
    let left = Folder::new().run("states::in_an_ordinary_test");
    let seen = |name: &str| (left[name].seen.as_str(), left[name].hits, left[name].verdicts.as_str());
    assert_eq!(seen("tested: room(count)"), ("reached", 0, "-"));
    assert_eq!(seen("tested: room(count)?"), ("reached", 0, "-"));
    assert_eq!(seen("ordinary: first.is_none()"), ("reached,ran", 0, "-"));
    assert_eq!(seen("forgotten: room(4)?"), ("-", 0, "-"));
}
