//! Why the ledger could not be used, and the cure.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::{ErrorCode, ffi};

/// How long one waits for other processes, in seconds; a writer of theirs is done in milliseconds.
pub(super) const BUSY_S: u64 = 30;

/// Which ledger, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct LedgerError {
    pub(crate) path: Utf8PathBuf,
    pub(crate) kind: LedgerErrorKind,
}

/// What is wrong; the texts are the system's or SQLite's words.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum LedgerErrorKind {
    /// There is none, and none is made where one only reads.
    Absent,
    /// The file is another program's, or no database.
    Foreign(String),
    /// A later version of this tool has written it: the form of the file.
    Newer(i64),
    /// It cannot be written, or not even read, where it is.
    Denied(String),
    /// The disk is full, the quota used up, or a file must not grow.
    Full(String),
    /// Another process has kept it for itself.
    Busy,
    /// What is in it cannot be true.
    Damaged(String),
    /// What else SQLite says.
    Other(String),
}

impl LedgerError {
    pub(crate) fn new(path: &Utf8Path, kind: LedgerErrorKind) -> LedgerError {
        LedgerError { path: path.to_owned(), kind }
    }

    pub(crate) fn of_sqlite(path: &Utf8Path, error: &rusqlite::Error) -> LedgerError {
        LedgerError::new(path, kind_of(error))
    }
}

fn kind_of(error: &rusqlite::Error) -> LedgerErrorKind {
    let words = error.to_string();
    let Some(ffi::Error { code, extended_code }) = error.sqlite_error() else {
        // A column of another type, or without a value: no version of this tool has written that.
        return LedgerErrorKind::Damaged(words);
    };
    // A write beyond a quota or a limit of size is an input/output error to SQLite, as is a disk that is full already
    // when the file that readers and writers share is made.
    const WRITES: [i32; 5] = [
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_IOERR_DIR_FSYNC,
        ffi::SQLITE_IOERR_TRUNCATE,
        ffi::SQLITE_IOERR_SHMSIZE,
    ];
    match code {
        ErrorCode::DiskFull => LedgerErrorKind::Full(words),
        ErrorCode::SystemIoFailure if WRITES.contains(extended_code) => LedgerErrorKind::Full(words),
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => LedgerErrorKind::Denied(words),
        ErrorCode::NotADatabase => LedgerErrorKind::Foreign(words),
        ErrorCode::DatabaseCorrupt => LedgerErrorKind::Damaged(words),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => LedgerErrorKind::Busy,
        _ => LedgerErrorKind::Other(words),
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match &self.kind {
            LedgerErrorKind::Absent => {
                write!(f, "there is no ledger at {path}: sweep first, with `cargo firsthit test`")
            }
            LedgerErrorKind::Foreign(words) => {
                write!(f, "{path} is not a ledger of firsthit ({words}): move that file away, or name another place")
            }
            LedgerErrorKind::Newer(form) => write!(
                f,
                "{path} was written by a newer cargo-firsthit (form {form}, this one knows up to {}): update \
                 cargo-firsthit, or move the file away to begin another",
                super::schema::VERSION
            ),
            LedgerErrorKind::Denied(words) => write!(
                f,
                "the ledger {path} cannot be opened to write ({words}): make its folder and its files writable, or set \
                 CARGO_TARGET_DIR to a folder that is"
            ),
            LedgerErrorKind::Full(words) => write!(
                f,
                "the ledger {path} cannot grow ({words}): the disk is full, or a quota or a limit of file sizes \
                 (`ulimit -f`) is reached. What was added before is kept; make room, then go on with --resume"
            ),
            LedgerErrorKind::Busy => write!(
                f,
                "the ledger {path} is held by another process for longer than {} seconds: wait for it or end it, then go \
                 on with --resume",
                BUSY_S
            ),
            LedgerErrorKind::Damaged(words) => write!(
                f,
                "the ledger {path} is damaged ({words}): move it away; `cargo firsthit merge` makes another from the \
                 folders of runs"
            ),
            LedgerErrorKind::Other(words) => write!(f, "the ledger {path} fails: {words}"),
        }
    }
}

impl std::error::Error for LedgerError {}
