//! `init`: writes a configuration in which every key is explained and nothing is changed.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};

use camino::{Utf8Path, Utf8PathBuf};

use crate::config;
use crate::trouble::Trouble;

/// The file: every key stands behind `# ` with its default or an example.
const TEXT: &str = r#"# cargo firsthit: what would otherwise be said on every command line, which has the last word.
# Every key is optional; what stands behind a `#` is the default, or an example where there is none.

# Time limit of one run, in seconds. Without it: from how long the test takes without a failure.
# timeout = 20

# How many runs at a time. Without it: as many as there are processors.
# jobs = 4

# Crates whose own call chains are failed. Without it: those of the workspace.
# crates = ["my-crate", "my-parser"]

# Files and folders, relative to the workspace, and modules that are the tests' own code, beside `tests/` and test modules:
# a panic in there says nothing of the code that is tested.
test-code = []
# test-code = ["src/testing.rs", "crates/harness/src", "my_crate::mock"]

# Verdicts that count as findings, beyond those that do by default: `cargo firsthit explain verdicts`.
deny = []
# deny = ["absorbed"]

# Verdicts that do not.
allow = []
# allow = ["panicked", "unusable"]

# How many allocations fail in a run: at 2, recovery code is failed, too, in so many pairs for each test at the most.
depth = 1
# pairs-max = 10000

# Which findings are failed once more, in a fresh process: "groups" for one call chain of each, "all" or "none".
confirm = "groups"

# Fail if less than this per cent of the recovery paths is tested: `cargo firsthit test --help`.
# fail-under = 80

# Fail only for findings that the run before did not have, or that this file does not: one that
# `cargo firsthit report --format json` has written; relative to the workspace.
fail-new = false
# baseline = ".config/firsthit-baseline.json"

# Leave out tests whose name contains one of these words; --skip replaces the list.
skip = []
# skip = ["slow_", "network::"]

# Arguments for the test binaries; those behind `--` replace the list.
test-args = []

# What is built, as for Cargo; any of these on the command line replaces all three.
features = []
all-features = false
no-default-features = false

# The findings that are known and borne with, reviewed like code; relative to the workspace.
expectations = ".config/firsthit-expectations.toml"
"#;

/// Writes the file into the workspace in `root`, and returns its path.
///
/// # Errors
/// If it is there already, unless `force` says to replace it, or cannot be written.
pub(crate) fn init(root: &Utf8Path, force: bool) -> Result<Utf8PathBuf, Trouble> {
    let path = root.join(config::PATH);
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let mut open = OpenOptions::new();
    open.write(true).truncate(true);
    if force {
        open.create(true)
    } else {
        open.create_new(true)
    };
    let written = folder.and_then(|()| open.open(&path)).and_then(|mut file| file.write_all(TEXT.as_bytes()));
    match written {
        Ok(()) => Ok(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(Trouble::usage(format!("{path} is there already: --force replaces it")))
        }
        Err(error) => Err(Trouble::usage(format!("cannot write {path}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, EXPECTATIONS};

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        (folder, path)
    }

    #[test]
    fn what_is_written_is_what_holds_without_it() {
        let (_kept, root) = folder();
        init(&root, false).unwrap();
        let defaults = Config { expectations: Some(EXPECTATIONS.into()), ..Config::default() };
        assert_eq!(Config::load(&root).unwrap(), defaults);
    }

    #[test]
    fn every_example_can_be_switched_on() {
        let is_key = |line: &str| {
            line.split_once(" = ").is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        };
        let examples: Vec<&str> =
            TEXT.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| is_key(line)).collect();
        assert_eq!(examples.len(), 10);
        let (_kept, root) = folder();
        init(&root, false).unwrap();
        fs::write(root.join(config::PATH), examples.join("\n")).unwrap();
        let config = Config::load(&root).unwrap();
        assert!(
            config.timeout.is_some()
                && config.jobs.is_some()
                && config.crates.len() == 2
                && config.skip.len() == 2
                && config.fail_under.is_some()
        );
    }

    #[test]
    fn a_file_that_is_there_is_replaced_only_by_force() {
        let (_kept, root) = folder();
        let path = init(&root, false).unwrap();
        fs::write(&path, "jobs = 1").unwrap();
        assert!(init(&root, false).unwrap_err().message.contains("--force"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "jobs = 1");
        init(&root, true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
    }
}
