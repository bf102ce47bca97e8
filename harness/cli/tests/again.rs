//! `replay`, `report`, `merge` and `explain` of a small crate that is swept once: as two shards, and as a whole.

mod demo;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

const FILES: [(&str, &str); 3] = [
    (
        "Cargo.toml",
        "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\ndescription = \"two\\nlines\"\n[workspace]\n\
         [features]\nextra = []\n",
    ),
    (
        "src/lib.rs",
        r#"
pub fn tries(count: usize) -> Result<Vec<u8>, std::collections::TryReserveError> {
    let mut made = Vec::new();
    made.try_reserve(count)?;
    Ok(made)
}
pub fn shortens(count: usize) -> usize {
    let mut made: Vec<u8> = Vec::new();
    if made.try_reserve(count).is_err() {
        println!("no memory for {count}");
        return 0;
    }
    made.capacity()
}
pub fn aborts(count: usize) -> usize {
    vec![1u8; count].len()
}
#[test]
fn recovers() {
    assert!(tries(100).unwrap().is_empty());
}
#[test]
#[cfg(feature = "extra")]
fn swallows() {
    assert!(shortens(100) >= 100);
}
#[test]
fn dies() {
    assert_eq!(aborts(100), 100);
}
"#,
    ),
    (
        "src/main.rs",
        "fn main() {\n    let words: Vec<String> = std::env::args().skip(1).collect();\n    \
         let code = if words != [\"a b\", \"c\"] { 9 } else { 2 * i32::from(small::tries(300).is_err()) };\n    \
         std::process::exit(code)\n}\n",
    ),
];

/// The crate, swept.
struct Small {
    folder: PathBuf,
    /// What the sweep of the whole printed.
    told: String,
}

/// What all tests here look at, and none changes: the sweep of the whole is the ledger's last run, and the last before it were of
/// two shards, whose results lie in `one` and `two`.
static SMALL: LazyLock<Small> = LazyLock::new(|| {
    let folder = demo::once("again", |folder| {
        demo::write(folder, &FILES);
        let sweep = |words: &[&str]| {
            let words = [&["test", "--lib", "-F", "extra"], words].concat();
            let (out, err, code) = demo::ended(&mut demo::firsthit(folder, &words));
            assert!([0, 2].contains(&code), "{words:?}: {code} {out}{err}");
            out
        };
        for (shard, name) in [("1/2", "one"), ("2/2", "two")] {
            sweep(&["--shard", shard]);
            results(folder, &folder.join(name));
        }
        fs::write(folder.join("told"), sweep(&[])).unwrap();
    });
    let told = fs::read_to_string(folder.join("told")).unwrap();
    Small { folder, told }
});

/// Copies ledger and run of the crate in `from` to a folder of their own.
fn results(from: &Path, to: &Path) {
    let from = from.join("target/firsthit");
    fs::create_dir_all(to.join("run")).unwrap();
    fs::copy(from.join("ledger.sqlite"), to.join("ledger.sqlite")).unwrap();
    for entry in fs::read_dir(from.join("run")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join("run").join(entry.file_name())).unwrap();
    }
}

fn ends(folder: &Path, words: &[&str]) -> (String, String, i32) {
    demo::ended(&mut demo::firsthit(folder, words))
}

/// The identity of the whole's chain with this verdict, as far as reports show it.
fn chain(verdict: &str) -> String {
    let list = fs::read_to_string(SMALL.folder.join(format!("target/firsthit/run/{verdict}.txt"))).unwrap();
    list[..12].to_owned()
}

fn has_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn a_replay_shows_the_whole_chain_and_ends_as_its_verdict_says() {
    let folder = &SMALL.folder;
    // The feature that the test needs is known from the run.
    let (out, err, code) = ends(folder, &["replay", "-q", &chain("swallowed")]);
    has_all(&out, &["swallowed: small swallows\n", "at <alloc::raw_vec::", "by small::shortens  src/lib.rs:9\n"]);
    has_all(&out, &["no memory for 100", "Replayed: swallowed, as recorded in this build.\n"]);
    assert_eq!(code, 2, "{err}");
    let (out, _, code) = ends(folder, &["replay", "-q", &chain("recovered")]);
    assert!(code == 0 && out.contains("Replayed: recovered, as recorded in this build."), "{out}");
    let (out, _, code) =
        ends(folder, &["replay", "-q", &chain("aborted"), "--deny", "aborted", "--message-format", "json"]);
    let outcome: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((outcome["verdict"].as_str(), code), (Some("aborted"), 2));
    // Nothing of it is a run.
    assert!(ends(folder, &["report", "--run", "4"]).1.contains("has 3, and 1 is the last"));
}

