//! The workspace that these tests sweep: code whose behaviour behind each failure is known, and its one instrumented build.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::demo;

const ROOT: &str = "[workspace]\nmembers = [\"seeded\", \"counted\"]\nresolver = \"3\"\n\
    [profile.release]\nlto = \"fat\"\ncodegen-units = 1\n";
const SEEDED: &str = "[package]\nname = \"seeded\"\nversion = \"0.1.0\"\nedition = \"2021\"\nbuild = \"build.rs\"\n\
    [[test]]\nname = \"plain\"\nharness = false\n";
const COUNTED: &str = "[package]\nname = \"counted\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\
    [dependencies]\nseeded = { path = \"../seeded\" }\n";

/// Its files. Lines that tables refer to end with a name.
pub(crate) const FILES: [(&str, &str); 9] = [
    ("Cargo.toml", ROOT),
    ("seeded/Cargo.toml", SEEDED),
    ("seeded/build.rs", include_str!("../demo/c_part.rs")),
    ("seeded/src/sum.c", include_str!("sources/sum.c")),
    ("seeded/src/lib.rs", include_str!("sources/lib.rs")),
    ("seeded/tests/it.rs", include_str!("sources/it.rs")),
    ("seeded/tests/plain.rs", include_str!("sources/plain.rs")),
    ("counted/Cargo.toml", COUNTED),
    ("counted/src/lib.rs", include_str!("sources/counted.rs")),
];

/// How many places of the test `many` ask for memory.
pub(crate) const MANY: usize = 150;

/// Writes the workspace's files.
pub(crate) fn write(folder: &Path) {
    demo::write(folder, &FILES);
    demo::write(folder, &[("seeded/src/many.rs", &many(MANY))]);
}

/// A module with as many call chains.
pub(crate) fn many(count: usize) -> String {
    let mut text = "//! Many places that ask for memory.\n\npub fn many() {\n".to_owned();
    for number in 0..count {
        writeln!(text, "    drop(crate::room_or_none({}));", number + 1).unwrap();
    }
    text + "}\n"
}

/// The workspace, built: all tests here share it, each with a place of its own for what it keeps.
pub(crate) static WORKSPACE: LazyLock<PathBuf> = LazyLock::new(|| {
    demo::once("ends", |folder| {
        write(folder);
        let (_, err, code) = demo::ended(&mut demo::firsthit(folder, &["list", "--workspace", "-q"]));
        assert_eq!(code, 0, "{err}");
    })
});

/// The lines that end with a name, by `file:line`.
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
