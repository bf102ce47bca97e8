//! A sweep by the command: where it keeps what it finds, and what it found.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;

use crate::demo;
use crate::seeded::WORKSPACE;

/// A target folder with the shared build and with results of its own.
pub(crate) struct Place {
    pub(crate) workspace: PathBuf,
    pub(crate) target: PathBuf,
}

/// Test and identity of a chain.
pub(crate) type Key = (String, String);

/// What came of a chain: its verdict, the function that was asked, and the workspace's innermost line.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Found {
    pub(crate) verdict: String,
    pub(crate) asked: String,
    pub(crate) line: String,
}

/// A sweep that has ended.
#[derive(Debug)]
pub(crate) struct Sweep {
    pub(crate) found: BTreeMap<Key, Found>,
    pub(crate) err: String,
    pub(crate) code: i32,
}

impl Place {
    pub(crate) fn new(name: &str) -> Place {
        let target = demo::folder(name);
        std::fs::create_dir(target.join("firsthit")).unwrap();
        symlink(WORKSPACE.join("target/firsthit/build"), target.join("firsthit/build")).unwrap();
        Place { workspace: WORKSPACE.clone(), target }
    }

    /// `cargo firsthit test` with these words.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let words: Vec<&str> = ["test"].iter().chain(words).copied().collect();
        let mut command = demo::firsthit(&self.workspace, &words);
        command.env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// The same, to its end.
    pub(crate) fn sweep(&self, words: &[&str]) -> Sweep {
        let (out, err, code) = demo::ended(self.command(words).args(["--message-format", "json"]));
        Sweep { found: read(&out), err, code }
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.target.join("firsthit/ledger.sqlite")
    }

    /// What the folder of the last run has.
    pub(crate) fn kept(&self) -> BTreeMap<Key, Found> {
        kept(&self.target)
    }
}

/// How each test of the last run ended, and how many of its chains were to be failed.
pub(crate) fn kept_tests(target: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(target.join("firsthit/run/swept.jsonl")).unwrap();
    let test = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap();
        let (test, ended, planned) = (&value["test"], &value["ended"], &value["chains"]["planned"]);
        (format!("{} {}", test["binary"], test["name"]), format!("{ended} {planned}"))
    };
    // Of several lines the last one counts.
    text.lines().map(test).collect()
}

/// What the folder of the last run in this target folder has.
pub(crate) fn kept(target: &Path) -> BTreeMap<Key, Found> {
    read(&std::fs::read_to_string(target.join("firsthit/run/outcomes.jsonl")).unwrap())
}

fn read(lines: &str) -> BTreeMap<Key, Found> {
    lines.lines().map(|line| outcome(&serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))).collect()
}

fn outcome(value: &Value) -> (Key, Found) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let frames = value["chain"].as_array().unwrap();
    let by = frames.iter().find(|frame| frame["owner"] == "workspace").unwrap_or(&Value::Null);
    let test = format!("{} {}", text(&value["test"]["binary"]), text(&value["test"]["name"]));
    let found = Found {
        verdict: text(&value["verdict"]),
        asked: text(&value["asked"]["function"]),
        line: format!("{}:{}", text(&by["file"]), by["line"]),
    };
    ((test.trim().to_owned(), text(&value["id"])), found)
}

/// Fails if the ledger is damaged.
#[track_caller]
pub(crate) fn assert_sound(place: &Place) {
    let ledger = Connection::open(place.ledger()).unwrap();
    let words: String = ledger.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(words, "ok");
}