#[test]
fn a_test_of_another_package_is_replayed_from_any_folder_of_the_workspace() {
    let folder = demo::folder("again-packages");
    let manifest = "[package]\nname = \"outer\"\nversion = \"0.1.0\"\n[workspace]\nmembers = [\"inner\"]\n";
    let inner = FILES[0].1.replace("[workspace]\n", "");
    demo::write(&folder, &[("Cargo.toml", manifest), ("src/lib.rs", ""), ("inner/Cargo.toml", &inner)]);
    demo::write(&folder, &[("inner/src/lib.rs", FILES[1].1)]);
    let (out, err, code) = ends(&folder.join("inner"), &["test", "-q", "recovers"]);
    assert!(code == 0 && out.contains("1 recovered"), "{out}{err}");
    let list = fs::read_to_string(folder.join("target/firsthit/run/recovered.txt")).unwrap();
    let (out, err, code) = ends(&folder, &["replay", "-q", &list[..12]]);
    assert!(code == 0 && out.contains("Replayed: recovered, as recorded in this build."), "{out}{err}");
}

#[test]
fn a_chain_that_is_gone_is_told_with_those_that_are_near() {
    let folder = demo::folder("again-gone");
    let (tries, dies) = ("made.try_reserve(count)?;", "fn dies()");
    let changed = FILES[1].1.replace(tries, "made.try_reserve_exact(count)?;").replace(dies, "fn lives()");
    demo::write(&folder, &FILES);
    demo::write(&folder, &[("src/lib.rs", &changed)]);
    results(&SMALL.folder, &folder.join("target/firsthit"));
    let (out, err, code) = ends(&folder, &["replay", "-q", &chain("recovered")]);
    has_all(&err, &["of small recovers, recorded as recovered, was not met again: it is not there in this build"]);
    has_all(&err, &["in small::tries the test has now:\n  ", "  src/lib.rs:4  malloc of 100 bytes"]);
    assert_eq!((out.as_str(), code), ("", 5));
    let (_, err, code) = ends(&folder, &["replay", "-q", &chain("aborted")]);
    assert!(code == 5 && err.ends_with("the test small dies is not there any more\n"), "{err}");
    let (_, err, code) = ends(&folder, &["replay", "-q", "000000"]);
    assert!(code == 1 && err.contains("no chain in the ledger begins with 000000"), "{err}");
}

#[test]
fn a_program_is_replayed_with_its_arguments_in_its_folder() {
    let folder = demo::folder("again-run");
    demo::write(&folder, &FILES);
    assert_eq!(demo::ended(&mut demo::command("cargo", &folder, &["build", "-q"])).2, 0);
    let (out, err, code) = ends(&folder, &["run", "-q", "--", "target/debug/small", "a b", "c"]);
    assert!(code == 0 && out.contains("1 recovered"), "{out}{err}");
    let list = fs::read_to_string(folder.join("target/firsthit/run/recovered.txt")).unwrap();
    let (out, err, code) = ends(&folder.join("src"), &["replay", "-q", &list[..12]]);
    has_all(&out, &["malloc of 300 bytes", "it ended with status 2", "Replayed: recovered, as recorded"]);
    assert_eq!(code, 0, "{err}");
    fs::remove_file(folder.join("target/debug/small")).unwrap();
    let (_, err, code) = ends(&folder, &["replay", "-q", &list[..12]]);
    assert!(code == 1 && err.contains("there is no program"), "{err}");
}

#[test]
fn gdb_stops_where_the_failure_is_delivered() {
    if !Command::new("gdb").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return;
    }
    for (verdict, end) in [("swallowed", "no memory for 100"), ("aborted", "SIGABRT")] {
        let mut command = demo::firsthit(&SMALL.folder, &["replay", &chain(verdict), "--debugger", "gdb"]);
        command.env("DEBUGINFOD_URLS", "");
        let mut gdb = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        gdb.stdin.take().unwrap().write_all(b"continue\n").unwrap();
        let output = gdb.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        has_all(&text, &["hit Breakpoint 1", "in firsthit_fails", "in malloc", "small::", end]);
        assert!(output.status.success());
    }
}

