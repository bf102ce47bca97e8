//! What a build has made: test binaries, programs, build scripts' words; and the programs that can be swept among it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{PackageId, TargetKind};

use crate::build::environment::{self, Script, Surroundings};
use crate::build::probe::Probe;
use crate::build::program::Program;
use crate::project::Project;
use crate::trouble::Trouble;

/// Everything of a build that tests are run with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Built {
    /// The target folder of the build.
    pub(super) root: Utf8PathBuf,
    /// The name of the profile's folder in it.
    pub(super) profile: String,
    pub(super) binaries: Vec<Binary>,
    /// The programs of packages, which their integration tests may start: package, name, path.
    pub(super) programs: Vec<(PackageId, String, Utf8PathBuf)>,
    pub(super) scripts: BTreeMap<PackageId, Script>,
    /// Folders that build scripts have added to the search for libraries.
    pub(super) linked: BTreeSet<Utf8PathBuf>,
}

/// A test binary.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Binary {
    pub(super) package: PackageId,
    /// `lib`, `proc-macro`, `bin`, `test`, `example` or `bench`.
    pub(super) kind: String,
    /// The target's name.
    pub(super) target: String,
    pub(super) path: Utf8PathBuf,
}

/// The kind of a target in one word: every form of library is `lib`.
pub(super) fn kind(kinds: &[TargetKind]) -> String {
    match kinds.first() {
        Some(
            kind @ (TargetKind::ProcMacro
            | TargetKind::Bin
            | TargetKind::Test
            | TargetKind::Example
            | TargetKind::Bench),
        ) => kind.to_string(),
        _ => "lib".to_owned(),
    }
}

impl Built {
    /// The program of a binary, whose tests are not known yet.
    ///
    /// # Errors
    /// If Cargo has built a package that it did not name before.
    pub(super) fn program(&self, binary: &Binary, project: &Project, probe: &Probe) -> Result<Program, Trouble> {
        let package = project.package(&binary.package).ok_or_else(|| {
            Trouble::internal(format!("`cargo metadata` does not name {}, and yet it was built", binary.package))
        })?;
        let starts_programs = matches!(binary.kind.as_str(), "test" | "bench");
        let own = self.programs.iter().filter(|(id, ..)| starts_programs && *id == package.id);
        let around = Surroundings {
            package,
            script: self.scripts.get(&package.id),
            programs: own.map(|(_, name, path)| (name.as_str(), path)).collect(),
            libraries: self.libraries(&binary.path),
        };
        Ok(Program {
            binary: id(&package.name, &binary.kind, &binary.target),
            krate: binary.target.replace('-', "_"),
            path: binary.path.clone(),
            folder: package.manifest_path.parent().unwrap_or(project.root()).to_owned(),
            environment: environment::of(probe, project, &around),
            harness: true,
            threads: true,
            built: true,
            tests: Vec::new(),
        })
    }

    /// Folders of libraries: build scripts' as far as they lie in the build, the build's own, and its dependencies'.
    fn libraries(&self, path: &Utf8Path) -> Vec<PathBuf> {
        let Some(profile) = profile_folder(path, &self.root, &self.profile) else { return Vec::new() };
        let linked = self.linked.iter().filter(|folder| folder.starts_with(&profile)).cloned();
        // Beside the dependencies; or, as newer releases of Cargo build, in a folder of its own.
        let own = path.parent().filter(|folder| folder.parent() != Some(&profile)).map(Utf8Path::to_owned);
        let dependencies = own.unwrap_or_else(|| profile.join("deps"));
        linked.chain([profile.clone(), dependencies]).map(Utf8PathBuf::into_std_path_buf).collect()
    }
}

/// The folder of the profile `name` that a binary of the build in `root` lies in: the first of this name, for there may be one of
/// the target's triple above it, and folders of packages, of any name, below.
fn profile_folder(path: &Utf8Path, root: &Utf8Path, name: &str) -> Option<Utf8PathBuf> {
    let below = path.strip_prefix(root).ok()?;
    let depth = below.components().position(|part| part.as_str() == name)?;
    Some(root.join(below.components().take(depth + 1).collect::<Utf8PathBuf>()))
}

/// The identity of a test binary, as `TestId` has it.
fn id(package: &str, kind: &str, target: &str) -> String {
    match kind {
        "lib" => package.to_owned(),
        "test" => format!("{package}::{target}"),
        _ => format!("{package}::{kind}/{target}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profiles_folder_is_found_in_every_layout() {
        let found = |path: &str| profile_folder(path.into(), "/b/debug".into(), "debug").map(Utf8PathBuf::into_string);
        assert_eq!(found("/b/debug/debug/deps/x-1"), Some("/b/debug/debug".to_owned()));
        assert_eq!(found("/b/debug/x86_64/debug/examples/x-1"), Some("/b/debug/x86_64/debug".to_owned()));
        assert_eq!(found("/b/debug/debug/build/debug/1a/out/x-1"), Some("/b/debug/debug".to_owned()));
        assert_eq!((found("/b/debug/release/x"), found("/c/debug/x")), (None, None));
    }

    #[test]
    fn binaries_are_named_by_package_kind_and_target() {
        let names = [("lib", "a"), ("test", "a::t"), ("bin", "a::bin/t"), ("proc-macro", "a::proc-macro/t")];
        assert!(names.iter().all(|(kind, name)| id("a", kind, "t") == *name));
        let word = |kinds: &[TargetKind]| kind(kinds);
        assert_eq!(
            (word(&[TargetKind::CDyLib, TargetKind::RLib]), word(&[TargetKind::Bench])),
            ("lib".into(), "bench".into())
        );
    }
}
