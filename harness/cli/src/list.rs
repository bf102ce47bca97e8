//! `list`: the tests that would be swept, for people and for programs.

use serde_json::{Value, json};

use crate::build::program::Program;
use crate::build::refusal;
use crate::test_id::TestId;

/// One line for each test, and a note on what cannot be swept.
pub(crate) fn text(programs: &[Program]) -> String {
    let mut text = String::new();
    for program in programs {
        let refused = refusal::check(&program.path).is_err();
        for test in &program.tests {
            let id = TestId { binary: program.binary.clone(), name: test.name.clone() };
            let notes = [(test.ignored, " (ignored)"), (refused, " (cannot be swept)")];
            let notes: String = notes.into_iter().filter(|(given, _)| *given).map(|(_, note)| note).collect();
            text.push_str(&format!("{id}{notes}\n"));
        }
    }
    text
}

/// What is to be said beside the list: how many, of `all` that were built, what cannot be swept and why, and what never is.
pub(crate) fn notes(programs: &[Program], all: usize, doctests: bool) -> Vec<String> {
    let tests: usize = programs.iter().map(|program| program.tests.len()).sum();
    let plural = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let binaries = plural(programs.len(), "binary", "binaries");
    let mut notes = vec![format!("{} in {binaries}", plural(tests, "test", "tests"))];
    if all > tests {
        notes.push(format!("{} ignored or filtered out", plural(all - tests, "other is", "others are")));
    }
    for program in programs {
        if let Err(why) = refusal::check(&program.path) {
            notes.push(format!("{} cannot be swept: {why}", program.binary));
        }
    }
    if doctests {
        notes.push("doctests are not swept".to_owned());
    }
    notes
}

/// Everything that is needed to run each test: one object.
pub(crate) fn json(programs: &[Program], doctests: bool) -> Value {
    let binaries: Vec<Value> = programs.iter().map(binary).collect();
    json!({ "binaries": binaries, "doctests": if doctests { "not swept" } else { "none" } })
}

fn binary(program: &Program) -> Value {
    let variables = program.environment.iter();
    let environment: serde_json::Map<String, Value> = variables
        .map(|(name, value)| {
            let value = value.as_ref().map(|value| value.to_string_lossy());
            (name.to_string_lossy().into_owned(), json!(value))
        })
        .collect();
    let tests: Vec<Value> = program
        .tests
        .iter()
        .map(|test| {
            let arguments = program.arguments(test, &[]);
            let arguments: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
            json!({ "name": test.name, "ignored": test.ignored, "arguments": arguments })
        })
        .collect();
    json!({
        "binary": program.binary,
        "path": program.path,
        "folder": program.folder,
        "harness": program.harness,
        "refused": refusal::check(&program.path).err().map(|why| why.to_string()),
        "environment": environment,
        "tests": tests,
    })
}
