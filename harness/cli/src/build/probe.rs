//! A package of one empty library, built by Cargo in the user's folder to learn which flags and variables hold there.
//!
//! Flags come from two variables, from tables for targets and from `build`, of which one source excludes the others; and from
//! files in every folder above, which include each other. Only Cargo knows them all. A build script is told the flags that
//! hold, and sees the variables of the `[env]` tables; the message for the library says how much is known of lines.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufReader};
use std::os::unix::ffi::OsStringExt;
use std::process::{self, Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{ArtifactDebuginfo, Message};

use crate::build::profile::Profiles;
use crate::trouble::Trouble;

/// The build script: writes down its environment. What it waits for never changes, so it always runs.
const SCRIPT: &str = r#"use std::os::unix::ffi::OsStrExt;

fn main() {
    println!("cargo:rerun-if-changed=never");
    let mut text = Vec::new();
    for (name, value) in std::env::vars_os() {
        text.extend_from_slice(name.as_bytes());
        text.push(b'=');
        text.extend_from_slice(value.as_bytes());
        text.push(0);
    }
    let variable = |name| std::env::var(name).expect("the probe sets it");
    std::fs::write(format!("{}/{}", variable("OUT_DIR"), variable("FIRSTHIT_PROBE")), text).expect("Cargo made the folder");
}
"#;

/// The variable that tells the script which file to write, one for each process that asks: several may ask at a time.
const FILE: &str = "FIRSTHIT_PROBE";

/// What holds where the user builds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Probe {
    /// The flags that rustc is given.
    pub(crate) rustflags: Vec<String>,
    /// Whether the profile asks for line tables, or more.
    pub(crate) lines: bool,
    /// All variables that the build script saw.
    pub(crate) environment: BTreeMap<OsString, OsString>,
    /// Where the library path of Rust's own libraries is, and what the user has set: what Cargo puts behind its own.
    pub(crate) library_path: Vec<OsString>,
}

impl Probe {
    /// A variable as text; none if it is not set or not UTF-8.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(OsStr::new(name)).and_then(|value| value.to_str())
    }
}

/// Builds the probe in `folder` by `cargo`, with `extra` variables set.
///
/// # Errors
/// What Cargo says, for example of flags that rustc does not know.
pub(crate) fn ask(
    cargo: &OsStr,
    folder: &Utf8Path,
    profiles: &Profiles,
    profile: &str,
    extra: &[(String, OsString)],
) -> Result<Probe, Trouble> {
    let package = "[package]\nname = \"firsthit-probe\"\nversion = \"0.0.0\"\nedition = \"2021\"\npublish = false\n\n[workspace]\n";
    let profiles = profiles.manifest();
    // Switches of unstable features must stand at the top.
    let manifest = format!("{profiles}\n{package}");
    let written = fs::create_dir_all(folder.join("src"))
        .and_then(|()| write_new(&folder.join("Cargo.toml"), &manifest))
        .and_then(|()| write_new(&folder.join("build.rs"), SCRIPT))
        .and_then(|()| write_new(&folder.join("src/lib.rs"), ""));
    written.map_err(|error| Trouble::usage(format!("cannot write to {folder}: {error}")))?;
    let target = folder.join("target");
    let mut command = Command::new(cargo);
    command.args(["check", "--offline", "--profile", profile, "--message-format", "json-render-diagnostics"]);
    command.args([
        "--color",
        "never",
        "--manifest-path",
        folder.join("Cargo.toml").as_str(),
        "--target-dir",
        target.as_str(),
    ]);
    command.env("CARGO_BUILD_BUILD_DIR", &target).envs(extra.iter().cloned());
    let file = format!("environment-{}", process::id());
    let output = command.env(FILE, &file).stdin(Stdio::null()).output();
    let output = output
        .map_err(|error| Trouble::usage(format!("cannot run {}: {error}; is Cargo in PATH?", cargo.display())))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Trouble::usage(format!(
            "an empty package cannot be built with this configuration:\n{}",
            said.trim_end()
        )));
    }
    read(&output.stdout, folder, &file)
}

fn read(messages: &[u8], folder: &Utf8Path, file: &str) -> Result<Probe, Trouble> {
    let odd = |what: &str| Trouble::internal(format!("Cargo's messages for {folder} {what}"));
    let mut out: Option<Utf8PathBuf> = None;
    let mut lines = false;
    for message in Message::parse_stream(BufReader::new(messages)) {
        match message.map_err(|error| odd(&format!("cannot be read: {error}")))? {
            Message::BuildScriptExecuted(script) => out = Some(script.out_dir),
            Message::CompilerArtifact(artifact) if !artifact.target.is_custom_build() => {
                let poor =
                    [ArtifactDebuginfo::None, ArtifactDebuginfo::LineDirectivesOnly, ArtifactDebuginfo::LineTablesOnly];
                lines = !poor.contains(&artifact.profile.debuginfo);
            }
            _ => {}
        }
    }
    let out = out.ok_or_else(|| odd("do not say what its build script did"))?.join(file);
    let text = fs::read(&out)
        .map_err(|error| Trouble::usage(format!("cannot read {out}: {error}; is another build running?")))?;
    // Nobody else reads it; one that stays is overwritten by the next process of this number.
    let _ = fs::remove_file(&out);
    let mut environment = BTreeMap::new();
    for entry in text.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
        // A name may begin with the sign itself, but does not end there.
        let Some(end) = entry.iter().skip(1).position(|byte| *byte == b'=') else { continue };
        let (name, value) = (&entry[..=end], &entry[end + 2..]);
        environment.insert(OsString::from_vec(name.to_vec()), OsString::from_vec(value.to_vec()));
    }
    environment.remove(OsStr::new(FILE));
    let flags = environment.get(OsStr::new("CARGO_ENCODED_RUSTFLAGS")).and_then(|flags| flags.to_str());
    let flags = flags.ok_or_else(|| Trouble::usage("the flags for rustc are no UTF-8: look at RUSTFLAGS"))?;
    let rustflags = if flags.is_empty() { Vec::new() } else { flags.split('\x1f').map(str::to_owned).collect() };
    let path = environment.get(OsStr::new("LD_LIBRARY_PATH")).cloned().unwrap_or_default();
    let foreign = std::env::split_paths(&path).filter(|entry| !entry.starts_with(folder));
    let library_path = foreign.map(std::path::PathBuf::into_os_string).collect();
    Ok(Probe { rustflags, lines, environment, library_path })
}

/// Writes a file unless it says the same already, so that Cargo finds it unchanged.
fn write_new(path: &Utf8Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) { Ok(()) } else { fs::write(path, text) }
}
