//! Where a command works: the project with its configuration and results, or without a project the working folder.

use std::env;

use camino::{Utf8Path, Utf8PathBuf};

use crate::config::{Config, EXPECTATIONS};
use crate::expectations::file::Expectations;
use crate::options::cargo::ManifestOptions;
use crate::place::Place;
use crate::project::Project;
use crate::trouble::Trouble;

/// A project and what is said in it, or the place of what was run without one.
pub(crate) struct Home {
    pub(crate) project: Option<Project>,
    pub(crate) config: Config,
    pub(crate) place: Place,
    /// The workspace's folder, or the working folder.
    folder: Utf8PathBuf,
}

/// The project, and the configuration of its workspace. Dependencies are loaded if crates are named, for they may be among them.
///
/// # Errors
/// There is no project, or it or its configuration cannot be read.
pub(crate) fn project(options: &ManifestOptions, crates: &[String]) -> Result<(Project, Config), Trouble> {
    let project = Project::load(options, !crates.is_empty())?;
    let config = Config::load(project.root())?;
    if crates.is_empty() && !config.crates.is_empty() {
        return Ok((Project::load(options, true)?, config));
    }
    Ok((project, config))
}

impl Home {
    /// Of the working folder, or of the manifest that is named.
    ///
    /// # Errors
    /// As for [`project`], where there is one; or the working folder cannot be named.
    pub(crate) fn find(options: &ManifestOptions, crates: &[String]) -> Result<Home, Trouble> {
        let folder = env::current_dir().ok().and_then(|folder| Utf8PathBuf::from_path_buf(folder).ok());
        let folder = folder
            .ok_or_else(|| Trouble::usage("the working folder is gone, or its path is no UTF-8: change to another"))?;
        if options.manifest_path.is_some() || Project::is_here(&folder) {
            let (project, config) = project(options, crates)?;
            let (place, folder) = (Place::in_target(project.target_folder()), project.root().to_owned());
            return Ok(Home { project: Some(project), config, place, folder });
        }
        let named = env::var("CARGO_TARGET_DIR").ok().filter(|named| !named.is_empty());
        let place = Place::in_target(&folder.join(named.as_deref().unwrap_or("target")));
        Ok(Home { project: None, config: Config::default(), place, folder })
    }

    /// The workspace's folder, where there is one.
    pub(crate) fn root(&self) -> Option<&Utf8Path> {
        self.project.as_ref().map(Project::root)
    }

    /// What is expected of the chains.
    ///
    /// # Errors
    /// The file of expectations cannot be read.
    pub(crate) fn expectations(&self) -> Result<Expectations, Trouble> {
        let path = self.folder.join(self.config.expectations.as_deref().unwrap_or(EXPECTATIONS.into()));
        Expectations::read(&path).map_err(|error| Trouble::usage(error.to_string()))
    }
}
