//! Why a page was not written to swap, or not read from it.

use core::fmt;

use crate::units::PAGE_SIZE;

/// Which way a page goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SwapWay {
    /// From memory to the file.
    Out,
    /// From the file to memory.
    In,
}

/// Why a page was not written to swap, or not read from it. What was there before is there still.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum SwapError {
    /// Every slot is taken: free some, or make the swap larger.
    NoSpace,
    /// The operating system refused. A full disk is `errno` 28 (`ENOSPC`), a quota 122 (`EDQUOT`), both on Linux.
    Io {
        /// Which way the page went.
        way: SwapWay,
        /// The slot.
        slot: u32,
        /// The system's number of the error; 0 if it has none.
        errno: i32,
    },
    /// The file ended within the slot, or took no more bytes: somebody else made it shorter.
    Short {
        /// Which way the page went.
        way: SwapWay,
        /// The slot.
        slot: u32,
    },
    /// What was read is not what was written: the file was changed.
    Corrupted {
        /// The slot.
        slot: u32,
    },
    /// A fault source failed it (`fail_swap_io`); the file was not touched.
    Injected {
        /// Which way the page went.
        way: SwapWay,
    },
    /// The process is the child of the one that made the swap: both would write to one file. Make one in the child.
    Forked,
}

impl SwapError {
    /// Where in the file the slot begins, in bytes, if the error is about a slot.
    pub const fn position(self) -> Option<u64> {
        match self {
            SwapError::Io { slot, .. } | SwapError::Short { slot, .. } | SwapError::Corrupted { slot } => {
                Some(slot as u64 * PAGE_SIZE as u64)
            }
            _ => None,
        }
    }
}

impl fmt::Display for SwapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |way: &SwapWay| if *way == SwapWay::Out { "writing" } else { "reading" };
        match self {
            SwapError::NoSpace => return f.write_str("the swap is full"),
            SwapError::Io { way, slot, errno } => write!(f, "{} slot {slot} of the swap: error {errno}", name(way)),
            SwapError::Short { way, slot } => write!(f, "{} slot {slot} of the swap: the file ends there", name(way)),
            SwapError::Corrupted { slot } => write!(f, "slot {slot} of the swap is not what was written there"),
            SwapError::Injected { way } => return write!(f, "{} the swap was failed by the fault source", name(way)),
            SwapError::Forked => return f.write_str("the swap belongs to the process that this one was forked from"),
        }?;
        self.position().map_or(Ok(()), |position| write!(f, " (at byte {position} of its file)"))
    }
}

impl core::error::Error for SwapError {}
