//! Why a mapped slice was not made, or why a page of it could not be brought in; and what becomes of whoever touched that page.

use core::fmt;

use super::swap_error::SwapError;
use crate::error::AllocError;

/// Why there is no [`SwapMap`](super::swap_map::SwapMap), or why a page of one could not be brought in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum MapError {
    /// A slice of no elements, or of more bytes than there are addresses.
    Size,
    /// The window of the machine's host has no range that is long enough: build a [`MemfdHost`](crate::MemfdHost) with a larger one.
    NoAddresses,
    /// The surrounding process has no memory for the table of pages, or no thread.
    NoMemory,
    /// The operating system refused, with this number of the error. Where userfaultfd is not allowed, [`PageIn::Signals`] is.
    System(i32),
    /// No page of the machine is free, and the map has none that it could do without.
    Alloc(AllocError),
    /// The page could not be read from swap, or another one not written to it to make room.
    Swap(SwapError),
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MapError::Size => f.write_str("a mapped slice has one element at least, and fits into the address space"),
            MapError::NoAddresses => f.write_str("the window of the machine's host has no range that is long enough"),
            MapError::NoMemory => f.write_str("the process has no memory for the table of pages, or no thread"),
            MapError::System(number) => write!(f, "the operating system refused to map pages: error {number}"),
            MapError::Alloc(error) => write!(f, "no page for what was touched: {error}"),
            MapError::Swap(error) => write!(f, "what was touched cannot be brought in: {error}"),
        }
    }
}

impl core::error::Error for MapError {}

/// How a touch of a page that is out is noticed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum PageIn {
    /// By userfaultfd if the process may have it, and otherwise by signals.
    #[default]
    Any,
    /// By userfaultfd, for faults of user mode only (`UFFD_USER_MODE_ONLY`), which Linux allows everybody since 5.11 unless it was built
    /// without it. Pages lie in memory of the map's own, of which a page of the machine is held for each.
    Userfaultfd,
    /// By a handler of SIGSEGV, which hands all other faults on to the one that was there before. Pages are the machine's, mapped into the window
    /// of its host, each by a mapping of its own (Linux grants a process 65,530).
    Signals,
}

/// What becomes of whoever touches a page that cannot be brought in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum PageInFailure {
    /// It gets SIGBUS with the address, as from a mapped file that cannot be read: the process ends, unless it handles that.
    #[default]
    Signal,
    /// Inside of [`SwapMap::with`](super::swap_map::SwapMap::with) it finds bytes of 0xaa there, and the guard returns the error, after which the page is out as it was.
    /// Elsewhere it gets SIGBUS.
    ErrOnGuard,
    /// It finds bytes of 0xaa there, for ever: what was there is lost. [`SwapMap::failed_pages`](super::swap_map::SwapMap::failed_pages) tells.
    Poison,
}

/// The byte that pages are filled with that could not be brought in.
pub(super) const POISON: u8 = 0xaa;
