//! Why results cannot be merged, and the cure.

use std::fmt;

use camino::Utf8PathBuf;

use crate::ledger::error::LedgerError;
use crate::outputs::error::OutputError;

#[derive(Debug)]
pub(crate) enum MergeError {
    Output(OutputError),
    Ledger(LedgerError),
    /// Nothing was named.
    Nothing,
    /// There is no result in what was named.
    NoResult(Utf8PathBuf),
    /// Two results are not of the same: what differs, and what it is in each.
    Different {
        what: String,
        one: (Utf8PathBuf, String),
        other: (Utf8PathBuf, String),
        /// Whether it can be merged all the same.
        can_be_forced: bool,
    },
}

impl From<OutputError> for MergeError {
    fn from(error: OutputError) -> MergeError {
        MergeError::Output(error)
    }
}

impl From<LedgerError> for MergeError {
    fn from(error: LedgerError) -> MergeError {
        MergeError::Ledger(error)
    }
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeError::Output(error) => error.fmt(f),
            MergeError::Ledger(error) => error.fmt(f),
            MergeError::Nothing => f.write_str("there is nothing to merge: name the folders of the results"),
            MergeError::NoResult(path) => write!(
                f,
                "there is no result in {path}: name a folder such as target/firsthit, one of a run (with plan.json), or a \
                 ledger.sqlite"
            ),
            MergeError::Different { what, one, other, can_be_forced } => {
                write!(f, "{what} differs: {} in {}, {} in {}: ", one.1, one.0, other.1, other.0)?;
                if *can_be_forced {
                    f.write_str("merge results of one build and one set of options, or say --force")
                } else {
                    f.write_str("merge results whose chains were split alike")
                }
            }
        }
    }
}

impl std::error::Error for MergeError {}
