//! Depth 2: what recovery code asks for fails, too, once behind each first failure that leads to it.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

mod demo;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

const MANIFEST: &str = "[package]\nname = \"deep\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";

/// Lines that ask for memory end with the letter of what they ask for.
const LIBRARY: &str = r#"
pub mod second_failure;

pub type Given = Result<u64, std::collections::TryReserveError>;

#[inline(never)]
fn ask(count: usize) -> bool {
    let mut room: Vec<u8> = Vec::new();
    let is_there = room.try_reserve_exact(count).is_ok();
    std::hint::black_box(&room);
    is_there
}

pub fn tree() {
    let first = ask(3); //~ A
    let both = first && ask(4); //~ B
    if !both {
        let is_there = ask(6); //~ X
        if !is_there {
            ask(7); //~ V
        }
    }
    for _ in 0..if both { 0 } else { 2 } {
        ask(8); //~ Y
    }
    if !first {
        ask(9); //~ Z
    }
    let is_there = ask(5); //~ C
    if !is_there {
        ask(10); //~ W
    }
}
"#;

const TESTS: &str = r#"
#[test]
fn climbs() {
    deep::tree();
}

#[test]
fn makes_do() {
    assert_eq!(deep::second_failure::run(), Ok(6));
}
"#;

fn workspace(name: &str) -> PathBuf {
    let folder = demo::folder(name);
    let fixture = include_str!("../../../fixtures/src/buggy/second_failure.rs");
    let files =
        [("Cargo.toml", MANIFEST), ("src/lib.rs", LIBRARY), ("src/second_failure.rs", fixture), ("tests/it.rs", TESTS)];
    demo::write(&folder, &files);
    folder
}

/// A sweep with these words: what it told, its exit code, and its report.
fn swept(folder: &Path, words: &[&str]) -> (String, i32, Value) {
    let all = [&["test", "--report", "json=report.json"], words].concat();
    let (out, err, code) = demo::ended(&mut demo::firsthit(folder, &all));
    let report = serde_json::from_str(&fs::read_to_string(folder.join("report.json")).unwrap()).unwrap();
    (out + &err, code, report)
}

/// The letter of the line of `tree` that a chain runs through.
fn letter(chain: &Value) -> &'static str {
    let frames = chain.as_array().unwrap();
    let line =
        frames.iter().find(|frame| frame["function"] == "deep::tree").map(|frame| frame["line"].as_u64().unwrap());
    let line = LIBRARY.lines().nth(usize::try_from(line.unwrap()).unwrap() - 1).unwrap();
    line.split_once("//~ ").unwrap().1
}

/// What failed in each run with a failure, in letters; and how many chains came to something.
fn failures(report: &Value) -> Vec<String> {
    let chains = report["chains"].as_array().unwrap().iter();
    let of = |chain: &Value| {
        let first = chain.get("behind").map_or("", |first| letter(&first["chain"]));
        format!("{first}{}", letter(&chain["chain"]))
    };
    let mut failures: Vec<String> = chains.map(of).collect();
    failures.sort();
    failures
}

#[test]
fn each_pair_of_a_known_tree_fails_once_and_no_other() {
    let folder = workspace("deep-tree");
    let (told, code, report) = swept(&folder, &["climbs", "--depth", "2"]);
    assert_eq!(failures(&report), ["A", "AX", "AY", "AZ", "B", "BX", "BY", "C", "CW"], "{told}");
    assert_eq!(report["counts"]["verdicts"], json!({ "absorbed": 9 }), "{told}");
    let counts = json!({ "met": 6, "failed": 6, "unreached": 0, "left": 0 });
    assert_eq!((code, &report["counts"]["second_failures"]), (0, &counts), "{told}");
    assert!(told.contains("3 chains of 1 test failed once each and 6 pairs together: 9 absorbed"), "{told}");
    assert!(told.contains("depth 2: 6 of 6 chains that are met behind a failure failed there, too\n"), "{told}");

    let (told, _, report) = swept(&folder, &["climbs", "--depth", "2", "--pairs-max", "4"]);
    let counts = json!({ "met": 6, "failed": 4, "unreached": 0, "left": 2 });
    assert_eq!((failures(&report).len(), &report["counts"]["second_failures"]), (7, &counts), "{told}");
    assert!(told.contains("failed there, too, 2 left: more than --pairs-max"), "{told}");

    let (told, _, report) = swept(&folder, &["climbs"]);
    assert_eq!(failures(&report), ["A", "B", "C"], "{told}");
    assert_eq!((&report["counts"]["second_failures"], told.contains("depth 2")), (&Value::Null, false), "{told}");
}

#[test]
fn a_bug_that_only_a_second_failure_shows_is_found_confirmed_and_replayed_at_depth_2() {
    let folder = workspace("deep-fixture");
    let (told, code, _) = swept(&folder, &["makes_do"]);
    assert_eq!(code, 0, "{told}");
    let (told, code, report) = swept(&folder, &["makes_do", "--depth", "2"]);
    assert_eq!(code, 2, "{told}");
    let bad: Vec<&Value> =
        report["chains"].as_array().unwrap().iter().filter(|chain| chain["verdict"] == "panicked").collect();
    assert_eq!(bad.len(), 1, "{told}");
    assert_eq!(bad[0]["second_opinion"], json!({ "answer": "same" }), "{told}");
    assert!(told.contains("fails, through Vec::try_reserve_exact, behind another failure"), "{told}");
    assert!(told.contains("behind the failure of malloc of 64 bytes"), "{told}");
    let id = bad[0]["id"].as_str().unwrap();
    let (out, err, code) = demo::ended(&mut demo::firsthit(&folder, &["replay", id]));
    assert_eq!(code, 2, "{out}{err}");
    assert!(out.contains("Replayed: panicked, as recorded in this build."), "{out}{err}");
}
