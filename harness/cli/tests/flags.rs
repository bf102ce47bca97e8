//! The flags of the user are kept, whichever of Cargo's sources they stand in, and ours are added behind them.

mod demo;

use std::fs;
use std::path::Path;

/// A library whose tests are named after the flags that it is built with.
const LIBRARY: &str = "#![allow(unexpected_cfgs)]\n\
    #[cfg(from_encoded)]\n#[test]\nfn from_encoded() {}\n\
    #[cfg(from_variable)]\n#[test]\nfn from_variable() {}\n\
    #[cfg(from_target)]\n#[test]\nfn from_target() {}\n\
    #[cfg(from_table)]\n#[test]\nfn from_table() {}\n\
    #[cfg(from_included)]\n#[test]\nfn from_included() {}\n\
    #[cfg(from_build)]\n#[test]\nfn from_build() {}\n";

/// Stands before rustc and writes down what it is called with.
const WRAPPER: &str = "#!/bin/sh\nprintf '%s ' \"$@\" >> \"$CALLS\"\necho >> \"$CALLS\"\nexec \"$@\"\n";

/// The tests that were built with these variables, and the last call of rustc for the library.
fn built(folder: &Path, variables: &[(&str, &str)], words: &[&str]) -> (String, String) {
    let calls = folder.join("calls");
    let _ = fs::remove_file(&calls);
    let words: Vec<&str> = ["list", "-q"].iter().chain(words).copied().collect();
    let mut command = demo::firsthit(folder, &words);
    command.envs(variables.iter().copied()).env("RUSTC_WRAPPER", folder.join("wrapper")).env("CALLS", &calls);
    let (out, err, code) = demo::ended(&mut command);
    assert_eq!(code, 0, "{err}");
    let calls = fs::read_to_string(calls).unwrap();
    let call = calls.lines().rfind(|call| call.contains("--crate-name flags")).unwrap_or_default();
    (out.replace("flags ", ""), call.to_owned())
}

fn folder() -> std::path::PathBuf {
    let folder = demo::folder("flags");
    let manifest = "[package]\nname = \"flags\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n\
        [dependencies]\npoor = { path = \"poor\" }\n\
        [profile.dev]\ndebug = 2\n[profile.dev.package.\"poor\"]\ndebug = false\n[profile.release]\nstrip = true\n";
    let poor = "[package]\nname = \"poor\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
    demo::write(&folder, &[("Cargo.toml", manifest), ("src/lib.rs", LIBRARY), ("wrapper", WRAPPER)]);
    demo::write(&folder, &[("poor/Cargo.toml", poor), ("poor/src/lib.rs", "")]);
    let chmod = std::process::Command::new("chmod").arg("+x").arg(folder.join("wrapper")).status();
    assert!(chmod.unwrap().success());
    folder
}

#[test]
fn each_source_holds_alone_and_ours_stand_behind() {
    let folder = folder();
    let config = |text: &str| demo::write(&folder, &[(".cargo/config.toml", text)]);
    let ours = "-Cforce-frame-pointers=yes -Cstrip=none -Csplit-debuginfo=off";
    let check = |variables: &[(&str, &str)], words: &[&str], tests: &str, expected: &str| {
        let (found, call) = built(&folder, variables, words);
        assert_eq!(found, tests);
        assert!(call.contains(expected), "{call}");
        call
    };

    demo::write(&folder, &[(".cargo/more.toml", "[build]\nrustflags = [\"--cfg\", \"from_included\"]\n")]);
    config("include = [\"more.toml\"]\n[build]\nrustflags = [\"--cfg\", \"from_build\"]\n");
    let call = check(&[], &[], "from_build\nfrom_included\n", &format!("--cfg from_included --cfg from_build {ours}"));
    assert!(call.contains("debuginfo=2") && !call.contains("debuginfo=1"), "the profile asks for more: {call}");
    let calls = fs::read_to_string(folder.join("calls")).unwrap();
    let poor = calls.lines().find(|call| call.contains("--crate-name poor")).unwrap();
    assert!(poor.contains("debuginfo=1"), "a package whose lines are switched off: {poor}");

    let build = "[build]\nrustflags = \"--cfg from_build\"\n";
    let both = format!("{build}[target.'cfg(unix)']\nrustflags = [\"--cfg\", \"from_target\"]\n");
    config(&both);
    let variables = [("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "--cfg from_table")];
    let on_this = if cfg!(target_arch = "x86_64") { "from_table\nfrom_target\n" } else { "from_target\n" };
    let mut tests: Vec<&str> = on_this.lines().collect();
    tests.sort_by_key(|name| LIBRARY.find(&format!("fn {name}")));
    let (found, call) = built(&folder, &variables, &[]);
    let mut names: Vec<&str> = found.lines().collect();
    names.sort_by_key(|name| LIBRARY.find(&format!("fn {name}")));
    assert_eq!(names, tests);
    assert!(call.contains(ours), "{call}");

    let variable = ("RUSTFLAGS", "--cfg from_variable -Cforce-frame-pointers=no");
    check(&[variable], &[], "from_variable\n", &format!("--cfg from_variable -Cforce-frame-pointers=no {ours}"));

    let encoded = ("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}from_encoded");
    let call = check(&[variable, encoded], &["--release"], "from_encoded\n", &format!("--cfg from_encoded {ours}"));
    let lines = call.rfind("-Cdebuginfo=1").expect("release has none by default");
    assert!(call.rfind("-C debuginfo").is_none_or(|place| place < lines), "{call}");
    assert!(call.rfind("-C strip").is_none_or(|place| place < call.rfind("-Cstrip=none").unwrap()), "{call}");
}

#[test]
fn what_cannot_be_built_ends_with_cargos_own_words() {
    let folder = demo::folder("broken");
    let manifest = "[package]\nname = \"broken\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    demo::write(&folder, &[("Cargo.toml", manifest), ("src/lib.rs", "fn broken( {}\n")]);
    let (out, err, code) = demo::ended(&mut demo::firsthit(&folder, &["list"]));
    assert_eq!((out.as_str(), code), ("", 1));
    assert!(err.contains("src/lib.rs:1") && err.contains("could not compile"), "{err}");
    assert!(!err.contains("firsthit"), "nothing of ours behind it: {err}");

    let (_, err, code) = demo::ended(demo::firsthit(&folder, &["list"]).env("RUSTFLAGS", "--no-such-flag"));
    assert!(code == 1 && err.contains("no-such-flag"), "{err}");
    let (_, err, code) = demo::ended(&mut demo::firsthit(&folder, &["list", "--profile", "none"]));
    assert!(code == 1 && err.contains("`none` is not defined"), "{err}");
}
