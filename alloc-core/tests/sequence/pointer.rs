//! Memory that is known by its address alone.
#![expect(unsafe_code, reason = "reads and writes through a pointer")]

use std::ptr::NonNull;

/// An address that a machine gave out, and how many bytes are there.
///
/// # Invariants
/// Whoever has the value has the memory, and nobody else has.
pub struct Pointer {
    pub at: NonNull<u8>,
    pub len: usize,
    /// The cache of the sequence that it came from, if it did.
    pub cache: Option<usize>,
}

impl Pointer {
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: by the invariant; the machine's memory is initialised.
        unsafe { std::slice::from_raw_parts(self.at.as_ptr(), self.len) }
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and the value is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.at.as_ptr(), self.len) }
    }
}
