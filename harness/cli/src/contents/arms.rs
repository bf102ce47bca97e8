//! The recovery arms of annotated code: what its test programs have left of them, and how many are tested.

use std::env;

use camino::{Utf8Path, Utf8PathBuf};
use firsthit::Verdict;
use firsthit::coverage::door::{self, Point, Progress};

/// All sites and recovery arms that are known.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Arms {
    /// By file, line and column; paths are as the compiler was given them, mostly relative to the workspace.
    pub(crate) points: Vec<Point>,
    /// What could not be read, a sentence an entry.
    pub(crate) faults: Vec<String>,
}

impl Arms {
    /// What lies where the environment says, or else in this folder of the project; nothing if no annotated program has run.
    pub(crate) fn read(usual: &Utf8Path) -> Option<Arms> {
        let named = env::var_os("FIRSTHIT_COVERAGE_DIR").filter(|folder| !folder.is_empty());
        let folder = named.map_or_else(|| usual.as_std_path().to_owned(), Into::into);
        let mut gathered = door::gather(&folder).ok()?;
        if gathered.points.is_empty() && gathered.faults.is_empty() {
            return None;
        }
        gathered.points.sort_by(|one, other| place(one).cmp(&place(other)));
        Some(Arms { points: gathered.points, faults: gathered.faults })
    }

    /// The arms, without the sites.
    pub(crate) fn arms(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(|point| !point.is_site)
    }

    /// The arms that are to be tested: those that nobody has excused.
    pub(crate) fn wanted(&self) -> usize {
        self.arms().filter(|arm| arm.excuse.is_none()).count()
    }

    /// Of these, those that ran because of a failure that ended well.
    pub(crate) fn tested(&self) -> usize {
        self.arms().filter(|arm| arm.excuse.is_none() && arm.state == Progress::Tested).count()
    }
}

fn place(point: &Point) -> (&str, u32, u32, &str) {
    (&point.file, point.line, point.column, &point.id)
}

/// How often an injected failure led a run through a point, whatever came of it.
pub(crate) fn injections(point: &Point) -> u64 {
    point.verdicts.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
}

/// How many of these ended well.
pub(crate) fn ended_well(point: &Point) -> u64 {
    let well = point.verdicts.iter().filter(|(verdict, _)| Verdict::is_good(*verdict));
    well.fold(0, |sum, (_, count)| sum.saturating_add(*count))
}

/// A point's file as the lines of chains name theirs: relative to the workspace if it lies in there.
pub(crate) fn file(point: &Point, root: Option<&Utf8Path>) -> Utf8PathBuf {
    let path = Utf8Path::new(&point.file);
    root.and_then(|root| path.strip_prefix(root).ok()).unwrap_or(path).to_owned()
}
