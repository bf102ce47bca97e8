//! A file that could not be read or written, and the cure.

use std::fmt;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

/// Which file, what was to be done with it, and what stood against it.
#[derive(Debug)]
pub(crate) struct FileError {
    pub(crate) path: Utf8PathBuf,
    /// As in "cannot write".
    doing: &'static str,
    pub(crate) error: io::Error,
}

impl FileError {
    pub(crate) fn reading(path: &Utf8Path, error: io::Error) -> FileError {
        FileError { path: path.to_owned(), doing: "read", error }
    }

    pub(crate) fn writing(path: &Utf8Path, error: io::Error) -> FileError {
        FileError { path: path.to_owned(), doing: "write", error }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FileError { path, doing, error } = self;
        write!(f, "cannot {doing} {path}: {error}")?;
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                f.write_str("; make room, then go on with --resume")
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                write!(f, "; allow this user to {doing} it, or name another place")
            }
            io::ErrorKind::NotFound => f.write_str("; name one that is there"),
            io::ErrorKind::IsADirectory => f.write_str("; name a file and not a folder"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for FileError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_file_and_the_cure() {
        let error = FileError::writing(Utf8Path::new("run/plan.json"), io::ErrorKind::StorageFull.into()).to_string();
        assert!(error.starts_with("cannot write run/plan.json: ") && error.ends_with("--resume"), "{error}");
        let error = FileError::reading(Utf8Path::new("a.diff"), io::ErrorKind::NotFound.into()).to_string();
        assert!(error.starts_with("cannot read a.diff: ") && error.ends_with("name one that is there"), "{error}");
    }
}
