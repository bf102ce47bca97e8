//! A crate of the registry, built with its tests in a folder of its own, with the allocator linked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One test of a program of tests.
pub(crate) struct Test {
    pub(crate) program: PathBuf,
    pub(crate) name: String,
}

/// The tests of a crate.
pub(crate) struct Suite {
    pub(crate) tests: Vec<Test>,
}

/// What a command prints, which must succeed.
fn printed(command: &mut Command) -> String {
    let ran = command.output().unwrap();
    let printed = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{command:?}\n{printed}");
    printed.into_owned()
}

fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(folder);
    for variable in ["CARGO_ENCODED_RUSTFLAGS", "NEXTEST", "RUSTC_WORKSPACE_WRAPPER"] {
        command.env_remove(variable);
    }
    // The lints of others are theirs.
    command.env("RUSTFLAGS", "--cap-lints allow").env("CARGO_TARGET_DIR", folder.join("../target"));
    command
}

/// Where the sources lie of the newest version of a dependency of this package.
fn sources(name: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let metadata = ["metadata", "--format-version", "1", "--offline", "--locked"];
    let metadata = printed(Command::new(env!("CARGO")).args(metadata).current_dir(here));
    let manifests = metadata.split("\"manifest_path\":\"").skip(1).filter_map(|rest| rest.split('"').next());
    let folders = manifests.filter_map(|manifest| Path::new(manifest).parent());
    let ours = folders.filter(|folder| {
        let version = folder.file_name().and_then(|name| name.to_str()).and_then(|folder| folder.strip_prefix(name));
        version
            .is_some_and(|version| version.starts_with("-") && version[1..].starts_with(|at: char| at.is_ascii_digit()))
    });
    ours.max().unwrap_or_else(|| panic!("{name} is no dependency")).to_owned()
}

/// Copies Rust sources, and what they include.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

fn link_allocator(source: &Path) {
    let text = fs::read_to_string(source).unwrap();
    fs::write(source, text + "\n#[cfg(test)]\nextern crate on_a_machine as _;\n").unwrap();
}

impl Suite {
    /// Builds the tests of a crate: those of its library, and those beside it that need no crate but the given ones.
    pub(crate) fn built(name: &str, dependencies: &str, features: &str) -> Suite {
        let sources = sources(name);
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("suites");
        let folder = root.join(name);
        let _ = fs::remove_dir_all(&folder);
        copy(&sources.join("src"), &folder.join("src"));
        link_allocator(&folder.join("src/lib.rs"));
        let beside = fs::read_dir(sources.join("tests")).into_iter().flatten().map(|entry| entry.unwrap().path());
        for test in beside.filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
            // Those of optional dependencies are left out.
            if fs::read_to_string(&test).unwrap().contains("#![cfg(feature = ") {
                continue;
            }
            fs::create_dir_all(folder.join("tests")).unwrap();
            let copied = folder.join("tests").join(test.file_name().unwrap());
            fs::copy(&test, &copied).unwrap();
            link_allocator(&copied);
        }
        let manifest = fs::read_to_string(sources.join("Cargo.toml")).unwrap();
        let line = |key: &str| manifest.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
        let package = format!("{}\n{}\n", line("version = "), line("edition = "));
        Suite::of(&folder, name, &package, dependencies, features)
    }

    /// Builds the tests of a library of one file.
    pub(crate) fn seeded(name: &str, source: &str) -> Suite {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("suites").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("src/lib.rs"), source).unwrap();
        link_allocator(&folder.join("src/lib.rs"));
        Suite::of(&folder, name, "version = \"0.0.0\"\nedition = \"2024\"\n", "", "")
    }

    /// Builds the tests of a package whose sources lie in a folder.
    fn of(folder: &Path, name: &str, package: &str, dependencies: &str, features: &str) -> Suite {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = folder.parent().unwrap();
        let package = format!("[package]\nname = {name:?}\n{package}");
        let allocator = root.join(format!("allocator-of-{name}"));
        let dependencies = format!("[dependencies]\n{dependencies}on_a_machine = {{ path = {allocator:?} }}\n");
        fs::write(folder.join("Cargo.toml"), format!("{package}[features]\n{features}{dependencies}[workspace]\n"))
            .unwrap();
        fs::create_dir_all(allocator.join("src")).unwrap();
        fs::write(
            allocator.join("Cargo.toml"),
            format!(
                "[package]\nname = \"on_a_machine\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n\
                 alloc-core = {{ path = {here:?} }}\nlibc = \"0.2\"\n"
            ),
        )
        .unwrap();
        fs::copy(here.join("tests/suites/on_a_machine.rs"), allocator.join("src/lib.rs")).unwrap();
        fs::copy(here.join("../Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        let built = printed(cargo(folder).args(["test", "--no-run", "--offline", "--lib", "--tests"]));
        let programs = built.lines().filter_map(|line| line.trim().strip_prefix("Executable ")?.split_once('('));
        let programs = programs.filter_map(|(_, path)| Some(folder.join(path.strip_suffix(')')?)));
        let tests = programs.flat_map(|program| {
            let listed = printed(Command::new(&program).args(["--list", "--format", "terse"]));
            let names = listed.lines().filter_map(|line| line.strip_suffix(": test").map(str::to_owned));
            names.map(|name| Test { program: program.clone(), name }).collect::<Vec<_>>()
        });
        Suite { tests: tests.collect() }
    }
}
