//! Where things lie: everything that is written goes below one folder, `target/firsthit`.

use camino::{Utf8Path, Utf8PathBuf};

/// The folder, and what lies where in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    root: Utf8PathBuf,
}

impl Place {
    /// In a target folder of Cargo's.
    pub(crate) fn in_target(target_folder: &Utf8Path) -> Place {
        Place { root: target_folder.join("firsthit") }
    }

    /// A folder that is laid out the same, such as another machine's that was copied.
    pub(crate) fn at(root: impl Into<Utf8PathBuf>) -> Place {
        Place { root: root.into() }
    }

    pub(crate) fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The target folder of the instrumented build.
    pub(crate) fn build(&self) -> Utf8PathBuf {
        self.root.join("build")
    }

    /// The package by which Cargo is asked for the flags and variables that a build has here.
    pub(crate) fn probe(&self) -> Utf8PathBuf {
        self.build().join("probe")
    }

    /// What is known of all chains.
    pub(crate) fn ledger(&self) -> Utf8PathBuf {
        self.root.join("ledger.sqlite")
    }

    /// The last run.
    pub(crate) fn run(&self) -> Utf8PathBuf {
        self.root.join("run")
    }

    /// The report as a page.
    pub(crate) fn page(&self) -> Utf8PathBuf {
        self.root.join("html")
    }

    /// What the last run was to do, written first.
    pub(crate) fn plan(&self) -> Utf8PathBuf {
        self.run().join("plan.json")
    }
}
