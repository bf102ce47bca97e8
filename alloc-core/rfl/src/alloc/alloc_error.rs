//! That memory was not to be had. Why, the machine's events tell.

use core::fmt;

/// That memory was not to be had: an error of no size. Why, the machine's events tell:
/// [`Machine::events_since`](alloc_core::Machine::events_since).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AllocError;

impl fmt::Display for AllocError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory was not to be had")
    }
}

impl core::error::Error for AllocError {}
