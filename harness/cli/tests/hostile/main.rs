//! Hostile programs: what they do to their own process, the verdicts are exact.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

#[path = "../demo/mod.rs"]
mod demo;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;

const ROOT: &str = "[workspace]\nmembers = [\"hostile\", \"deep\", \"embedded\", \"makes\"]\nresolver = \"3\"\n\
    [profile.dev]\nopt-level = \"z\"\nstrip = true\n[profile.release]\nlto = \"thin\"\npanic = \"abort\"\n";
const HOSTILE: &str = "[package]\nname = \"hostile\"\nversion = \"0.1.0\"\nedition = \"2021\"\nbuild = \"build.rs\"\n\
    [dependencies]\ndeep = { path = \"../deep\" }\n";
const DEEP: &str = "[package]\nname = \"deep\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
const EMBEDDED: &str = "[package]\nname = \"embedded\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ntest = false\n";
const MAKES: &str = "[package]\nname = \"makes\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\nproc-macro = true\n";

/// Its files. Lines that the table refers to end with a name.
const FILES: [(&str, &str); 13] = [
    ("Cargo.toml", ROOT),
    ("hostile/Cargo.toml", HOSTILE),
    ("hostile/build.rs", include_str!("../demo/c_part.rs")),
    ("hostile/src/lib.rs", include_str!("sources/lib.rs")),
    ("hostile/src/awkward.c", include_str!("sources/awkward.c")),
    ("hostile/tests/it.rs", include_str!("sources/it.rs")),
    ("deep/Cargo.toml", DEEP),
    ("deep/src/lib.rs", include_str!("sources/deep.rs")),
    ("embedded/Cargo.toml", EMBEDDED),
    ("embedded/src/lib.rs", include_str!("sources/embedded.rs")),
    ("embedded/tests/arena.rs", include_str!("sources/arena.rs")),
    ("makes/Cargo.toml", MAKES),
    ("makes/src/lib.rs", include_str!("sources/makes.rs")),
];

static WORKSPACE: LazyLock<PathBuf> = LazyLock::new(|| demo::once("hostile", |folder| demo::write(folder, &FILES)));

/// A chain: its test, the line that asks, by its name if it has one, and the verdict.
type Found = BTreeSet<(String, String, String)>;

/// What comes of every chain but those of `differs_from_run_to_run`.
const EXPECTED: [(&str, &str, &str); 26] = [
    ("a_macros_own_test_asks", "names", "absorbed"),
    ("asks_when_the_process_ends", "ending", "absorbed"),
    ("asks_when_the_process_ends", "room-or-none", "absorbed"),
    ("goes_through_all_doors", "door-aligned-alloc", "absorbed"),
    ("goes_through_all_doors", "door-asprintf", "absorbed"),
    ("goes_through_all_doors", "door-calloc", "absorbed"),
    ("goes_through_all_doors", "door-fmemopen", "absorbed"),
    ("goes_through_all_doors", "door-getline", "absorbed"),
    ("goes_through_all_doors", "door-posix-memalign", "absorbed"),
    ("goes_through_all_doors", "door-realloc", "absorbed"),
    ("goes_through_all_doors", "door-reallocarray", "absorbed"),
    ("goes_through_all_doors", "door-strdup", "absorbed"),
    ("goes_through_all_doors", "door-strndup", "absorbed"),
    ("has_handlers", "room-or-none", "absorbed"),
    ("hides_a_crash", "unchecked", "crashed"),
    ("hides_an_abort", "push", "aborted"),
    ("iterates_in_any_order", "room-or-none", "absorbed"),
    ("jumps", "called-back", "absorbed"),
    ("jumps", "visiting", "absorbed"),
    ("jumps_and_loses", "called-back", "leaked"),
    ("jumps_and_loses", "visiting", "absorbed"),
    ("narrows_its_limits", "room-or-none", "absorbed"),
    ("one_prepares", "room", "recovered"),
    ("panics_with_a_text_that_takes_memory", "complains", "panicked"),
    ("reaches_into_a_dependency", "to-owned", "aborted"),
    ("reads_errno", "table", "recovered"),
];

fn swept(words: &[&str]) -> (Found, String, i32) {
    let words: Vec<&str> =
        ["test", "--workspace", "--timeout", "2", "--message-format", "json"].iter().chain(words).copied().collect();
    let (out, err, code) = demo::ended(&mut demo::firsthit(&WORKSPACE, &words));
    let found = out.lines().map(|line| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        let frames = value["chain"].as_array().unwrap();
        let by = frames.iter().find(|frame| frame["owner"] == "workspace").unwrap_or(&Value::Null);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&value["test"]["name"]), marked(&text(&by["file"]), &by["line"]), text(&value["verdict"]))
    });
    (found.collect(), err, code)
}

/// The name of a line, or its place.
fn marked(file: &str, line: &Value) -> String {
    let text = FILES.iter().find(|(path, _)| *path == file).map_or("", |(_, text)| *text);
    let line = line.as_u64().unwrap_or(0) as usize;
    let named = text.lines().nth(line.wrapping_sub(1)).and_then(|line| line.split_once("//~ "));
    named.map_or_else(|| format!("{file}:{line}"), |(_, name)| name.to_owned())
}

#[track_caller]
fn assert_expected(words: &[&str]) {
    let (mut found, err, code) = swept(words);
    // How many there are depends on the time. What becomes of them does not.
    let restless = found.extract_if(.., |(test, ..)| test == "differs_from_run_to_run");
    for (_, line, verdict) in restless {
        assert!(line == "room-or-none" && ["absorbed", "unreached"].contains(&&*verdict), "{verdict} at {line}\n{err}");
    }
    let expected: Found =
        EXPECTED.into_iter().map(|(test, line, verdict)| (test.into(), line.into(), verdict.into())).collect();
    assert_eq!(found, expected, "{err}");
    assert_eq!(code, 2, "{err}");
    // A program's own allocator that asks nobody, and what a thread asks for behind its own code, are told of, not passed over.
    let told = |test: &str| err.lines().any(|line| line.contains(test) && line.contains("no chain to fail"));
    assert!(told("has_memory_of_its_own") && told("asks_when_a_thread_ends"), "{err}");
}

#[test]
fn what_programs_do_to_their_process_changes_no_verdict() {
    assert_expected(&[]);
}

#[test]
fn nor_does_an_optimised_build() {
    assert_expected(&["--release"]);
}

#[test]
fn a_test_that_relies_on_another_fails_by_itself() {
    let (found, err, code) = swept(&["--ignored", "one_relies_on_another"]);
    assert_eq!((found, code), (Found::new(), 4), "{err}");
    assert!(err.contains("the other one has not run"), "{err}");
}
