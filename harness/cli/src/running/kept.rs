//! What a run finds, kept as it comes: in the ledger and in the run's folder, which have the same in them.

use std::time::{Duration, Instant};

use crate::ledger::write::Run;
use crate::outputs::folder::RunFolder;
use crate::results::outcome::Outcome;
use crate::results::swept::Swept;
use crate::trouble::Trouble;

/// How many outcomes are written down at a time at most, and how long one waits for others: each time costs the disk's
/// confirmation.
const BATCH: usize = 64;
const PATIENCE: Duration = Duration::from_millis(200);

/// Where a run's findings are kept.
pub(crate) struct Kept {
    run: Run,
    folder: RunFolder,
    waiting: Vec<Outcome>,
    since: Instant,
}

impl Kept {
    pub(crate) fn new(run: Run, folder: RunFolder) -> Kept {
        Kept { run, folder, waiting: Vec::new(), since: Instant::now() }
    }

    /// Keeps what came of a chain, soon.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn add(&mut self, outcome: Outcome) -> Result<(), Trouble> {
        if self.waiting.is_empty() {
            self.since = Instant::now();
        }
        self.waiting.push(outcome);
        let is_time = self.waiting.len() >= BATCH || self.since.elapsed() >= PATIENCE;
        if is_time { self.write() } else { Ok(()) }
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&mut self) -> Result<(), Trouble> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.run.add(&self.waiting).map_err(|error| Trouble::usage(error.to_string()))?;
        self.folder.add(&self.waiting).map_err(|error| Trouble::usage(error.to_string()))?;
        self.waiting.clear();
        Ok(())
    }

    /// Keeps what became of a test, behind all of its outcomes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn test_done(&mut self, swept: &Swept) -> Result<(), Trouble> {
        self.write()?;
        self.run.test_done(swept).map_err(|error| Trouble::usage(error.to_string()))?;
        self.folder.test_done(swept).map_err(|error| Trouble::usage(error.to_string()))
    }

    /// Ends the run, `finished` or to be gone on with.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn end(&mut self, finished: bool) -> Result<(), Trouble> {
        self.write()?;
        if finished {
            self.run.finish().map_err(|error| Trouble::usage(error.to_string()))?;
        }
        self.folder.write_lists().map_err(|error| Trouble::usage(error.to_string()))
    }
}
