//! The text lists of a run: for each verdict a file with a line for each chain.

use camino::{Utf8Path, Utf8PathBuf};
use firsthit::Verdict;

use super::line::{Line, innermost, place};
use crate::file_error::FileError;
use crate::replace_file::replace_file;
use crate::results::outcome::Outcome;

/// Where the list of a verdict lies. There is one for each verdict, empty where no chain has it.
pub(crate) fn path(folder: &Utf8Path, verdict: Verdict) -> Utf8PathBuf {
    folder.join(format!("{verdict}.txt"))
}

/// Writes all lists anew, sorted by test and place, and at one place as they come.
pub(super) fn write<'a>(folder: &Utf8Path, outcomes: impl Iterator<Item = &'a Outcome>) -> Result<(), FileError> {
    let mut sorted: Vec<&Outcome> = outcomes.collect();
    sorted.sort_by_cached_key(|outcome| {
        let frame = innermost(&outcome.chain);
        let file = frame.and_then(|frame| frame.file.clone());
        (outcome.test.clone(), file, frame.and_then(|frame| frame.line), place(frame))
    });
    for verdict in Verdict::ALL {
        let lines = sorted.iter().filter(|outcome| outcome.verdict == verdict);
        let text: String = lines.map(|outcome| format!("{}\n", Line(outcome))).collect();
        replace_file(&path(folder, verdict), text.as_bytes())?;
    }
    Ok(())
}
