//! Why a blob was not stored, found or freed.

use core::fmt;

use super::paged_error::PagedError;

/// Why a blob was not stored, found or freed. All blobs are as they were.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum BlobError {
    /// The cookie is no blob's: its blob was freed, or it never was one's.
    NoSuchBlob,
    /// There is room for fewer bytes than the blob has.
    TooLong {
        /// How many it has.
        len: u64,
    },
    /// The file that the blobs lie in could not be read or written.
    Paged(PagedError),
}

impl fmt::Display for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BlobError::NoSuchBlob => f.write_str("the cookie is no blob's, or no longer"),
            BlobError::TooLong { len } => write!(f, "the blob has {len} bytes, and there is room for fewer"),
            BlobError::Paged(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for BlobError {}

impl From<PagedError> for BlobError {
    fn from(error: PagedError) -> BlobError {
        BlobError::Paged(error)
    }
}
