//! A process of the sweep can be killed at any moment: no verdict is lost, and none is changed.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::process::Stdio;
use std::time::{Duration, Instant};

use firsthit::{Explorer, Sweep};

use crate::{again, forest};

/// More of these deaths than a sweep puts up with are not to be blamed on chance.
const BASES: usize = 2;

/// The children of a process, of all its threads.
fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}

/// Kills `pid` if it is a child of `parent` still.
fn kill(pid: u32, parent: u32) -> io::Result<bool> {
    // SAFETY: opens a descriptor.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is new and owned by nobody else.
    let descriptor = unsafe { OwnedFd::from_raw_fd(descriptor as i32) };
    if !children(parent).contains(&pid) {
        return Ok(false);
    }
    let nothing = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: the descriptor names a process of this test's making.
    let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, descriptor.as_raw_fd(), libc::SIGKILL, nothing, 0) };
    Ok(sent == 0)
}

/// Runs a test in a process of its own, and kills what it forks, grandchildren and now and then children.
#[track_caller]
fn hunt(test: &str, bases: usize, pause: Duration) -> HashMap<&'static str, usize> {
    let mut command = again::command(test, 1);
    let mut game = command.args(["--exact", "--nocapture"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    game = game.stdin(Stdio::null());
    let mut game = game.spawn().unwrap();
    let mut killed = HashMap::from([("bases", 0), ("workers", 0)]);
    let begun = Instant::now();
    let mut seed = 7_u64;
    while game.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(60) {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = (seed >> 33) as usize;
        let bases_now = children(game.id());
        let workers: Vec<(u32, u32)> =
            bases_now.iter().flat_map(|base| children(*base).into_iter().map(|pid| (pid, *base))).collect();
        // One after every third worker, as long as there are some to be killed.
        if killed["bases"] < bases && killed["workers"] >= 3 * (killed["bases"] + 1) && !workers.is_empty() {
            let hit = kill(bases_now[random % bases_now.len()], game.id()).unwrap_or(false);
            *killed.get_mut("bases").unwrap() += usize::from(hit);
        } else if !workers.is_empty() {
            let (pid, base) = workers[random % workers.len()];
            *killed.get_mut("workers").unwrap() += usize::from(kill(pid, base).unwrap_or(false));
        }
        // After a few kills some are let live: a chain whose process is killed again and again is told to be unstable.
        let rest = if killed.values().sum::<usize>() % 4 == 3 { Duration::from_millis(40) } else { pause };
        std::thread::sleep(rest);
    }
    let output = game.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].map(|stream| String::from_utf8_lossy(&stream).into_owned()).concat();
    assert!(output.status.success(), "{killed:?}\n{text}");
    killed
}

#[test]
fn workers_and_bases_that_were_forked() {
    let killed = hunt("killed::hunted_in_place", BASES, Duration::from_millis(5));
    assert!(killed["workers"] > 5 && killed["bases"] > 0, "{killed:?}");
}

#[test]
fn workers_and_bases_of_a_fresh_process() {
    let killed = hunt("killed::hunted_elsewhere", BASES, Duration::from_millis(5));
    assert!(killed["workers"] > 5 && killed["bases"] > 0, "{killed:?}");
}

fn some_sweeps(name: &str) {
    for _ in 0..3 {
        let report = Sweep::new().name(name).workers(3).run(forest::walk);
        forest::check(&report);
    }
}

#[test]
#[ignore = "run by `workers_and_bases_that_were_forked`"]
fn hunted_in_place() {
    some_sweeps("killed::hunted_in_place");
}

#[test]
#[ignore = "run by `workers_and_bases_of_a_fresh_process`"]
fn hunted_elsewhere() {
    // A third thread beside the runner's and the test's: too many to fork in place.
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let beside = std::env::var_os("FIRSTHIT_ROLE").is_none().then(|| std::thread::spawn(move || stopped.recv()));
    some_sweeps("killed::hunted_elsewhere");
    drop(stop);
    drop(beside.map(std::thread::JoinHandle::join));
}

/// The processes of this explorer are children of the test's own.
#[test]
fn processes_that_run_the_test_anew() {
    let mut command = again::command("killed::hunted_processes", 1);
    let mut game =
        command.args(["--exact", "--nocapture"]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut killed = 0;
    let begun = Instant::now();
    while game.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(60) {
        if let Some(pid) = children(game.id()).last() {
            killed += usize::from(kill(*pid, game.id()).unwrap_or(false));
        }
        // After a few kills one is let live: a recorder that is killed eight times in a row is told to fail.
        let rest = if killed % 4 == 3 { 250 } else { 7 };
        std::thread::sleep(Duration::from_millis(rest));
    }
    let output = game.wait_with_output().unwrap();
    assert!(output.status.success(), "{killed}: {}", String::from_utf8_lossy(&output.stdout));
    assert!(killed > 5, "{killed}");
}

#[test]
#[ignore = "run by `processes_that_run_the_test_anew`"]
fn hunted_processes() {
    let report = Sweep::new()
        .name("killed::hunted_processes")
        .explorer(Explorer::Process)
        .workers(2)
        .time_limit(Duration::from_secs(20))
        .run(forest::walk);
    forest::check(&report);
}
