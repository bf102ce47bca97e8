//! What is wrong in the file of expectations: where, which field, and the cure.

use std::fmt;

use camino::Utf8PathBuf;

use crate::file_error::FileError;

#[derive(Debug)]
pub(crate) enum ExpectationsError {
    File(FileError),
    Text {
        path: Utf8PathBuf,
        /// Counted from 1.
        line: usize,
        /// As `verdict`, where one is known.
        field: Option<&'static str>,
        /// What is wrong, and what to write instead.
        words: String,
    },
}

impl From<FileError> for ExpectationsError {
    fn from(error: FileError) -> ExpectationsError {
        ExpectationsError::File(error)
    }
}

impl fmt::Display for ExpectationsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExpectationsError::File(error) => error.fmt(f),
            ExpectationsError::Text { path, line, field: Some(field), words } => {
                write!(f, "{path}:{line}: {field}: {words}")
            }
            ExpectationsError::Text { path, line, field: None, words } => write!(f, "{path}:{line}: {words}"),
        }
    }
}

impl std::error::Error for ExpectationsError {}
