//! The workspace that these tests sweep: code whose behaviour behind each failure is known, and its one instrumented build.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::demo;

/// What cargo is told of it. The release profile is optimized over all crates; `parallel` builds with less work for each test.
const ROOT: &str = "[workspace]\nmembers = [\"seeded\", \"counted\"]\nresolver = \"3\"\n\
    [profile.release]\nlto = \"fat\"\ncodegen-units = 1\n";
const SEEDED: &str = "[package]\nname = \"seeded\"\nversion = \"0.1.0\"\nedition = \"2021\"\nbuild = \"build.rs\"\n\
    [[test]]\nname = \"plain\"\nharness = false\n";
const COUNTED: &str = "[package]\nname = \"counted\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
    [dependencies]\nseeded = { path = \"../seeded\" }\n";

/// The crate's files: they are Rust and C as anybody writes them, and lines end with the names that tables refer to.
pub(crate) const FILES: [(&str, &str); 9] = [
    ("Cargo.toml", ROOT),
    ("seeded/Cargo.toml", SEEDED),
    ("seeded/build.rs", include_str!("sources/build.rs")),
    ("seeded/src/sum.c", include_str!("sources/sum.c")),
    ("seeded/src/lib.rs", include_str!("sources/lib.rs")),
    ("seeded/tests/it.rs", include_str!("sources/it.rs")),
    ("seeded/tests/plain.rs", include_str!("sources/plain.rs")),
    ("counted/Cargo.toml", COUNTED),
    ("counted/src/lib.rs", include_str!("sources/counted.rs")),
];

/// The workspace, which all tests here share; each run has a folder of its own for what it keeps.
pub(crate) static WORKSPACE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = demo::folder("ends");
    demo::write(&folder, &FILES);
    let (_, err, code) = demo::ended(&mut demo::firsthit(&folder, &["list", "--workspace", "-q"]));
    assert_eq!(code, 0, "{err}");
    folder
});

/// A copy of the workspace with its build, for a test that changes one of them or keeps results of its own.
pub(crate) fn copy(name: &str) -> PathBuf {
    let folder = demo::folder(name);
    fs::remove_dir(&folder).unwrap();
    let copied = std::process::Command::new("cp").arg("-a").args([&*WORKSPACE, &folder]).status();
    assert!(copied.unwrap().success());
    let kept = folder.join("target/firsthit");
    let _ = fs::remove_dir_all(kept.join("run"));
    for file in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
        let _ = fs::remove_file(kept.join(file));
    }
    folder
}

/// The lines that end with a mark, by `file:line`.
pub(crate) fn marks() -> BTreeMap<String, String> {
    let lines = FILES.iter().flat_map(|(path, text)| {
        let marked = |(number, line): (usize, &str)| {
            let (_, mark) = line.split_once("//~ ")?;
            Some((format!("{path}:{}", number + 1), mark.to_owned()))
        };
        text.lines().enumerate().filter_map(marked).collect::<Vec<_>>()
    });
    lines.collect()
}

/// Where the ledger lies.
pub(crate) fn ledger(folder: &Path) -> PathBuf {
    folder.join("target/firsthit/ledger.sqlite")
}
