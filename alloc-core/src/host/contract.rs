//! The one trait between the machine and the world around it.
#![expect(unsafe_code, reason = "declares a trait whose implementors vouch for memory")]

use core::fmt;
use core::ptr::NonNull;

use crate::units::{FrameNumber, Order, PAGE_SIZE};

/// The memory that a machine's frames lie in.
///
/// Any thread may call, several at once. `release` is called under the machine's lock, so that the pages stay free
/// meanwhile: it must not ask the machine for anything. A machine that is restarted calls `release` and `unmap` for all that the host has, and
/// goes on with it.
///
/// # Safety
/// The implementor vouches that
/// 1. `base` gives the same address for the host's whole life, aligned to 4 MiB, the size of a block of order 10;
/// 2. the `pages` pages from there are readable and writable until the host is dropped, and zeroed at first;
/// 3. nobody but the machine that owns the host reads or writes them, except as that machine's users do;
/// 4. `release` changes nothing but the contents of the given pages;
/// 5. `window` gives the same range for the host's whole life, page aligned and nobody else's, and after a successful
///    `map` its given pages are the memory of the given frames, in order, until they are unmapped;
/// 6. when `barrier` has returned true, every thread of the process has passed a full memory barrier since it was called.
pub unsafe trait Host: Send + Sync {
    /// Where frame 0 begins.
    fn base(&self) -> NonNull<u8>;

    /// How many pages there are.
    fn pages(&self) -> usize;

    /// The pages are free, and their contents are not needed: whatever stands behind them may be given back.
    ///
    /// They read as anything afterwards. The machine asks for this only with frames of its own, never beyond `pages`.
    fn release(&self, first: FrameNumber, pages: usize) {
        let _ = (first, pages);
    }

    /// A range of addresses at which frames can be mapped side by side, and its length in pages; `None` without one.
    fn window(&self) -> Option<(NonNull<u8>, usize)> {
        None
    }

    /// Makes `pages` pages of the window, from page `at` on, the memory of the frames from `first` on.
    ///
    /// # Errors
    /// What the operating system says; no page of the range is mapped to a frame then.
    fn map(&self, at: usize, first: FrameNumber, pages: usize) -> Result<(), HostError> {
        let _ = (at, first, pages);
        Err(HostError::NoMemory)
    }

    /// Makes `pages` pages of the window, from page `at` on, nobody's memory: touching them faults.
    fn unmap(&self, at: usize, pages: usize) {
        let _ = (at, pages);
    }

    /// How many processors there are.
    fn cpus(&self) -> usize {
        1
    }

    /// The processor that the calling thread runs on, counted from 0. It may run on another when the answer arrives:
    /// nothing but speed depends on it.
    fn cpu(&self) -> usize {
        0
    }

    /// Makes every thread of the process pass a full memory barrier; false if the operating system has none, or refuses it. A host that
    /// has it makes requests for single pages about twice as fast.
    fn barrier(&self) -> bool {
        false
    }
}

/// Why a host could not be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HostError {
    /// More pages than frame numbers or addresses.
    TooManyPages,
    /// The system's allocator gave no memory.
    NoMemory,
    /// The operating system refused, with this error number.
    System(i32),
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::TooManyPages => {
                f.write_str("more pages than can be numbered or addressed: build a smaller machine")
            }
            HostError::NoMemory => f.write_str("the surrounding process has no memory for the machine"),
            HostError::System(number) => write!(f, "the operating system refused the machine's memory: error {number}"),
        }
    }
}

impl core::error::Error for HostError {}

/// What a host's memory is aligned to, in bytes.
pub(crate) const ALIGN: usize = (Order::LARGEST.pages() as usize) * PAGE_SIZE;

/// The bytes of `pages` pages, if frame numbers and addresses suffice for them.
pub(crate) fn bytes(pages: usize) -> Result<usize, HostError> {
    let numbered = u32::try_from(pages).is_ok_and(|pages| pages < u32::MAX);
    let bytes = pages.checked_mul(PAGE_SIZE).filter(|bytes| *bytes <= isize::MAX as usize / 2);
    bytes.filter(|_| numbered).ok_or(HostError::TooManyPages)
}
