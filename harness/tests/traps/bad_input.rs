//! What a sweep says when it is asked for nonsense, or the system refuses what it needs: the thing, the value, the cure.

use std::collections::TryReserveError;
use std::hint::black_box;
use std::process::Command;

use firsthit::{Explorer, Sweep, Trouble, Verdict};

use crate::again;

fn allocates() -> Result<(), TryReserveError> {
    let mut block: Vec<u8> = Vec::new();
    block.try_reserve_exact(black_box(12))?;
    black_box(block);
    Ok(())
}

/// Prints the trouble, if there is any.
#[test]
#[ignore = "run by others"]
fn sweeps_once() {
    let report = Sweep::new().workers(2).run(allocates);
    println!("{report}");
    println!("trouble: {:?}", report.trouble());
}

#[track_caller]
fn says(variable: &str, value: &str, words: &[&str]) {
    let mut command = again::command("bad_input::sweeps_once", 1);
    let command = command.args(["--exact", "--nocapture"]).env(variable, value);
    let output = again::passes(command);
    for word in words {
        assert!(output.contains(word), "`{word}` in what {variable}={value} says:\n{output}");
    }
}

#[test]
fn unknown_values_of_variables() {
    let number = "it takes a whole number from 1 to";
    says(
        "FIRSTHIT_EXPLORER",
        "thread",
        &["FIRSTHIT_EXPLORER=thread: ", "`thread`", "worker, snapshot, process, inline"],
    );
    says("FIRSTHIT_EXPLORER", "Worker", &["FIRSTHIT_EXPLORER=Worker: ", "worker, snapshot, process, inline"]);
    says("FIRSTHIT_MODE", "some\ntimes", &["FIRSTHIT_MODE=some\\ntimes: ", "once, sticky, forbid"]);
    says("FIRSTHIT_DEPTH", "3", &["FIRSTHIT_DEPTH=3: ", number, "2"]);
    says("FIRSTHIT_DEPTH", "-1", &["FIRSTHIT_DEPTH=-1: ", number, "2"]);
    says("FIRSTHIT_PAIRS_MAX", "many", &["FIRSTHIT_PAIRS_MAX=many: ", "it takes a whole number from 0 to 16777216"]);
    says("FIRSTHIT_WORKERS", "0", &["FIRSTHIT_WORKERS=0: ", number, "64"]);
    says("FIRSTHIT_WORKERS", "many", &["FIRSTHIT_WORKERS=many: ", number, "64"]);
    says("FIRSTHIT_TIMEOUT_MS", "1.5", &["FIRSTHIT_TIMEOUT_MS=1.5: ", number, "86400000"]);
    says("FIRSTHIT_TIMEOUT_MS", "99999999999999999999", &["FIRSTHIT_TIMEOUT_MS=9", number]);
    says("FIRSTHIT_REPLAY", "again", &["FIRSTHIT_REPLAY=again: ", "16 hex digits"]);
    says("FIRSTHIT_REPLAY", "0123456789abcdef@01234567x", &["it is not a replay token"]);
    says("FIRSTHIT_REPLAY", "0123456789abcdef@00000000", &["0123456789abcdef@00000000 is of another build", "help: "]);
    // What is empty is not set.
    says("FIRSTHIT_EXPLORER", "", &["1 chain failed once: 1 recovered", "trouble: None"]);
}

/// The variables of the machinery itself, as a mistaken script might set them.
#[test]
fn nonsense_where_processes_talk_to_each_other() {
    says("FIRSTHIT_ROLE", "nonsense", &["FIRSTHIT_ROLE=nonsense: ", "unset"]);
    says("FIRSTHIT_EARLIER", "\u{fffd},!?", &["1 chain failed once: 1 recovered"]);
    let mut command = again::command("bad_input::sweeps_once", 1);
    let parent = std::process::id();
    let gone = format!("one:0:{parent}:0:0:/nonexistent");
    let ran = again::output(command.args(["--exact", "--nocapture"]).env("FIRSTHIT_ROLE", gone));
    assert!(ran.output.contains("not swept in this process") || !ran.passed, "{}", ran.output);
}

#[test]
fn a_chain_that_is_not_met() {
    let mut command = again::command("bad_input::sweeps_once", 1);
    let output =
        again::passes(command.args(["--exact", "--nocapture"]).env("FIRSTHIT_REPLAY", "0123456789abcdef@00000000"));
    let build = output.split("this one is ").nth(1).map(|rest| &rest[..8]).unwrap();
    let token = format!("0123456789abcdef@{build}");
    says("FIRSTHIT_REPLAY", &token, &[&format!("FIRSTHIT_REPLAY={token}"), "meets no such chain", "help: "]);
}

