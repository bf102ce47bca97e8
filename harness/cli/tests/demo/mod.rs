//! A small workspace that tests write and build, and the command that they run on it.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The files of the workspace: unit tests with an ignored one, integration tests with and without Rust's test runner, a program,
/// a procedural macro, a build script, and what a user configures.
const FILES: [(&str, &str); 12] = [
    (
        "Cargo.toml",
        "[workspace]\nmembers = [\"plain\", \"derive\", \"scripted\"]\nresolver = \"3\"\n\
         [profile.dev]\ndebug = 0\nstrip = true\n",
    ),
    (
        ".cargo/config.toml",
        "[build]\nrustflags = [\"--cfg\", \"of_the_user\"]\n[env]\nDEMO = \"demo\"\nCFLAGS = \"-O1\"\n\
         CXXFLAGS = { value = \"-O3\", force = true }\n",
    ),
    (
        "plain/Cargo.toml",
        "[package]\nname = \"plain\"\nversion = \"1.2.3-rc.1\"\nedition = \"2021\"\nrust-version = \"1.70\"\n\
         authors = [\"A\", \"B\"]\ndescription = \"d\"\nlicense = \"MIT\"\n[features]\nextra = []\n\
         [[test]]\nname = \"own\"\nharness = false\n",
    ),
    (
        "plain/src/lib.rs",
        "#![allow(unexpected_cfgs)]\n#[cfg(of_the_user)]\n#[test]\nfn works() {\n    println!(\"\\nfolder {}\", std::env::current_dir().unwrap().display());\n    \
         for (name, value) in std::env::vars() {\n        println!(\"variable {name}={value}\");\n    }\n}\n#[test]\n#[ignore]\nfn slow() {}\n\
         #[cfg(feature = \"extra\")]\n#[test]\nfn extra() {}\n",
    ),
    ("plain/src/bin/tool.rs", "fn main() {}\n"),
    (
        "plain/tests/it.rs",
        "#[test]\nfn prints() {\n    println!(\"\\nfolder {}\", std::env::current_dir().unwrap().display());\n    \
         for (name, value) in std::env::vars() {\n        println!(\"variable {name}={value}\");\n    }\n}\n",
    ),
    ("plain/tests/own.rs", "fn main() {\n    println!(\"its own\");\n}\n"),
    (
        "derive/Cargo.toml",
        "[package]\nname = \"derive\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\nproc-macro = true\n",
    ),
    (
        "derive/src/lib.rs",
        "#[test]\nfn expands() {\n    assert!(!proc_macro::is_available());\n}\nextern crate proc_macro;\n",
    ),
    ("scripted/Cargo.toml", "[package]\nname = \"scripted\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
    (
        "scripted/build.rs",
        "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
         std::fs::write(format!(\"{out}/made\"), \"\").unwrap();\n    \
         println!(\"cargo:rustc-link-search=native={out}\");\n    for name in [\"CFLAGS\", \"CXXFLAGS\"] {\n        \
         println!(\"cargo:rustc-env=SEEN_{name}={}\", std::env::var(name).unwrap_or_default());\n    }\n}\n",
    ),
    (
        "scripted/src/lib.rs",
        "#[test]\nfn finds() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
         assert!(std::path::Path::new(&out).join(\"made\").exists());\n    \
         assert!(std::env::var(\"LD_LIBRARY_PATH\").unwrap().contains(&out));\n}\n",
    ),
];

/// Writes the workspace into a new folder of this name, and returns its path.
pub(crate) fn workspace(name: &str) -> PathBuf {
    once(name, |folder| write(folder, &FILES))
}

/// A folder of this name that `make` fills once for all processes of this build's tests: a runner may start one for each.
///
/// Each process holds it to its end, so that those of another build wait before they make it anew.
pub(crate) fn once(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let tests = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lock = fs::File::create(tests.join(format!("{name}.lock"))).unwrap();
    let built = [env::current_exe().unwrap(), env!("CARGO_BIN_EXE_cargo-firsthit").into()];
    let built = built.map(|path| fs::metadata(path).unwrap().modified().unwrap());
    let (build, folder) = (format!("{built:?}"), tests.join(name));
    let is_made = || fs::read_to_string(folder.join("made-by")).is_ok_and(|by| by == build);
    lock.lock_shared().unwrap();
    if !is_made() {
        lock.unlock().unwrap();
        lock.lock().unwrap();
        if !is_made() {
            make(&self::folder(name));
            fs::write(folder.join("made-by"), &build).unwrap();
        }
        lock.unlock().unwrap();
        lock.lock_shared().unwrap();
    }
    std::mem::forget(lock);
    folder
}

/// A new, empty folder of this name. It stays behind the tests, in the target folder.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Writes files below `folder`.
pub(crate) fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The command, in a folder, with nothing in its environment that Cargo has set for this test.
pub(crate) fn firsthit(folder: &Path, words: &[&str]) -> Command {
    command(env!("CARGO_BIN_EXE_cargo-firsthit"), folder, words)
}

/// A program in a folder, with the same environment.
pub(crate) fn command(program: &str, folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).args(words);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let cargos = text.starts_with("CARGO") && text != "CARGO_HOME" || text.contains("RUSTFLAGS");
        if cargos || ["LD_LIBRARY_PATH", "OUT_DIR", "CFLAGS", "CXXFLAGS"].contains(&&*text) {
            command.env_remove(name);
        }
    }
    command
}

/// What it printed, to standard output and error, and its exit code.
pub(crate) fn ended(command: &mut Command) -> (String, String, i32) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(stdout), text(stderr), status.code().unwrap())
}
