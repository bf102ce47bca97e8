//! One remembered frame of a chain, and how to tell whether its callers are still the same.
#![expect(unsafe_code, reason = "reads words of a live stack")]

use super::stack::{WORD, word};
use crate::chain::id::Id;
use crate::chain::registers::Registers;

/// A frame of the remembered chain.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    /// Its registers as its callee leaves them; the callee's return address is the word below `sp`.
    pub(super) sp: usize,
    pub(super) ip: usize,
    pub(super) fp: usize,
    /// The word that `fp` was reloaded from, or where it was not the word below `sp`.
    pub(super) fp_slot: usize,
    /// The identity of the return addresses from the boundary in to this frame's `ip`.
    pub(super) id: Id,
}

impl Frame {
    /// Whether a walk stands in this very frame again.
    #[inline(always)]
    pub(super) fn is(&self, registers: &Registers) -> bool {
        (self.sp ^ registers.sp) | (self.ip ^ registers.ip) | (self.fp ^ registers.fp) == 0
    }

    /// Zero if the words that this frame's registers were loaded from still hold them.
    ///
    /// # Safety
    /// The slots can be read.
    #[inline(always)]
    pub(super) unsafe fn difference(&self) -> usize {
        let ip_slot = self.sp.wrapping_sub(WORD);
        let fp = if self.fp_slot == ip_slot { self.ip } else { self.fp };
        // SAFETY: 1. The caller's promise. 2. `Stack::caller` made both slots multiples of a word.
        unsafe { (word(ip_slot) ^ self.ip) | (word(self.fp_slot) ^ fp) }
    }
}
