//! Where a run takes place, what of the project is swept in it, and how it is told.

use camino::{Utf8Path, Utf8PathBuf};

use crate::build::program::Program;
use crate::chains::owner::Owners;
use crate::options::output::OutputOptions;
use crate::place::Place;
use crate::results::origin::Origin;
use crate::settings::Settings;

/// What a run is given beside its programs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) place: &'a Place,
    /// Whether nothing of the workspace is left out.
    pub(crate) all: bool,
    /// The workspace's folder, where there is one.
    pub(crate) root: Option<&'a Utf8Path>,
    /// By what a chain of the run can be failed again.
    pub(crate) origin: Option<&'a Origin>,
    pub(crate) output: &'a OutputOptions,
}

impl Setting<'_> {
    /// Whether every chain of every test is to be failed, by all shards together.
    pub(crate) fn whole(&self) -> bool {
        self.all && self.settings.in_diff.is_none() && !self.settings.new_only
    }

    /// The folders of the packages whose tests are swept or whose chains are failed, relative to the workspace's.
    pub(crate) fn packages(&self) -> Vec<Utf8PathBuf> {
        let root = self.root.unwrap_or(Utf8Path::new("/"));
        let within = |folder: &Utf8PathBuf| folder.strip_prefix(root).map(Utf8Path::to_owned).ok();
        self.settings.packages.iter().filter_map(within).collect()
    }

    /// Whose the functions of the programs are.
    pub(crate) fn owners(&self, programs: &[Program]) -> Owners {
        let Setting { settings, place, root, .. } = self;
        let no_test = programs.iter().find(|program| !program.built);
        Owners {
            root: root.map(Into::into).unwrap_or_default(),
            target: place.build().into(),
            folders: settings.scope.folders.iter().map(Into::into).collect(),
            crates: settings.scope.crates.clone(),
            program: no_test.map(|program| program.path.clone().into()),
        }
    }
}