/// Writes down what it is given, and starts the program as gdb would.
const FAKE: &str = r#"#!/bin/sh
env > "${0%/*}/environment"
while [ "$1" != --args ]; do
    case "$1" in "set exec-wrapper "*) wrapper="${1#set exec-wrapper }" ;; esac
    echo "$1" >> "${0%/*}/words"
    shift
done
shift
eval "exec $wrapper \"\$@\""
"#;

#[test]
fn the_failure_is_armed_for_the_program_alone_and_its_end_is_its_own() {
    let folder = demo::folder("again-gdb");
    demo::write(&folder, &[("gdb", FAKE)]);
    assert!(Command::new("chmod").arg("+x").arg(folder.join("gdb")).status().unwrap().success());
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    for (verdict, end) in [("swallowed", "exit status: 101"), ("aborted", "signal: 6 (SIGABRT)")] {
        let words = ["replay", &chain(verdict), "--debugger", "gdb"];
        let (out, err, code) = demo::ended(demo::firsthit(&SMALL.folder, &words).env("PATH", &path));
        assert!(code == 1 && err.contains(&format!("gdb ended badly: {end}")), "{out}{err}");
        assert_eq!(out.contains("no memory for 100"), verdict == "swallowed", "{out}{err}");
    }
    let environment = fs::read_to_string(folder.join("environment")).unwrap();
    assert!(environment.contains("CARGO_PKG_NAME=small"), "{environment}");
    assert!(!environment.contains("FIRSTHIT_PROGRAM=") && !environment.contains("firsthit_preload"), "{environment}");
    let words = fs::read_to_string(folder.join("words")).unwrap();
    has_all(&words, &["exec-wrapper env ", " FIRSTHIT_PROGRAM='one:0:0:", "break firsthit_fails\n"]);

    // Nothing but what builds.
    fs::remove_file(folder.join("gdb")).unwrap();
    for tool in ["cargo", "rustc"] {
        let path = std::env::var_os("PATH").unwrap();
        let found = std::env::split_paths(&path).map(|folder| folder.join(tool)).find(|path| path.is_file()).unwrap();
        std::os::unix::fs::symlink(found, folder.join(tool)).unwrap();
    }
    let words = ["replay", &chain("swallowed"), "--debugger", "gdb"];
    let (_, err, code) = demo::ended(demo::firsthit(&SMALL.folder, &words).env("PATH", &folder));
    assert!(code == 1 && err.contains("gdb is not installed"), "{err}");
}

#[test]
fn reports_and_merged_shards_tell_what_the_whole_told() {
    let Small { folder, told } = &*SMALL;
    has_all(told, &["3 chains of 3 tests failed once each: 1 recovered, 1 swallowed, 1 aborted"]);
    for words in [&["report"][..], &["report", "--run", "1"]] {
        let (out, err, code) = ends(folder, words);
        assert_eq!((&out, code), (told, 2), "{words:?}: {err}");
    }
    for shards in [["one", "two"], ["two", "one"]] {
        let (out, err, code) = ends(folder, &[&["merge", "-o", "merged"][..], &shards].concat());
        assert_eq!((&out, code), (told, 2), "{shards:?}: {err}");
    }
    // What is merged can be read as a run can.
    let (lines, _, code) = ends(folder, &["merge", "merged", "-o", "merged-again", "--message-format", "json", "-q"]);
    let of_whole = ends(folder, &["report", "--message-format", "json", "-q"]).0;
    assert_eq!((&lines, code, lines.lines().count()), (&of_whole, 2, 3));
}

