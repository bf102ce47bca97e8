//! The command as a user meets it where nothing is built: exit codes, `init`, `clean`, `explain`, `run`'s refusals.

mod demo;

use std::fs;
use std::path::Path;

fn ends(folder: &Path, words: &[&str]) -> (String, String, i32) {
    demo::ended(&mut demo::firsthit(folder, words))
}

fn package(name: &str) -> std::path::PathBuf {
    let folder = demo::folder(name);
    let manifest = "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    demo::write(&folder, &[("Cargo.toml", manifest), ("src/lib.rs", ""), ("inner/deep/.keep", "")]);
    folder
}

#[test]
fn help_and_version_are_clean_and_a_wrong_command_line_is_usage() {
    let folder = demo::folder("help");
    for words in [&["--help"][..], &["firsthit", "test", "--help"], &["--version"], &["list", "-h"]] {
        let (out, err, code) = ends(&folder, words);
        assert!(code == 0 && err.is_empty() && !out.is_empty(), "{words:?}: {err}");
    }
    for words in [&[][..], &["firsthit"], &["nothing"], &["test", "--shard", "4/3"], &["run"], &["explain", "fine"]] {
        let (out, err, code) = ends(&folder, words);
        assert!(code == 1 && out.is_empty() && !err.is_empty(), "{words:?}: {code} {err}");
    }
    assert!(ends(&folder, &["--help"]).0.lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn the_configuration_is_written_once_and_its_mistakes_are_named_by_line() {
    let folder = package("init");
    let inner = folder.join("inner/deep");
    let (out, err, code) = ends(&inner, &["init"]);
    assert!(code == 0 && out.trim_end().ends_with("init/.config/firsthit.toml"), "{out}{err}");
    assert_eq!(ends(&inner, &["init"]).2, 1);
    assert_eq!(ends(&inner, &["init", "--force", "-q"]), (String::new(), String::new(), 0));
    fs::write(folder.join(".config/firsthit.toml"), "jobs = 2\ntime-out = 3\n").unwrap();
    let (_, err, code) = ends(&inner, &["test"]);
    assert!(code == 1 && err.contains("firsthit.toml:2") && err.contains("`timeout`"), "{err}");
}

#[test]
fn clean_says_what_it_has_removed() {
    let folder = package("clean");
    demo::write(
        &folder,
        &[("target/firsthit/ledger.sqlite", "x"), ("target/firsthit/build/y", "y"), ("target/debug/z", "z")],
    );
    let (out, ..) = ends(&folder, &["clean", "--keep-ledger"]);
    assert!(out.contains("target/firsthit/build, ") && folder.join("target/firsthit/ledger.sqlite").exists(), "{out}");
    let (out, _, code) = demo::ended(demo::firsthit(&folder, &["clean"]).env("CARGO_TARGET_DIR", "elsewhere"));
    assert!(code == 0 && out.contains("nothing to remove in ") && out.contains("elsewhere/firsthit"), "{out}");
    assert_eq!(ends(&folder, &["clean", "-q"]), (String::new(), String::new(), 0));
    assert!(!folder.join("target/firsthit").exists() && folder.join("target/debug/z").exists());
}

#[test]
fn words_of_reports_are_explained_anywhere() {
    let folder = demo::folder("explain");
    let (out, _, code) = ends(&folder, &["explain", "leaked"]);
    assert!(code == 0 && out.contains("Box::into_raw") && out.contains("What to do next: Release"), "{out}");
    assert!(ends(&folder, &["explain", "exit-codes"]).0.contains("\n70  a bug of firsthit"));
    assert!(ends(&folder, &["completions", "bash"]).0.contains("complete -F"));
}

#[test]
fn a_reader_who_has_gone_is_no_trouble() {
    let folder = demo::folder("gone");
    let line = format!("{} completions zsh | true; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_cargo-firsthit"));
    for _ in 0..5 {
        let (_, err, code) = demo::ended(&mut demo::command("bash", &folder, &["-c", &line]));
        assert_eq!((err.as_str(), code), ("", 0));
    }
}

#[test]
fn programs_that_nothing_can_be_preloaded_into_are_refused_with_the_cure() {
    let folder = demo::folder("refused");
    let script = folder.join("script");
    let text = folder.join("text");
    fs::write(&script, "#!/usr/bin/env python3\n").unwrap();
    fs::write(&text, "no program\n").unwrap();
    let refused = |path: &Path| ends(&folder, &["run", "--", path.to_str().unwrap()]);
    assert!(refused(&text).1.contains("not executable: `chmod +x`"));
    for path in [&script, &text] {
        assert!(std::process::Command::new("chmod").arg("+x").arg(path).status().unwrap().success());
    }
    assert!(refused(&script).1.contains("cargo firsthit run -- /usr/bin/env python3 SCRIPT"));
    let (_, err, code) = refused(&text);
    assert!(code == 1 && err.contains("no ELF file"), "{err}");
    assert!(refused(&folder.join("nothing")).1.contains("there is no program"));
}

#[test]
fn where_no_project_is_it_says_so() {
    // Not in the target folder, which lies in a project.
    let folder = tempfile::tempdir().unwrap();
    let (_, err, code) = ends(folder.path(), &["test"]);
    assert!(code == 1 && err.contains("could not find `Cargo.toml`"), "{err}");
}

#[test]
fn crates_that_nothing_uses_are_refused() {
    let folder = package("crates");
    let (_, err, code) = ends(&folder, &["test", "--crates", "small,smal", "--offline"]);
    assert!(code == 1 && err.contains("no crate \"smal\"") && err.contains("cargo tree"), "{err}");
}
