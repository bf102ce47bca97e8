//! An annotated crate with plain tests: the recovery arms that ran because of a failure are known, and counted.

mod demo;

use serde_json::Value;

const LIBRARY: &str = r#"
use std::collections::TryReserveError;

#[cfg_attr(test, firsthit::instrument)]
pub fn add(words: &mut Vec<String>, word: &str) -> Result<(), TryReserveError> {
    let mut own = String::new();
    own.try_reserve_exact(word.len())?;
    own.push_str(word);
    words.try_reserve(1)?;
    words.push(own);
    Ok(())
}

#[cfg_attr(test, firsthit::instrument)]
pub fn usual(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.len(),
        Err(_) => 7,
    }
}

#[cfg_attr(test, firsthit::instrument)]
pub fn uncalled(words: &mut Vec<String>) -> Result<(), TryReserveError> {
    add(words, "x")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn adds() {
        assert_eq!(super::usual(b"\xff"), 7);
        let mut words = Vec::new();
        let added = super::add(&mut words, "one");
        // An arm that runs behind the failure, and without one, too: it deals with none.
        assert_eq!(super::usual(b"\xff"), 7);
        added.unwrap();
    }
}
"#;

/// The arms of the document, as function, state and how often each ended well.
fn arms(document: &Value) -> Vec<(String, String, u64)> {
    let arms = document["arms"].as_array().unwrap().iter().filter(|arm| arm["is_site"] == false);
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    arms.map(|arm| (word(&arm["function"]), word(&arm["state"]), arm["verdicts"]["recovered"].as_u64().unwrap_or(0)))
        .collect()
}

#[test]
#[ignore = "builds firsthit as a user's dependency: .ci/run runs it"]
fn arms_that_ran_because_of_a_failure_are_tested_and_others_are_not() {
    let folder = demo::folder("annotated");
    let firsthit = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let manifest = format!(
        "[package]\nname = \"annotated\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n\
         [dev-dependencies]\nfirsthit = {{ path = {firsthit:?} }}\n"
    );
    demo::write(&folder, &[("Cargo.toml", &manifest), ("src/lib.rs", LIBRARY)]);
    let words = ["test", "--report", "json=report.json", "--report", "lcov=report.info", "--fail-under", "51"];
    let (out, err, code) = demo::ended(&mut demo::firsthit(&folder, &words));
    assert_eq!(code, 6, "{out}{err}");
    assert!(err.contains("recovery coverage is 50.00 % (2 of 4 recovery arms), and 51 % is asked for"), "{err}");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("report.json")).unwrap()).unwrap();
    let arm = |function: &str, state: &str, well| (format!("annotated::{function}"), state.to_owned(), well);
    assert_eq!(
        arms(&document),
        [
            arm("add", "tested", 1),
            arm("add", "tested", 1),
            arm("usual", "ran only without an injected failure", 0),
            arm("uncalled", "never reached", 0),
        ]
    );
    let ran: Vec<usize> =
        document["chains"].as_array().unwrap().iter().map(|chain| chain["arms"].as_array().unwrap().len()).collect();
    assert_eq!(ran, [1, 1]);
    let info = std::fs::read_to_string(folder.join("report.info")).unwrap();
    assert!(info.contains("BRDA:7,0,0,1\nBRDA:7,1,0,1\n"), "{info}");
    assert_eq!(info.lines().filter(|line| line.starts_with("BRDA:")).count(), 6, "{info}");
    // The same again, with nothing that was counted before.
    let (_, err, code) = demo::ended(&mut demo::firsthit(&folder, &["report", "--fail-under", "50"]));
    assert_eq!(code, 0, "{err}");
}
