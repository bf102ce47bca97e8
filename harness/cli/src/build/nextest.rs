//! The build by `cargo nextest list`, which lists the tests as well, by nextest's rules and its configuration.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::PackageId;
use serde::Deserialize;

use crate::build::built::{Binary, Built};
use crate::build::cargo;
use crate::build::environment::Script;
use crate::build::instrument::Instrumented;
use crate::build::program::Listed;
use crate::options::cargo::CargoOptions;
use crate::options::output::OutputOptions;
use crate::trouble::Trouble;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct List {
    rust_build_meta: Meta,
    rust_suites: BTreeMap<String, Suite>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Meta {
    target_directory: Utf8PathBuf,
    /// Where build scripts work, if it is another folder.
    build_directory: Option<Utf8PathBuf>,
    #[serde(default)]
    non_test_binaries: BTreeMap<PackageId, Vec<Executable>>,
    #[serde(default)]
    build_script_out_dirs: BTreeMap<PackageId, Utf8PathBuf>,
    #[serde(default)]
    build_script_info: BTreeMap<PackageId, ScriptInfo>,
    #[serde(default)]
    linked_paths: Vec<Utf8PathBuf>,
}

#[derive(Deserialize)]
struct Executable {
    name: String,
    kind: String,
    path: Utf8PathBuf,
}

#[derive(Deserialize)]
struct ScriptInfo {
    #[serde(default)]
    envs: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Suite {
    package_id: PackageId,
    binary_name: String,
    binary_path: Utf8PathBuf,
    kind: String,
    #[serde(default)]
    testcases: BTreeMap<String, Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Case {
    ignored: bool,
    filter_match: Match,
}

#[derive(Deserialize)]
struct Match {
    status: String,
}

/// What nextest built, and the tests of each binary in the same order.
pub(super) type Listing = (Built, Vec<Vec<Listed>>);

const LIST: [&str; 6] = ["nextest", "list", "--message-format", "json", "--run-ignored", "all"];

/// Builds and lists.
///
/// # Errors
/// If nextest is not installed; with nothing to tell if it fails, for it has told it.
pub(super) fn build(
    cargo: &OsStr,
    folder: &Utf8Path,
    instrumented: &Instrumented,
    options: &CargoOptions,
    output: &OutputOptions,
) -> Result<Listing, Trouble> {
    check_installed(cargo, "leave out --test-tool")?;
    let mut command = cargo::command(cargo, &LIST, folder, instrumented, options, output);
    if output.quiet {
        command.arg("--cargo-quiet");
    }
    listed(&mut command, folder, options.profile_folder())
}

/// Builds, and puts all that the tests need into one file.
///
/// # Errors
/// If nextest is not installed; with nothing to tell if it fails, for it has told it.
pub(super) fn archive(
    cargo: &OsStr,
    folder: &Utf8Path,
    instrumented: &Instrumented,
    (options, file): (&CargoOptions, &Utf8Path),
    output: &OutputOptions,
) -> Result<(), Trouble> {
    check_installed(cargo, "sweep on one machine")?;
    let subcommand = ["nextest", "archive", "--archive-file", file.as_str()];
    let mut command = cargo::command(cargo, &subcommand, folder, instrumented, options, output);
    if output.quiet {
        command.arg("--cargo-quiet");
    }
    ran(&mut command).map(|_| ())
}

/// Takes such a file apart below `folder`, and lists the tests of the workspace.
///
/// # Errors
/// If nextest is not installed; with nothing to tell if it fails, for it has told it.
pub(super) fn unpack(
    cargo: &OsStr,
    folder: &Utf8Path,
    (file, workspace): (&Utf8Path, &Utf8Path),
    output: &OutputOptions,
) -> Result<Listing, Trouble> {
    check_installed(cargo, "build here, without --archive-file")?;
    let folder = folder.join("archive");
    fs::create_dir_all(&folder).map_err(|error| Trouble::usage(format!("cannot write to {folder}: {error}")))?;
    let mut command = Command::new(cargo);
    command.args(LIST).args(["--archive-file", file.as_str(), "--extract-to", folder.as_str(), "--extract-overwrite"]);
    // Of one that lies elsewhere the packages are others, which is told when they are compared.
    command.args(["--workspace-remap", workspace.as_str(), "--color", output.color.word()]).stdin(Stdio::null());
    let (mut built, tests) = listed(&mut command, &folder, "")?;
    // Below the target folder that was put into the archive, the first folder that is not a target's is the profile's.
    let first = built.binaries.first().and_then(|binary| binary.path.strip_prefix(folder.join("target")).ok());
    let profile = first.and_then(|path| path.ancestors().find(|above| above.ends_with("deps"))?.parent()?.file_name());
    built.profile = profile.unwrap_or("debug").to_owned();
    Ok((built, tests))
}

fn check_installed(cargo: &OsStr, or: &str) -> Result<(), Trouble> {
    let version = Command::new(cargo).args(["nextest", "--version"]).stdin(Stdio::null()).output();
    if version.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    Err(Trouble::usage(format!("cargo-nextest is not installed: `cargo install --locked cargo-nextest`, or {or}")))
}

fn ran(command: &mut Command) -> Result<Vec<u8>, Trouble> {
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Trouble::usage(format!("cannot run nextest: {error}")))?;
    if output.status.success() { Ok(output.stdout) } else { Err(Trouble::told()) }
}

fn listed(command: &mut Command, folder: &Utf8Path, profile: &str) -> Result<Listing, Trouble> {
    let printed = ran(command)?;
    let (root, profile) = (folder.to_owned(), profile.to_owned());
    let list = serde_json::from_slice(&printed);
    list.map(|list| read(list, Built { root, profile, ..Built::default() }))
        .map_err(|error| Trouble::usage(format!("nextest's list is of another form than is known: {error}; update it")))
}

fn read(list: List, mut built: Built) -> Listing {
    let meta = list.rust_build_meta;
    let scripts_folder = meta.build_directory.unwrap_or_else(|| meta.target_directory.clone());
    for (package, executables) in meta.non_test_binaries {
        let programs = executables.into_iter().filter(|executable| executable.kind == "bin-exe");
        let placed = programs.map(|program| (package.clone(), program.name, meta.target_directory.join(program.path)));
        built.programs.extend(placed);
    }
    for (package, folder) in meta.build_script_out_dirs {
        let info = meta.build_script_info.get(&package);
        let environment = info.map(|info| info.envs.clone().into_iter().collect()).unwrap_or_default();
        built.scripts.insert(package, Script { out_dir: scripts_folder.join(folder), environment });
    }
    built.linked.extend(meta.linked_paths.into_iter().map(|path| scripts_folder.join(path)));
    let mut tests = Vec::new();
    for suite in list.rust_suites.into_values() {
        let Suite { package_id: package, binary_name: target, binary_path: path, kind, testcases } = suite;
        built.binaries.push(Binary { package, kind, target, path });
        let taken = testcases.into_iter().filter(|(_, case)| case.filter_match.status == "matches");
        tests.push(taken.map(|(name, case)| Listed { name, ignored: case.ignored }).collect());
    }
    (built, tests)
}
