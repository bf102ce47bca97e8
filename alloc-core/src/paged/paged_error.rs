//! Why something paged was not read or written, and how far it had come.

use core::fmt;

use super::swap_error::SwapError;
use crate::error::AllocError;

/// Why a page was not to be had.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum PagedCause {
    /// There is no page in memory, and the swap is full: the limit of both together is reached. Free something, or make the swap larger.
    NoSpace,
    /// The machine gave no page although the swap has room: `NoMemory` if everything in memory is held by others or pinned, or
    /// another reason.
    Alloc(AllocError),
    /// The page could not be read from swap, or no page could be written to it to make room.
    Swap(SwapError),
    /// The position lies beyond 2^63 bytes, the largest file.
    PastEnd,
}

impl fmt::Display for PagedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PagedCause::NoSpace => f.write_str("no page is free, and the swap is full"),
            PagedCause::Alloc(error) => error.fmt(f),
            PagedCause::Swap(error) => error.fmt(f),
            PagedCause::PastEnd => f.write_str("a file has 2^63 bytes at most"),
        }
    }
}

/// Why a file was not read or written. What lies before [`at`](PagedError::at) is done, what lies there and behind is not: what was
/// within one page is as it was.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PagedError {
    /// The position in the file, in bytes, that could not be reached.
    pub at: u64,
    /// Why.
    pub cause: PagedCause,
}

impl fmt::Display for PagedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {} of the file: {}", self.at, self.cause)
    }
}

impl core::error::Error for PagedError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.cause {
            PagedCause::Alloc(error) => Some(error),
            PagedCause::Swap(error) => Some(error),
            PagedCause::NoSpace | PagedCause::PastEnd => None,
        }
    }
}
