//! Why the folder of a run could not be written or read, and the cure.

use std::fmt;

use camino::Utf8PathBuf;

use crate::file_error::FileError;
use crate::results::plan::Plan;

/// What is wrong with which file.
#[derive(Debug)]
pub(crate) enum OutputError {
    File(FileError),
    /// A line, counted from 1, that is not what stands in such a file.
    Line {
        path: Utf8PathBuf,
        line: usize,
        words: String,
    },
    /// Another process writes in the folder.
    Busy(Utf8PathBuf),
    /// The plan's form is of a later version.
    Newer {
        path: Utf8PathBuf,
        schema: u64,
    },
}

impl From<FileError> for OutputError {
    fn from(error: FileError) -> OutputError {
        OutputError::File(error)
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutputError::File(error) => error.fmt(f),
            OutputError::Line { path, line, words } => write!(
                f,
                "{path}:{line} is not as it was written ({words}): sweep again, or take the file from where it is whole"
            ),
            OutputError::Busy(path) => write!(
                f,
                "another cargo-firsthit is writing in {path}: wait for it, or set CARGO_TARGET_DIR to a folder of its own"
            ),
            OutputError::Newer { path, schema } => write!(
                f,
                "{path} was written by a newer cargo-firsthit (schema {schema}, this one knows up to {}): update \
                 cargo-firsthit",
                Plan::SCHEMA
            ),
        }
    }
}

impl std::error::Error for OutputError {}
