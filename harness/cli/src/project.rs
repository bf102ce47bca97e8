//! The workspace that is worked on, as Cargo describes it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::process::Stdio;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{CargoOpt, Metadata, MetadataCommand, Package, PackageId};
use serde::Deserialize;

use crate::options::cargo::ManifestOptions;
use crate::trouble::Trouble;

/// A workspace and its packages.
pub(crate) struct Project {
    metadata: Metadata,
    /// As the manifests write them, which may be without all three numbers.
    rust_versions: BTreeMap<PackageId, String>,
}

/// What the library's own type does not keep as it is written.
#[derive(Deserialize)]
struct Written {
    packages: Vec<WrittenPackage>,
}

#[derive(Deserialize)]
struct WrittenPackage {
    id: PackageId,
    rust_version: Option<String>,
}

impl Project {
    /// Asks Cargo, with the dependencies' packages only if they are needed, for these may have to be downloaded.
    ///
    /// # Errors
    /// What Cargo says, or that there is no project here.
    pub(crate) fn load(options: &ManifestOptions, with_dependencies: bool) -> Result<Project, Trouble> {
        let mut command = MetadataCommand::new();
        if let Some(path) = &options.manifest_path {
            command.manifest_path(path);
        }
        if with_dependencies {
            command.features(CargoOpt::AllFeatures);
        } else {
            command.no_deps();
        }
        command.other_options(options.flags());
        let mut command = command.cargo_command();
        let output = command.stdin(Stdio::null()).output().map_err(|error| {
            let cargo = command.get_program().display();
            Trouble::usage(format!("cannot run {cargo}: {error}; is Cargo in PATH, and CARGO set to it if it is set?"))
        })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Trouble::usage(format!("Cargo cannot read the project:\n{}", said.trim_end())));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let odd = |error: &dyn Display| Trouble::internal(format!("`cargo metadata` cannot be read: {error}"));
        let metadata = MetadataCommand::parse(&text).map_err(|error| odd(&error))?;
        let written: Written = serde_json::from_str(&text).map_err(|error| odd(&error))?;
        let versions = written.packages.into_iter().filter_map(|package| Some((package.id, package.rust_version?)));
        Ok(Project { metadata, rust_versions: versions.collect() })
    }

    /// The oldest Rust that the package asks for, as its manifest writes it; empty if it asks for none.
    pub(crate) fn rust_version(&self, id: &PackageId) -> &str {
        self.rust_versions.get(id).map_or("", String::as_str)
    }

    /// Whether Cargo would find a manifest from this folder.
    pub(crate) fn is_here(folder: &Utf8Path) -> bool {
        folder.ancestors().any(|folder| folder.join("Cargo.toml").is_file())
    }

    /// The folder of the workspace.
    pub(crate) fn root(&self) -> &Utf8Path {
        &self.metadata.workspace_root
    }

    /// The workspace's manifest.
    pub(crate) fn manifest(&self) -> Utf8PathBuf {
        self.root().join("Cargo.toml")
    }

    /// The workspace's target folder, wherever the environment and the configuration put it.
    pub(crate) fn target_folder(&self) -> &Utf8Path {
        &self.metadata.target_directory
    }

    /// The package of this identity.
    pub(crate) fn package(&self, id: &PackageId) -> Option<&Package> {
        self.metadata.packages.iter().find(|package| package.id == *id)
    }

    /// Whether a package of the workspace has this name.
    pub(crate) fn has_member(&self, name: &str) -> bool {
        self.metadata.workspace_packages().iter().any(|package| package.name == name)
    }

    /// Whether any library of the workspace has doctests.
    pub(crate) fn has_doctests(&self) -> bool {
        self.metadata.workspace_packages().iter().any(|package| package.targets.iter().any(|target| target.doctest))
    }

    /// All packages of the workspace.
    pub(crate) fn members(&self) -> Scope {
        Scope::of(&self.metadata.workspace_packages())
    }

    /// Named crates of the project and its dependencies, whether the names are packages' or crates'.
    ///
    /// # Errors
    /// Names a crate that nothing in the project uses; needs the dependencies to be loaded.
    pub(crate) fn crates(&self, names: &[String]) -> Result<Scope, Trouble> {
        let mut all = Scope::default();
        for name in names {
            let is_it = |scope: &Scope| scope.crates.contains(&name.replace('-', "_"));
            let packages = self.metadata.packages.iter();
            let found: Vec<&Package> = packages.filter(|&package| is_it(&Scope::of(&[package]))).collect();
            if found.is_empty() {
                return Err(unknown_crate(name));
            }
            let found = Scope::of(&found);
            all.folders.extend(found.folders);
            all.crates.extend(found.crates);
        }
        Ok(all)
    }
}

/// Packages as source paths and functions' paths show them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Scope {
    /// Where the packages lie; none where no project is.
    pub(crate) folders: Vec<Utf8PathBuf>,
    /// The names of the packages, their libraries and programs, as paths of functions begin.
    pub(crate) crates: Vec<String>,
}

impl Scope {
    fn of(packages: &[&Package]) -> Scope {
        let folders = packages.iter().filter_map(|package| Some(package.manifest_path.parent()?.to_owned())).collect();
        let names = packages.iter().flat_map(|package| {
            // Tests are named after what they test, which may be another package's.
            let own = package.targets.iter().filter(|target| !target.is_test() && !target.is_custom_build());
            let own = own.filter(|target| !target.is_bench() && !target.is_example());
            own.map(|target| target.name.as_str()).chain([package.name.as_str()])
        });
        let mut crates: Vec<String> = names.map(|name| name.replace('-', "_")).collect();
        crates.sort();
        crates.dedup();
        Scope { folders, crates }
    }
}

fn unknown_crate(name: &str) -> Trouble {
    Trouble::usage(format!(
        "no crate {name:?} in the project or among its dependencies: `cargo tree` shows the names that --crates takes"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_in_scope_by_folders_and_by_names_that_are_not_tests() {
        let here = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
        let manifest = ManifestOptions { manifest_path: Some(here.join("Cargo.toml")), ..Default::default() };
        let project = Project::load(&manifest, false).unwrap();
        let scope = project.members();
        let has = |name: &str| scope.crates.iter().any(|krate| krate == name);
        assert!(has("cargo_firsthit") && has("firsthit") && !has("code_map"), "{scope:?}");
        assert!(scope.folders.iter().any(|folder| folder == here) && project.root().join("harness/cli") == here);
        let named = project.crates(&["inject-macros".to_owned()]).unwrap();
        assert!(
            named.crates == ["inject_macros"] && named.folders == [project.root().join("inject-macros")],
            "{named:?}"
        );
    }
}
