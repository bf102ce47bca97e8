//! What sweeps of programs are measured with: commands that must succeed, and the library that is preloaded.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a command that must succeed.
pub(crate) fn done(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

/// Builds the library that is preloaded.
pub(crate) fn library(folder: &Path) -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("preload");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--release", "--target-dir"]).arg(folder.join("preload")).current_dir(package);
    done(cargo.env("RUSTFLAGS", "-C force-frame-pointers=yes"));
    folder.join("preload/release/libfirsthit_preload.so")
}
