//! Where results lie that are to be merged, and where the merged one goes.

use camino::{Utf8Path, Utf8PathBuf};

use super::error::MergeError;
use super::join;
use crate::ledger::open::Ledger;
use crate::outputs::folder;
use crate::place::Place;
use crate::results::run_result::RunResult;

/// A result that was named, read.
pub(crate) struct Source {
    pub(crate) path: Utf8PathBuf,
    pub(crate) result: RunResult,
    /// The ledger that it came with.
    ledger: Option<Ledger>,
}

impl Source {
    /// Reads a result: from a folder that is laid out like `target/firsthit`, from the folder of a run, or, its last run,
    /// from a ledger.
    ///
    /// # Errors
    ///
    /// There is none, or it cannot be read.
    pub(crate) fn read(path: &Utf8Path) -> Result<Source, MergeError> {
        let ledger = if path.is_file() { path.to_owned() } else { Place::at(path).ledger() };
        let ledger = if ledger.is_file() { Some(Ledger::open_to_read(&ledger)?) } else { None };
        let run = [Place::at(path).run(), path.to_owned()].into_iter().find(|run| run.join(folder::PLAN).is_file());
        let result = match (run, &ledger) {
            (Some(run), _) => Some(folder::read(&run)?),
            (None, Some(ledger)) => ledger.latest_run()?.map(|run| ledger.result(run)).transpose()?,
            (None, None) => None,
        };
        let result = result.ok_or_else(|| MergeError::NoResult(path.to_owned()))?;
        Ok(Source { path: path.to_owned(), result, ledger })
    }
}

/// Merges what was read into a folder that is laid out like `target/firsthit`: its run is the merged one, and its ledger, if
/// there is one, keeps what it has and learns what the sources know. What the merged result lacks is in
/// [`RunResult::missing`].
///
/// # Errors
///
/// The results are not of the same, or the folder cannot be written.
pub(crate) fn merge(sources: &[Source], into: &Utf8Path, force: bool) -> Result<RunResult, MergeError> {
    let results: Vec<(&Utf8Path, &RunResult)> =
        sources.iter().map(|source| (source.path.as_path(), &source.result)).collect();
    let merged = join::join(&results, force)?;
    let ledger = Ledger::open(&Place::at(into).ledger())?;
    for source in sources {
        if let Some(known) = &source.ledger {
            ledger.take_over(known)?;
        }
        ledger.record(&source.result)?;
    }
    folder::write(&Place::at(into).run(), &merged)?;
    Ok(merged)
}