#[test]
fn reports_for_programs_are_written_and_gates_say_with_which_code_it_ends() {
    let folder = &SMALL.folder;
    let (json, err, code) = ends(folder, &["report", "--format", "json"]);
    let value: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &value["counts"]["chains"], &value["counts"]["findings"]), (2, &3.into(), &1.into()), "{err}");
    assert_eq!(value["recovery"], serde_json::json!({ "counted": "call chains", "tested": 1, "all": 3 }));
    let (schema, _, code) = ends(folder, &["report", "--schema"]);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert!(code == 0 && jsonschema::is_valid(&schema, &value));
    let (out, err, code) = ends(folder, &["report", "--format", "sarif", "-o", "reports/new.sarif"]);
    assert!(out.is_empty() && code == 2 && folder.join("reports/new.sarif").is_file(), "{out}{err}");
    let (_, err, code) = ends(folder, &["report", "--format", "sarif", "-o", "Cargo.toml/x"]);
    assert!(code == 1 && err.contains("Cargo.toml/x") && err.contains("name another file"), "{err}");

    let baseline = folder.join("reports/baseline.json");
    fs::write(&baseline, &json).unwrap();
    let baseline = baseline.to_str().unwrap();
    let (_, err, code) = ends(folder, &["report", "--baseline", baseline]);
    assert!(code == 0 && err.contains("0 of 1 finding new against"), "{code} {err}");
    let (_, err, code) = ends(folder, &["report", "--baseline", baseline, "--fail-under", "33.34"]);
    assert!(code == 6 && err.contains("33.33 % (1 of 3 call chains), and 33.34 % is asked for"), "{code} {err}");
    assert_eq!(ends(folder, &["report", "--allow", "swallowed", "--fail-under", "33.33"]).2, 0);
    // What is worse than the bar stays.
    assert_eq!(ends(folder, &["report", "--fail-under", "100"]).2, 2);
    let none = value["causes"].as_array().unwrap().iter().filter(|cause| cause["level"] != "finding");
    let without = serde_json::json!({ "version": 1, "causes": none.collect::<Vec<_>>() }).to_string();
    fs::write(baseline, without).unwrap();
    let (_, err, code) = ends(folder, &["report", "--format", "markdown", "--baseline", baseline]);
    assert!(code == 2 && err.contains("new: swallowed: ") && err.contains("src/lib.rs:9"), "{code} {err}");
    let (_, err, code) = ends(folder, &["merge", "one", "two", "-o", "gated", "--baseline", "nothing.json"]);
    assert!(code == 1 && err.contains("nothing.json"), "{code} {err}");
    let merge = ["merge", "one", "two", "-o", "gated", "--report", "github=reports/merged", "--fail-under", "1"];
    assert_eq!(ends(folder, &merge).2, 2);
    assert!(fs::read_to_string(folder.join("reports/merged")).unwrap().starts_with("::error file=src/lib.rs,line=9,"));
}

#[test]
fn shards_that_are_missing_are_named_and_never_clean() {
    let folder = &SMALL.folder;
    let (_, err, code) = ends(folder, &["merge", "two", "-o", "half", "--allow", "swallowed,aborted"]);
    assert!(code == 1 && err.contains("shard 1/2 missing: merge its results, too"), "{code} {err}");
    let (_, err, code) = ends(folder, &["merge", "two", "nothing", "-o", "half"]);
    assert!(code == 1 && err.contains("there is no result in nothing"), "{err}");
    let (_, err, _) =
        ends(&demo::folder("again-never"), &["report", "--manifest-path", "../again/Cargo.toml", "--run", "9"]);
    assert!(err.contains("there is no run 9"), "{err}");
}

#[test]
fn findings_are_accepted_with_a_reason() {
    let folder = demo::folder("again-accept");
    demo::write(&folder, &FILES);
    let (_, err, code) = ends(&folder, &["report"]);
    assert!(code == 1 && err.contains("nothing was swept here yet"), "{err}");
    results(&SMALL.folder, &folder.join("target/firsthit"));
    let (out, err, code) = ends(&folder, &["report", "--accept", "known: issue 12"]);
    assert!(code == 0 && out.contains("1 expected (1 swallowed)") && err.contains("1 more"), "{out}{err}");
    let text = fs::read_to_string(folder.join(".config/firsthit-expectations.toml")).unwrap();
    has_all(&text, &["reason = \"known: issue 12\"", "# small::shortens at src/lib.rs:9"]);
    assert!(ends(&folder, &["report", "--accept", "once more"]).1.contains(": 0 more"));
}

#[test]
fn a_chain_is_explained_with_its_history() {
    let (out, err, code) = ends(&SMALL.folder, &["explain", &chain("swallowed")]);
    has_all(
        &out,
        &["by small::shortens  src/lib.rs:9\n", "Failed in 2 runs of 1 build.\nIt has always been swallowed.\n"],
    );
    has_all(&out, &["swallowed: a finding unless it is allowed", "What to do next: "]);
    assert_eq!(code, 0, "{err}");
}
