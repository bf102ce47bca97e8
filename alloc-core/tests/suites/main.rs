//! The whole test suites of published crates, on a machine as their global allocator: with memory, with little, and with each of
//! several requests failed. Every test runs in a process of its own, at whose end the machine is audited.
//!
//! The sources are those of the registry, as `Cargo.lock` pins them; what is added is one line that links the allocator.
#![cfg(all(feature = "std", target_os = "linux"))]

mod built;
mod ended;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use built::{Suite, Test};
use ended::{How, run};

/// How many requests of a test are failed, each in a process of its own.
const FAILED: u64 = 6;

/// Pages that the machine keeps free for the urgent.
const RESERVE: u64 = 256;

/// Runs `body` for each of `count` numbers, on two threads.
fn each(count: usize, body: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(number) = Some(next.fetch_add(1, Relaxed)).filter(|number| *number < count) {
            body(number);
        }
    };
    std::thread::scope(|scope| [scope.spawn(work), scope.spawn(work)].map(|thread| thread.join().unwrap()));
}

/// Counts how tests ended.
#[derive(Default, Debug)]
struct Counts {
    passed: usize,
    panicked: usize,
    out_of_memory: usize,
}

fn suite(name: &str, dependencies: &str, features: &str, least: usize) {
    let suite = Suite::built(name, dependencies, features);
    assert!(suite.tests.len() >= least, "only {} tests of {name}", suite.tests.len());
    let (plenty, scarce, faults) = (Mutex::default(), Mutex::default(), Mutex::default());
    let wrong = Mutex::new(Vec::new());
    let try_one = |counts: &Mutex<Counts>, test: &Test, setting: &[(&str, u64)], may_fail: bool| {
        let ended = run(test, setting);
        let mut counts = counts.lock().unwrap();
        match &ended.how {
            How::Passed => counts.passed += 1,
            How::Panicked if may_fail => counts.panicked += 1,
            How::OutOfMemory if may_fail => counts.out_of_memory += 1,
            _ => wrong.lock().unwrap().push(format!("{} with {setting:?}: {ended}", test.name)),
        }
        if ended.found != "whole" {
            wrong.lock().unwrap().push(format!("{} with {setting:?}: the audit: {ended}", test.name));
        }
        ended
    };
    each(suite.tests.len(), |number| {
        let test = &suite.tests[number];
        let ended = try_one(&plenty, test, &[], false);
        try_one(&plenty, test, &[("SUITE_GUARDS", 1)], false);
        for pages in [0, RESERVE + 2, RESERVE + 12] {
            try_one(&scarce, test, &[("SUITE_LEAVES", pages)], true);
        }
        for part in 0..FAILED.min(ended.requests) {
            try_one(&faults, test, &[("SUITE_FAILS", 1 + part * ended.requests / FAILED)], true);
        }
    });
    let (plenty, scarce, faults) =
        (plenty.into_inner().unwrap(), scarce.into_inner().unwrap(), faults.into_inner().unwrap());
    println!("{name}: {} tests", suite.tests.len());
    println!(
        "  with memory, and with guards: {plenty:?}\n  with little: {scarce:?}\n  with a failed request: {faults:?}"
    );
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of them: {:#?}", wrong.len(), &wrong[..wrong.len().min(10)]);
    // What is to be seen of it: that there is too little, and that requests fail.
    assert!(scarce.out_of_memory + scarce.panicked > 0 && faults.out_of_memory + faults.panicked > 0);
}

#[test]
#[ignore = "builds crates of the registry"]
fn row_056_the_suite_of_hashbrown_passes_and_ends_cleanly_without_memory() {
    let dependencies = "allocator-api2 = { version = \"0.2\", default-features = false, features = [\"alloc\"], optional = true }\n\
         equivalent = { version = \"1\", default-features = false, optional = true }\n\
         foldhash = { version = \"0.2\", default-features = false, optional = true }\n\
         [dev-dependencies]\nrand = { version = \"0.9\", default-features = false, features = [\"small_rng\"] }\nlibc = \"0.2\"\n";
    let features = "default = [\"default-hasher\", \"inline-more\", \"allocator-api2\", \"equivalent\", \"raw-entry\"]\n\
         default-hasher = [\"dep:foldhash\"]\ninline-more = []\nraw-entry = []\nnightly = []\n";
    suite("hashbrown", dependencies, features, 100);
}

#[test]
#[ignore = "builds crates of the registry"]
fn row_056_the_suite_of_smallvec_passes_and_ends_cleanly_without_memory() {
    suite("smallvec", "[dev-dependencies]\n", "const_generics = []\nunion = []\nwrite = []\n", 60);
}

#[test]
#[ignore = "builds a crate"]
fn the_audit_finds_the_damage_that_a_test_leaves() {
    let suite = Suite::seeded("seeded", include_str!("seeded.rs"));
    let found = |name: &str| {
        let test = suite.tests.iter().find(|test| test.name == format!("tests::{name}")).unwrap();
        run(test, &[("SUITE_GUARDS", 1)]).found
    };
    assert_eq!(found("healthy"), "whole");
    assert_eq!(found("frees_twice"), "frees were refused");
    let behind = found("writes_behind");
    assert!(behind.contains("behind the object"), "{behind}");
}
