//! Ctrl-C: what runs is finished and written down, how to go on is said, and a second one ends everything.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::processes::{Marked, send};
use crate::swept::Place;

/// The code of a process that a Ctrl-C has ended, as shells have it.
const INTERRUPTED: i32 = 130;

/// Starts a sweep in a process group of its own, as a terminal's foreground job is one, and waits until runs are under way.
fn begun(place: &Place, words: &[&str], processes: usize) -> Marked {
    let mut command = place.command(words);
    command.process_group(0).stdout(Stdio::null()).stderr(Stdio::piped());
    let sweep = Marked::spawn(&mut command, place.target.file_name().unwrap().to_str().unwrap());
    let begun = Instant::now();
    // What Cargo does before the plan is written is not meant.
    let plan = place.target.join("firsthit/run/plan.json");
    while !plan.exists() || sweep.all().len() < processes {
        assert!(begun.elapsed() < Duration::from_secs(30), "no run begins");
        std::thread::sleep(Duration::from_millis(2));
    }
    sweep
}

fn ended(sweep: &mut Marked) -> (String, i32) {
    let mut err = String::new();
    sweep.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    let status = sweep.child.wait().unwrap();
    let code = status.code().unwrap_or_else(|| panic!("{status}: {err}"));
    (err, code)
}

#[test]
fn a_stop_keeps_what_is_done_and_the_rest_is_done_later() {
    let words = ["-p", "seeded", "--test", "it", "--timeout", "1", "--skip", "meets_a_chain_once"];
    let place = Place::new("stopped");
    let expected = place.sweep(&words).found;
    let place = Place::new("stopped-1");
    let mut sweep = begun(&place, &words, 4);
    // To the group, as the terminal sends it: the swept programs are in groups of their own, and see nothing of it.
    assert!(send("-INT", sweep.child.id()));
    let (err, code) = ended(&mut sweep);
    sweep.assert_gone();
    assert!(err.contains("stopping: what is running is finished"), "{err}");
    assert!(err.contains("--resume goes on"), "{err}");
    assert_eq!(code, INTERRUPTED, "{err}");
    let kept = place.kept();
    assert!(kept.len() < expected.len(), "it was over before it was stopped");
    // What was running was not disturbed.
    assert!(kept.iter().all(|(key, found)| expected.get(key) == Some(found)), "{err}");
    let resumed = place.sweep(&[&words[..], &["--resume"]].concat());
    assert!(resumed.err.contains("going on with a run that was not finished"), "{}", resumed.err);
    assert_eq!((place.kept(), resumed.code), (expected, 3));
}

#[test]
fn the_terminals_ctrl_c_does_not_reach_what_is_swept() {
    let place = Place::new("stopped-group");
    let words = ["-p", "seeded", "--test", "it", "--timeout", "2", "--exact", "waits"];
    // The command, the program's director, and the run that waits.
    let mut sweep = begun(&place, &words, 3);
    std::thread::sleep(Duration::from_millis(300));
    let group = format!("-{}", sweep.child.id());
    let sent = std::process::Command::new("kill").args(["-INT", "--", &group]).status().unwrap();
    assert!(sent.success());
    let (err, code) = ended(&mut sweep);
    // There was nothing else to do.
    assert_eq!(code, 3, "{err}");
    let found: Vec<String> = place.kept().into_values().map(|found| found.verdict).collect();
    // Its run went on to the end of its time.
    assert_eq!(found, ["hung"], "{err}");
}

#[test]
fn a_second_stop_ends_at_once() {
    let place = Place::new("stopped-twice");
    let words = ["-p", "seeded", "--test", "it", "--timeout", "60", "--exact", "waits"];
    let mut sweep = begun(&place, &words, 3);
    std::thread::sleep(Duration::from_millis(300));
    let stopped = Instant::now();
    assert!(send("-INT", sweep.child.id()));
    while stopped.elapsed() < Duration::from_millis(200) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(sweep.child.try_wait().unwrap().is_none(), "the first one waits for what is running");
    assert!(send("-INT", sweep.child.id()));
    let (err, code) = ended(&mut sweep);
    // Long before the time of what runs is over.
    assert!(stopped.elapsed() < Duration::from_secs(30), "{err}");
    assert_eq!(code, INTERRUPTED, "{err}");
    sweep.assert_gone();
}
