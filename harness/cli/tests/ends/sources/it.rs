//! A test for each behaviour.

use std::collections::TryReserveError;
use std::process::Command;

#[test]
fn unwraps() {
    seeded::room(10).unwrap();
}

#[test]
fn gives_an_error() -> Result<(), TryReserveError> {
    seeded::room(10).map(drop)
}

#[test]
fn goes_on() {
    seeded::room_or_none(10);
}

#[test]
fn compares() {
    assert_eq!(seeded::sum(&[1, 2]), 3);
}

#[test]
fn pushes() {
    assert_eq!(seeded::pushed(1), [1]);
}

#[test]
fn formats() {
    assert_eq!(seeded::text(1), "number 1");
}

#[test]
fn demands() {
    seeded::demanded(10);
}

#[test]
fn demands_elsewhere() {
    std::thread::spawn(|| drop(seeded::demanded(10))).join().unwrap();
}

#[test]
fn goes_on_elsewhere() {
    std::thread::spawn(|| drop(seeded::room_or_none(10))).join().unwrap();
}

#[test]
fn waits() {
    seeded::waiting(10);
}

#[test]
fn many() {
    seeded::many();
}

#[test]
fn is_patient() {
    seeded::patient(10);
}

#[test]
fn loses_memory() {
    seeded::pair(10);
}

#[test]
fn loses_a_file() {
    seeded::read(c"/dev/null");
}

#[test]
fn c_checks() {
    assert_ne!(seeded::c_checked(10), 0);
}

#[test]
fn c_crashes() {
    seeded::c_unchecked(10);
}

#[test]
fn c_corrupts() {
    seeded::c_twice(10);
}

#[test]
fn c_uses_what_it_freed() {
    seeded::c_after(10);
}

#[test]
#[should_panic(expected = "on purpose")]
fn should_panic() {
    seeded::room(10).unwrap();
    panic!("on purpose");
}

#[test]
#[ignore]
fn ignored() {
    seeded::room(10).unwrap();
}

#[test]
fn prints_a_lot() {
    for line in 0..20_000 {
        println!("line {line} of many, each of them of some length, on standard output");
        eprintln!("line {line} of many, each of them of some length, on standard error");
    }
    seeded::room(10).unwrap();
}

#[test]
fn changes_folder_and_environment() {
    std::env::set_current_dir("/").unwrap();
    for number in 0..100 {
        std::env::set_var(format!("VARIABLE_{number}"), "value");
    }
    std::env::remove_var("PATH");
    seeded::room_or_none(10);
}

#[test]
fn starts_programs() {
    let mine = Command::new("sh").args(["-c", "echo \"$LD_PRELOAD$FIRSTHIT_PROGRAM\""]).output().unwrap();
    assert_eq!(mine.stdout, b"\n");
    let this = std::env::current_exe().unwrap();
    assert!(Command::new(this).args(["--exact", "goes_on"]).output().unwrap().status.success());
    seeded::room_or_none(10);
}

#[test]
#[ignore]
fn endless() {
    loop {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

extern "C" {
    fn fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
}

#[test]
fn forks() {
    // SAFETY: the fork does nothing but allocate and end.
    let child = unsafe { fork() };
    if child == 0 {
        let made = seeded::room(20).is_ok() && seeded::pushed(1) == [1];
        std::process::exit(if made { 7 } else { 8 });
    }
    let mut status = 0;
    // SAFETY: a place for the status.
    unsafe { waitpid(child, &mut status, 0) };
    assert_eq!(status, 7 << 8);
    seeded::room_or_none(10);
}

#[test]
fn exits() {
    std::process::exit(if seeded::room(10).is_ok() { 0 } else { 3 });
}

#[test]
fn meets_a_chain_once() {
    // The runs of a sweep have one parent: known by its number, and by when it began.
    let parent = std::os::unix::process::parent_id();
    let stat = std::fs::read_to_string(format!("/proc/{parent}/stat")).unwrap();
    let began = stat.rsplit(") ").next().unwrap().split(' ').nth(19).unwrap();
    let mark = format!("{}/met-{parent}-{began}", env!("CARGO_TARGET_TMPDIR"));
    if std::fs::File::create_new(mark).is_ok() {
        seeded::room_or_none(10);
    }
    seeded::patient(10);
}
