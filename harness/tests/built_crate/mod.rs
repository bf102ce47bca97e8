//! A crate that a test writes and builds, with firsthit and nothing else, in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crate's folder.
pub(crate) struct BuiltCrate(pub(crate) PathBuf);

impl BuiltCrate {
    /// Writes a crate of this name: `manifest` is what stands in it behind the dependency; then paths, and what is in them.
    pub(crate) fn new(name: &str, manifest: &str, files: &[(&str, &str)]) -> BuiltCrate {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let harness = env!("CARGO_MANIFEST_DIR");
        let _ = fs::remove_dir_all(folder.join("src"));
        let written = BuiltCrate(folder);
        let manifest = format!(
            "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\nfirsthit = {{ path = \
             {harness:?} }}\n{manifest}\n[workspace]\n"
        );
        written.write("Cargo.toml", &manifest);
        files.iter().for_each(|(path, text)| written.write(path, text));
        fs::copy(Path::new(harness).join("../Cargo.lock"), written.0.join("Cargo.lock")).unwrap();
        written
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Cargo, in the crate's folder, with a target folder there and without flags or wishes of whoever runs this test.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).arg("--offline").current_dir(&self.0).env("CARGO_TARGET_DIR", self.0.join("target"));
        for variable in
            ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "FIRSTHIT_COVERAGE", "FIRSTHIT_COVERAGE_DIR", "NEXTEST"]
        {
            command.env_remove(variable);
        }
        command
    }
}

/// What a command prints, which must succeed.
#[track_caller]
pub(crate) fn printed(command: &mut Command) -> String {
    let ran = command.output().unwrap();
    let printed = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{command:?}\n{printed}");
    printed.into_owned()
}
