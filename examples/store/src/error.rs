//! What a caller of the store can be told.

use std::collections::TryReserveError;
use std::{fmt, io};

/// Why the store could not do what it was asked to; it is as it was before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// There was no memory.
    NoMemory,
    /// The file could not be read or written.
    Io(io::ErrorKind),
    /// The file holds something at this offset that was never written there.
    Damaged {
        /// In bytes, from the start of the file.
        offset: u64,
    },
    /// A key or value of this many bytes has no room in a record.
    TooLong(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoMemory => f.write_str("out of memory"),
            Error::Io(kind) => write!(f, "the file: {kind}"),
            Error::Damaged { offset } => write!(f, "the file is damaged at byte {offset}"),
            Error::TooLong(bytes) => write!(f, "{bytes} bytes are too long for a key or value"),
        }
    }
}

impl std::error::Error for Error {}

impl From<TryReserveError> for Error {
    fn from(_: TryReserveError) -> Error {
        Error::NoMemory
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(error.kind())
    }
}
