//! Findings are failed once more in a fresh process, and told as unconfirmed where that does not show the same.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

mod demo;

use std::fs;
use std::path::Path;

use serde_json::Value;

const MANIFEST: &str = "[package]\nname = \"doubtful\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";

const LIBRARY: &str = r#"
/// Forgets the first block when there is no second one, if it is told to.
pub fn pair(bytes: usize, forgets: bool) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut one, mut other) = (Vec::new(), Vec::new());
    one.try_reserve_exact(bytes).ok()?;
    if other.try_reserve_exact(bytes).is_err() {
        if forgets {
            std::mem::forget(std::hint::black_box(one));
        }
        return None;
    }
    std::hint::black_box(Some((one, other)))
}

/// Says nothing of the failure, and gives another result.
pub fn count(bytes: usize) -> usize {
    let mut room: Vec<u8> = Vec::new();
    if room.try_reserve_exact(bytes).is_err() {
        return 0;
    }
    std::hint::black_box(&room);
    bytes
}
"#;

const TESTS: &str = r#"
use std::fs::read_link;

/// Whether this process was forked from one of the same program, as a sweep's runs are.
fn is_fork() -> bool {
    let parent = std::os::unix::process::parent_id();
    read_link(format!("/proc/{parent}/exe")).ok() == read_link("/proc/self/exe").ok()
}

#[test]
fn loses() {
    doubtful::pair(10, true);
}

#[test]
fn loses_in_a_fork() {
    let forgets = is_fork();
    doubtful::pair(20, forgets);
}

#[test]
fn is_met_in_a_fork() {
    if is_fork() {
        assert_eq!(doubtful::count(30), 30);
    }
}

#[test]
fn fails_but_in_a_fork() {
    assert!(is_fork());
    assert_eq!(doubtful::count(40), 40);
}
"#;

/// The sweep with these words: what it told, and the findings with their second opinions, by test.
fn swept(folder: &Path, words: &[&str]) -> (String, Value, Vec<(String, String, Value)>) {
    let all = [&["test", "--report", "json=report.json", "--report", "junit=report.xml"], words].concat();
    let (out, err, code) = demo::ended(&mut demo::firsthit(folder, &all));
    assert_eq!(code, 2, "{out}{err}");
    let document: Value = serde_json::from_str(&fs::read_to_string(folder.join("report.json")).unwrap()).unwrap();
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    let causes = document["causes"].as_array().unwrap().iter().filter(|cause| cause["level"] == "finding");
    let mut findings: Vec<_> = causes
        .map(|cause| {
            (word(&cause["chains"][0]["test"]["name"]), word(&cause["verdict"]), cause["second_opinion"].clone())
        })
        .collect();
    findings.sort_by(|one, other| one.0.cmp(&other.0));
    (out + &err, document["counts"]["second_opinions"].clone(), findings)
}

#[test]
fn what_a_fresh_process_does_not_show_is_told_as_unconfirmed_with_the_reason() {
    let folder = demo::folder("doubtful");
    demo::write(&folder, &[("Cargo.toml", MANIFEST), ("src/lib.rs", LIBRARY), ("tests/it.rs", TESTS)]);
    let (told, counts, findings) = swept(&folder, &[]);
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let tests: Vec<(&str, &str, &str)> = findings
        .iter()
        .map(|(test, verdict, opinion)| (test.as_str(), verdict.as_str(), opinion["answer"].as_str().unwrap()))
        .collect();
    assert_eq!(
        tests,
        [
            ("fails_but_in_a_fork", "swallowed", "not-asked"),
            ("is_met_in_a_fork", "swallowed", "unreached"),
            // The chain of the other test that loses memory at this line is one more of this finding.
            ("loses", "leaked", "same")
        ],
        "{told}"
    );
    assert_eq!(counts, serde_json::json!({ "confirmed": 1, "unconfirmed": 2, "not_asked": 0 }));
    assert!(told.contains("3 findings: 1 confirmed in a fresh process, 2 unconfirmed"), "{told}");
    assert!(told.contains("through Vec::try_reserve_exact (unconfirmed)"), "{told}");
    assert!(
        told.contains("unconfirmed: there is no second opinion: in a fresh process the test fails without"),
        "{told}"
    );

    // Asked about every chain, the other one of the finding is not confirmed.
    let (told, counts, _) = swept(&folder, &["--confirm", "all"]);
    let document: Value = serde_json::from_str(&fs::read_to_string(folder.join("report.json")).unwrap()).unwrap();
    let chains = document["chains"].as_array().unwrap().iter().filter(|chain| chain["level"] == "finding");
    let mut answers: Vec<(String, String)> = chains
        .map(|chain| {
            let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let opinion = &chain["second_opinion"];
            (word(&chain["test"]["name"]), word(&opinion["answer"]) + &word(&opinion["verdict"]))
        })
        .collect();
    answers.sort();
    let answer = |test: &str, answer: &str| (test.to_owned(), answer.to_owned());
    assert_eq!(
        answers,
        [
            answer("fails_but_in_a_fork", "not-asked"),
            answer("is_met_in_a_fork", "unreached"),
            answer("loses", "same"),
            answer("loses_in_a_fork", "otherabsorbed"),
        ],
        "{told}"
    );
    assert_eq!(counts, serde_json::json!({ "confirmed": 1, "unconfirmed": 2, "not_asked": 0 }));
    let junit = fs::read_to_string(folder.join("report.xml")).unwrap();
    for why in ["in a fresh process the same failure ended as absorbed", "fresh processes did not reach this chain"] {
        assert!(junit.contains(&format!("unconfirmed: {why}")), "{why}: {junit}");
    }

    let (told, counts, findings) = swept(&folder, &["--confirm", "none"]);
    assert!(findings.iter().all(|(_, _, opinion)| opinion.is_null()) && !told.contains("confirmed"), "{told}");
    assert_eq!(counts, serde_json::json!({ "confirmed": 0, "unconfirmed": 0, "not_asked": 3 }));
}
