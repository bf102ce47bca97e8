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
        // Binaries lie in `deps` or `examples`, below the folder of the profile.
        let Some(profile) = path.parent().and_then(Utf8Path::parent) else { return Vec::new() };
        let linked = self.linked.iter().filter(|folder| folder.starts_with(profile)).cloned();
        linked.chain([profile.to_owned(), profile.join("deps")]).map(Utf8PathBuf::into_std_path_buf).collect()
    }
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
