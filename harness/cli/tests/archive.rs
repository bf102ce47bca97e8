//! `archive`, and sweeps of what it has made, where cargo-nextest is installed.

mod demo;

use std::fs;
use std::path::Path;
use std::process::Command;

const FILES: [(&str, &str); 2] = [
    ("Cargo.toml", "[package]\nname = \"packed\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n"),
    (
        "src/lib.rs",
        "pub fn room(count: usize) -> Option<Vec<u8>> {\n    let mut room = Vec::new();\n    \
         room.try_reserve(count).ok().map(|()| room)\n}\n\
         #[test]\nfn asks() {\n    room(10);\n    room(20);\n}\n\
         #[test]\nfn demands() {\n    room(10).unwrap();\n}\n",
    ),
];

fn ends(folder: &Path, words: &[&str]) -> (String, String, i32) {
    demo::ended(&mut demo::firsthit(folder, words))
}

/// What a run has found, in the order of the chains.
fn found(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("target/firsthit/run/outcomes.jsonl")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn what_one_machine_has_built_is_swept_by_others() {
    let top = demo::folder("archive");
    let (folder, file) = (top.join("packed"), top.join("tests.tar.zst"));
    let file = file.to_str().unwrap();
    demo::write(&folder, &FILES);
    if !Command::new("cargo").args(["nextest", "--version"]).output().is_ok_and(|output| output.status.success()) {
        let (_, err, code) = ends(&folder, &["archive", file]);
        assert!(code == 1 && err.contains("cargo-nextest is not installed"), "{err}");
        return;
    }
    let (_, err, code) = ends(&folder, &["archive", file]);
    assert!(code == 0 && err.contains("cargo firsthit test --archive-file"), "{err}");
    assert_eq!(ends(&folder, &["test", "-q"]).2, 0);
    let built = found(&folder);
    assert_eq!(built.len(), 3, "{built:?}");

    // Another machine has the same sources at the same path, and no build.
    for shard in ["1/2", "2/2"] {
        fs::remove_dir_all(folder.join("target")).unwrap();
        let (out, err, code) = ends(&folder, &["test", "-q", "--archive-file", file, "--shard", shard]);
        assert_eq!(code, 0, "{out}{err}");
        assert!(!folder.join("target/firsthit/build/debug").exists());
        fs::rename(folder.join("target/firsthit"), top.join(shard.replace('/', "-"))).unwrap();
    }
    let (out, err, code) = ends(&folder, &["merge", "../2-2", "../1-2"]);
    assert!(code == 0 && out.contains("3 chains of 2 tests"), "{out}{err}");
    assert_eq!(found(&folder), built);
    let digits = built[0].split("\"id\":\"").nth(1).unwrap()[..12].to_owned();
    let (out, err, code) = ends(&folder.join("src"), &["replay", "-q", &digits]);
    assert!(code == 0 && out.contains("as recorded in this build"), "{out}{err}");

    // Elsewhere its packages are others.
    fs::rename(&folder, top.join("moved")).unwrap();
    let (_, err, code) = ends(&top.join("moved"), &["test", "--archive-file", file]);
    assert!(code == 1 && err.contains("is no package of"), "{err}");
    let (_, err, code) = ends(&top.join("moved"), &["test", "--archive-file", file, "--lib"]);
    assert!(code == 1 && err.contains("cannot be used with"), "{err}");
    let (_, err, code) = ends(&top.join("moved"), &["archive", "tests.zip"]);
    assert!(code == 1 && err.contains("must end in .tar.zst"), "{err}");
}
