//! A disk that is full, and files that must not grow.

use std::process::Command;

use camino::Utf8Path;
use firsthit::Verdict;

use super::super::error::LedgerErrorKind;
use super::super::open::Ledger;
use super::{assert_sound, folder, plan};
use crate::results::outcome::Outcome;
use crate::results::sample::outcome;

/// Where a child of these tests finds the ledger it is to fill.
const PATH: &str = "FIRSTHIT_TEST_FULL_LEDGER";

/// Adds batches until one is refused, and says how many were confirmed.
fn fill(ledger: &Ledger) -> (usize, String) {
    let run = ledger.begin_run(&plan(&[])).unwrap();
    for batch in 0..10_000_u128 {
        let outcomes: Vec<Outcome> = (0..20).map(|n| outcome("a", batch * 20 + n, Verdict::Aborted)).collect();
        if let Err(error) = run.add(&outcomes) {
            assert!(matches!(error.kind, LedgerErrorKind::Full(_)), "{error:?}");
            return (usize::try_from(batch).unwrap() * 20, error.to_string());
        }
    }
    panic!("it never was full");
}

fn assert_told(text: &str) {
    for part in ["cannot grow", "the disk is full", "make room", "--resume"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_full_disk_is_told_and_what_was_added_before_is_kept() {
    let (_folder, path) = folder();
    let path = path.join("ledger.sqlite");
    let ledger = Ledger::open(&path).unwrap();
    ledger.connection().pragma_update_and_check(None, "max_page_count", 100, |_| Ok(())).unwrap();
    let (confirmed, text) = fill(&ledger);
    assert_told(&text);
    assert!(confirmed > 0);
    assert_sound(&ledger);
    let run = ledger.run(ledger.latest_run().unwrap().unwrap());
    assert_eq!(ledger.outcomes(run.id()).unwrap().len(), confirmed);
    // With room again, it goes on.
    ledger.connection().pragma_update_and_check(None, "max_page_count", 1_000, |_| Ok(())).unwrap();
    run.add(&[outcome("b", 1, Verdict::Leaked)]).unwrap();
    assert_eq!(ledger.outcomes(run.id()).unwrap().len(), confirmed + 1);
}

#[test]
fn a_limit_of_file_sizes_is_told_and_does_no_damage() {
    if let Ok(path) = std::env::var(PATH) {
        // This is the child, whose files cannot grow.
        let (confirmed, text) = fill(&Ledger::open(Utf8Path::new(&path)).unwrap());
        println!("confirmed {confirmed} {text}");
        return;
    }
    let (_folder, path) = folder();
    let path = path.join("ledger.sqlite");
    // Blocks are of 512 or of 1,024 bytes, as the shell has it.
    let limited = "trap '' XFSZ; ulimit -f 600; exec \"$@\"";
    let name = "ledger::tests::full::a_limit_of_file_sizes_is_told_and_does_no_damage";
    let own = std::env::current_exe().unwrap();
    let mut child = Command::new("sh");
    child.args(["-c", limited, "sh"]).arg(own).args(["--exact", name, "--nocapture"]);
    let output = child.env(PATH, &path).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let told = printed.lines().find_map(|line| line.split_once("confirmed ")).unwrap().1;
    let (confirmed, text) = told.split_once(' ').unwrap();
    assert_told(text);
    let confirmed: usize = confirmed.parse().unwrap();
    assert!(confirmed > 0);
    let ledger = Ledger::open(&path).unwrap();
    assert_sound(&ledger);
    assert_eq!(ledger.outcomes(ledger.latest_run().unwrap().unwrap()).unwrap().len(), confirmed);
}
