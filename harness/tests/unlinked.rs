//! A library that no test names is not linked, and its recovery paths would be missing without a word.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::Command;

const MANIFEST: &str = r#"[package]
name = "un-named"
version = "0.0.0"
edition = "2024"
[dependencies]
firsthit = { path = "HARNESS" }
[workspace]
"#;

const LIBRARY: &str = r#"
pub fn declared() {
    firsthit::__function!(HERE, "declared", 1, [Question "x()?" 0 1 1 None, firsthit::__private::Excuse::None;]);
    HERE.reached(0);
}

#[cfg(any())]
#[firsthit::instrument]
fn annotated() {}
"#;

const TEST: &str = r#"
#[global_allocator]
static ALLOC: firsthit::Alloc = firsthit::Alloc::system();

#[test]
fn swept() {
    firsthit::sweep(|| Vec::<u8>::new().try_reserve_exact(std::hint::black_box(9)));
}
"#;

#[test]
#[ignore = "builds a crate and what it depends on: half a minute"]
fn a_library_that_no_test_names_is_missed() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("un-named");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::create_dir_all(folder.join("tests")).unwrap();
    fs::write(folder.join("Cargo.toml"), MANIFEST.replace("HARNESS", env!("CARGO_MANIFEST_DIR"))).unwrap();
    fs::write(folder.join("src/lib.rs"), LIBRARY).unwrap();
    fs::write(folder.join("tests/without.rs"), TEST).unwrap();
    fs::write(folder.join("tests/with.rs"), format!("extern crate un_named as _;\n{TEST}")).unwrap();
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let run = |test: &str| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["test", "--offline", "--test", test]).current_dir(&folder);
        command
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .env_remove("FIRSTHIT_COVERAGE_DIR")
            .env_remove("NEXTEST");
        let ran = command.output().unwrap();
        let printed = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{printed}");
        printed.into_owned()
    };
    let without = run("without");
    assert!(without.contains("src/lib.rs has annotated code, and none of the library `un_named`"), "{without}");
    assert!(without.contains("`extern crate un_named as _;`"), "{without}");
    assert!(!without.contains("recovery path"), "there is nothing to count: {without}");
    let with = run("with");
    assert!(!with.contains("extern crate"), "{with}");
    assert!(with.contains("firsthit: 0 of 1 recovery path tested (0%): 1 never reached"), "{with}");
    let left = fs::read_dir(folder.join("target/firsthit/coverage")).unwrap().count();
    assert_eq!(left, 1, "in cargo's own folder");
}