/// Whether this process was started for a sweep, and only runs through those before it.
fn elsewhere() -> bool {
    std::env::var_os("FIRSTHIT_ROLE").is_some()
}

#[test]
fn nothing_to_fail() {
    for explorer in [Explorer::Worker, Explorer::Process, Explorer::Inline] {
        let report = Sweep::new().explorer(explorer).run(|| black_box(3));
        if elsewhere() {
            continue;
        }
        assert_eq!(report.trouble(), Some(&Trouble::NothingToFail), "{report}");
        assert!(!report.is_clean() && report.to_string().contains("help: "), "{report}");
    }
}

#[test]
fn a_body_that_fails_by_itself() {
    for explorer in [Explorer::Worker, Explorer::Process, Explorer::Inline] {
        let report = Sweep::new().explorer(explorer).run(|| Err::<(), _>(vec![black_box(7)]));
        if elsewhere() {
            continue;
        }
        assert!(matches!(report.trouble(), Some(Trouble::BaselineFails(_))), "{report}");
        assert!(report.to_string().contains("Err([7])"), "{report}");
    }
}

/// Every number of descriptors is enough, or too few in so many words.
#[test]
fn descriptors_run_out() {
    let mut enough = 0;
    for explorer in ["worker", "process", "inline"] {
        for limit in [6, 7, 8, 9, 10, 14] {
            let mut command = again::command("bad_input::with_few_descriptors", 1);
            let command = command.env("TRAPS_DESCRIPTORS", limit.to_string()).env("FIRSTHIT_EXPLORER", explorer);
            let output = again::passes(command.args(["--exact", "--nocapture"]));
            if output.contains("trouble: None") {
                enough += 1;
                continue;
            }
            assert!(output.contains("refused") && output.contains("help: raise"), "{explorer}, {limit}: {output}");
            assert!(output.contains("Too many open files"), "{explorer}, {limit}: {output}");
        }
    }
    assert!((3..18).contains(&enough), "{enough}");
}

#[test]
#[ignore = "run by `descriptors_run_out`"]
fn with_few_descriptors() {
    let limit = std::env::var("TRAPS_DESCRIPTORS").unwrap().parse().unwrap();
    let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
    // SAFETY: sets a limit of this process.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
    let report = Sweep::new().name("bad_input::with_few_descriptors").workers(4).run(allocates);
    assert_eq!(report.trouble().is_none(), report.verdicts() == [Verdict::Recovered], "{report}");
    println!("{report}");
    println!("trouble: {:?}", report.trouble());
}

/// The limit of processes does not bind root: the test becomes somebody else if it is.
#[test]
fn processes_are_refused() {
    for explorer in ["worker", "process"] {
        let mut command = again::command("bad_input::without_processes", 1);
        let command = command.env("FIRSTHIT_EXPLORER", explorer);
        let output = again::passes(command.args(["--exact", "--nocapture"]));
        assert!(output.contains("was refused: ") && output.contains("help: raise the limit of processes"), "{output}");
    }
}

#[test]
#[ignore = "run by `processes_are_refused`"]
fn without_processes() {
    let limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: sets properties of this process, which is this test's own.
    unsafe {
        assert_eq!(libc::setrlimit(libc::RLIMIT_NPROC, &raw const limit), 0);
        if libc::getuid() == 0 {
            assert_eq!(libc::setresuid(65534, 65534, 65534), 0);
        }
    }
    println!("{}", Sweep::new().workers(2).run(allocates));
}

/// In a mount namespace of its own, if this user may have one.
#[test]
fn proc_is_not_mounted() {
    let script = "mount -t tmpfs none /proc && exec \"$@\"";
    let mut probe = Command::new("unshare");
    if !probe.args(["--mount", "sh", "-c", "mount -t tmpfs none /proc"]).output().is_ok_and(|ran| ran.status.success())
    {
        eprintln!("skipped: a mount namespace is refused here");
        return;
    }
    let run = |explorer: &str| {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, "sh"]).arg(program).env("FIRSTHIT_EXPLORER", explorer);
        command.args(["bad_input::sweeps_once", "--ignored", "--exact", "--nocapture", "--test-threads=1"]);
        again::passes(&mut command)
    };
    let by_workers = run("worker");
    assert!(by_workers.contains("1 recovered") && by_workers.contains("/proc is not mounted"), "{by_workers}");
    let by_processes = run("process");
    assert!(
        by_processes.contains("a fresh process cannot be started") && by_processes.contains("/proc"),
        "{by_processes}"
    );
    let inline = run("inline");
    assert!(inline.contains("1 recovered"), "{inline}");
}
