//! The part of a stack that a walk may read, and the one step from a frame to its caller.
#![expect(unsafe_code, reason = "reads words of a live stack")]

use super::rule::Rule;
use super::walk_error::WalkError;
use crate::chain::boundary::Boundary;
use crate::chain::registers::Registers;

/// Bytes of a stack word.
pub(super) const WORD: usize = size_of::<usize>();

/// The words from a walk's starting stack pointer up to the trampoline's return address.
///
/// # Invariants
/// Every address from `start.sp` up to `end` is of one live stack; both ends are multiples of a word.
#[derive(Clone, Copy)]
pub(super) struct Stack {
    /// The trampoline's stack pointer: the canonical frame address of the function it called.
    end: usize,
    /// The address in the trampoline that this function returns to.
    end_ip: usize,
}

/// A caller's registers and where they came from.
#[derive(Clone, Copy)]
pub(super) struct Caller {
    pub(super) registers: Registers,
    /// The slot that the frame pointer was reloaded from; without one, the slot of the return address.
    pub(super) fp_slot: usize,
}

impl Stack {
    /// The stack from `start` up to `boundary`.
    ///
    /// # Errors
    /// [`WalkError::LeftStack`] where `start` does not lie below the boundary.
    ///
    /// # Safety
    /// If `start.sp` lies below `boundary.fp`, every word from the one up to the other can be read.
    #[inline(always)]
    pub(super) unsafe fn new(start: &Registers, boundary: &Boundary) -> Result<Stack, WalkError> {
        if start.sp >= boundary.fp || !(start.sp | boundary.fp).is_multiple_of(WORD) {
            return Err(WalkError::LeftStack { ip: start.ip });
        }
        // INVARIANT: the caller has promised the words, and the condition above is the alignment.
        Ok(Stack { end: boundary.fp, end_ip: boundary.ip })
    }

    /// Finds the caller of `frame` by `rule`.
    ///
    /// # Guarantees
    /// The caller's stack pointer is above the frame's and at most the end of the stack.
    /// Its return address and `fp_slot` lie from the frame's stack pointer up to below the caller's.
    ///
    /// # Safety
    /// `frame.sp` is the starting stack pointer of this stack's walk or an earlier step's, and not its end.
    #[inline(always)]
    pub(super) unsafe fn caller(&self, frame: &Registers, rule: Rule, exact: bool) -> Result<Caller, WalkError> {
        if rule.is_refused() {
            return Err(rule.error(frame.ip));
        }
        let cfa = rule.cfa(frame.sp, frame.fp);
        if cfa <= frame.sp || cfa > self.end || !cfa.is_multiple_of(WORD) {
            return Err(WalkError::LeftStack { ip: frame.ip });
        }
        let ip_slot = cfa.wrapping_sub(WORD);
        // SAFETY: 1. `frame.sp < cfa` and both are multiples of a word, so `frame.sp <= ip_slot < cfa <= end`.
        // 2. The type's invariant says that those words can be read.
        let ip = unsafe { word(ip_slot) };
        let mut fp = frame.fp;
        let mut fp_slot = ip_slot;
        if let Some(slot) = rule.fp_slot(cfa) {
            if slot >= frame.sp {
                // SAFETY: 1. `frame.sp <= slot`, and a rule's slot lies below `ip_slot` by at least a word.
                // 2. It is a multiple of a word, as `cfa` and the rule's offset are. 3. The type's invariant.
                fp = unsafe { word(slot) };
                fp_slot = slot;
            } else if !exact {
                return Err(WalkError::LeftStack { ip: frame.ip });
            }
            // In an epilogue that has popped the register already it holds the caller's value.
        }
        Ok(Caller { registers: Registers { ip, sp: cfa, fp }, fp_slot })
    }

    /// Whether `caller` is the trampoline's frame.
    ///
    /// # Errors
    /// [`WalkError::LeftStack`] where the walk came to its address with another return address.
    #[inline(always)]
    pub(super) fn ends_at(&self, caller: &Registers) -> Result<bool, WalkError> {
        if caller.sp != self.end {
            return Ok(false);
        }
        if caller.ip == self.end_ip { Ok(true) } else { Err(WalkError::LeftStack { ip: caller.ip }) }
    }
}

/// The stack word at `address`.
///
/// # Safety
/// `address` is a multiple of a word and can be read.
#[inline(always)]
pub(super) unsafe fn word(address: usize) -> usize {
    // SAFETY: 1. The caller vouches for the address. 2. The read is volatile since compiled code
    // knows nothing of it, and it is of a word that only this thread writes.
    unsafe { core::ptr::with_exposed_provenance::<usize>(address).read_volatile() }
}
