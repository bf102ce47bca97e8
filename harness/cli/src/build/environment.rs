//! The variables that Cargo runs a test binary with.
//!
//! They are those of its `[env]` tables, of the package, of its build script, and the folders of libraries.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use camino::Utf8PathBuf;
use cargo_metadata::Package;

use crate::build::probe::Probe;
use crate::project::Project;

/// What Cargo sets for build scripts and not for tests.
const SCRIPTS: [&str; 16] = [
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_MAKEFLAGS",
    "CARGO_MANIFEST_LINKS",
    "DEBUG",
    "HOST",
    "LD_LIBRARY_PATH",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC",
    "RUSTC_LINKER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "TARGET",
];

/// Beginnings of names of such, and of the package's, which are another's in the probe.
const SCRIPTS_PREFIXES: [&str; 4] = ["CARGO_CFG_", "CARGO_FEATURE_", "CARGO_PKG_", "DEP_"];

/// What a package's build script gives.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Script {
    pub(super) out_dir: Utf8PathBuf,
    /// Its `rustc-env` lines.
    pub(super) environment: Vec<(String, String)>,
}

/// What belongs to one program.
pub(super) struct Surroundings<'a> {
    pub(super) package: &'a Package,
    pub(super) script: Option<&'a Script>,
    /// The programs of the package by name, where they are built for this one.
    pub(super) programs: Vec<(&'a str, &'a Utf8PathBuf)>,
    /// Folders of libraries, of build scripts and of the build itself, in Cargo's order.
    pub(super) libraries: Vec<PathBuf>,
}

/// What is to be set, or taken away, beyond what this process has.
pub(super) fn of(probe: &Probe, project: &Project, around: &Surroundings<'_>) -> Vec<(OsString, Option<OsString>)> {
    let mut variables = configured(probe);
    let mut set = |name: &str, value: &OsStr| variables.push((name.into(), Some(value.to_owned())));
    let package = around.package;
    set("CARGO_MANIFEST_DIR", package.manifest_path.parent().unwrap_or(project.root()).as_ref());
    set("CARGO_MANIFEST_PATH", package.manifest_path.as_ref());
    let version = &package.version;
    let texts = [
        ("NAME", package.name.to_string()),
        ("VERSION", version.to_string()),
        ("VERSION_MAJOR", version.major.to_string()),
        ("VERSION_MINOR", version.minor.to_string()),
        ("VERSION_PATCH", version.patch.to_string()),
        ("VERSION_PRE", version.pre.to_string()),
        ("AUTHORS", package.authors.join(":")),
        ("DESCRIPTION", package.description.clone().unwrap_or_default()),
        ("HOMEPAGE", package.homepage.clone().unwrap_or_default()),
        ("REPOSITORY", package.repository.clone().unwrap_or_default()),
        ("LICENSE", package.license.clone().unwrap_or_default()),
        ("LICENSE_FILE", package.license_file.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("README", package.readme.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("RUST_VERSION", project.rust_version(&package.id).to_owned()),
    ];
    texts.iter().for_each(|(name, value)| set(&format!("CARGO_PKG_{name}"), value.as_ref()));
    for (name, path) in &around.programs {
        set(&format!("CARGO_BIN_EXE_{name}"), path.as_ref());
    }
    let libraries = around.libraries.iter().cloned().chain(probe.library_path.iter().map(PathBuf::from));
    // A folder with a colon in its name cannot be said; Cargo refuses it, too.
    if let Ok(path) = env::join_paths(libraries) {
        set("LD_LIBRARY_PATH", &path);
    }
    if let Some(script) = around.script {
        script.environment.iter().for_each(|(name, value)| set(name, value.as_ref()));
        set("OUT_DIR", script.out_dir.as_ref());
    } else if env::var_os("OUT_DIR").is_some() {
        variables.push(("OUT_DIR".into(), None));
    }
    variables
}

/// What the probe's build script saw and this process does not have: from `[env]` tables, and what rustup and Cargo set.
fn configured(probe: &Probe) -> Vec<(OsString, Option<OsString>)> {
    let is_scripts = |name: &OsStr| {
        let name = name.to_string_lossy();
        SCRIPTS.contains(&&*name) || SCRIPTS_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    let new =
        probe.environment.iter().filter(|(name, value)| env::var_os(name).as_ref() != Some(value) && !is_scripts(name));
    new.map(|(name, value)| (name.clone(), Some(value.clone()))).collect()
}
