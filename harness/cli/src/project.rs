//! The workspace that is worked on, as Cargo describes it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::process::Stdio;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{CargoOpt, Metadata, MetadataCommand, Package, PackageId, Target};
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
        let output = command.cargo_command().stdin(Stdio::null()).output();
        let output = output.map_err(|error| Trouble::usage(format!("cannot run Cargo: {error}; is it in PATH?")))?;
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

    /// Whether any library of the workspace has doctests.
    pub(crate) fn has_doctests(&self) -> bool {
        self.members().iter().any(|package| package.targets.iter().any(|target| target.doctest))
    }

    /// The folders of the workspace's packages, which may lie outside of its root.
    pub(crate) fn folders(&self) -> Vec<Utf8PathBuf> {
        folders(self.members().into_iter())
    }

    /// The folders of the packages of named crates, whether the names are packages' or crates'.
    ///
    /// # Errors
    /// Names a crate that nothing in the project uses; needs the dependencies to be loaded.
    pub(crate) fn folders_of(&self, names: &[String]) -> Result<Vec<Utf8PathBuf>, Trouble> {
        let mut all = Vec::new();
        for name in names {
            let symbol = name.replace('-', "_");
            let is_it = |given: &str| given.replace('-', "_") == symbol;
            let is_library = |target: &Target| !target.is_custom_build() && !target.is_test() && is_it(&target.name);
            let packages = self.metadata.packages.iter();
            let named = packages.filter(|package| is_it(&package.name) || package.targets.iter().any(is_library));
            match folders(named) {
                found if found.is_empty() => return Err(unknown_crate(name)),
                found => all.extend(found),
            }
        }
        Ok(all)
    }

    fn members(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }
}

fn folders<'a>(packages: impl Iterator<Item = &'a Package>) -> Vec<Utf8PathBuf> {
    packages.filter_map(|package| Some(package.manifest_path.parent()?.to_owned())).collect()
}

fn unknown_crate(name: &str) -> Trouble {
    Trouble::usage(format!(
        "no crate {name:?} in the project or among its dependencies: `cargo tree` shows the names that --crates takes"
    ))
}
