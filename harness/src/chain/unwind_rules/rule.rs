//! One unwind rule in one word: how the registers of a frame's caller are found.

use super::walk_error::WalkError;

/// Where the canonical frame address is measured from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Base {
    StackPointer,
    FramePointer,
}

/// Why a program counter has no rule that a walk could follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    /// No loaded module has unwind information for it.
    Missing = 1,
    /// Its rule needs more than the stack and frame pointers: an expression, another register.
    Unsupported = 2,
    /// It is the outermost frame of its thread: the return address is undefined.
    Outermost = 3,
}

/// A packed rule, never zero, so that zero can mean "not yet known" in the table.
///
/// Bit 0 is always set; 1: the base is the frame pointer; 2: the frame pointer is saved; 3: refused.
/// Bits 16 to 31 hold the offset of the saved frame pointer from the canonical frame address (or
/// the refusal), bits 32 to 63 the offset of that address from the base. The return address is the word below it.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(super) struct Rule(u64);

const PRESENT: u64 = 1;
const BASE_IS_FP: u64 = 1 << 1;
const FP_SAVED: u64 = 1 << 2;
const REFUSED: u64 = 1 << 3;
const WORD: i64 = 8;

impl Rule {
    /// The rule for a frame address `cfa_offset` above `base` and, where the frame pointer
    /// has been saved, `fp_offset` from there to its slot; `None` where the numbers do not fit.
    pub(super) fn new(base: Base, cfa_offset: i64, fp_offset: Option<i64>) -> Option<Rule> {
        let cfa = u64::from(i32::try_from(cfa_offset).ok()?.cast_unsigned());
        let mut bits = PRESENT | cfa << 32;
        if base == Base::FramePointer {
            bits |= BASE_IS_FP;
        }
        if let Some(offset) = fp_offset {
            // The slot of the return address is the frame's last word: nothing else is saved there or above.
            if offset % WORD != 0 || offset >= -WORD {
                return None;
            }
            bits |= FP_SAVED | u64::from(i16::try_from(offset).ok()?.cast_unsigned()) << 16;
        }
        Some(Rule(bits))
    }

    pub(super) const fn refused(refusal: Refusal) -> Rule {
        Rule(PRESENT | REFUSED | (refusal as u64) << 16)
    }

    /// The word that the table keeps.
    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    /// The rule in a word of the table, if there is one yet.
    #[inline(always)]
    pub(super) const fn from_bits(bits: u64) -> Option<Rule> {
        if bits == 0 { None } else { Some(Rule(bits)) }
    }

    #[inline(always)]
    pub(super) const fn is_refused(self) -> bool {
        self.0 & REFUSED != 0
    }

    /// The error of a walk that this rule ends at `ip`.
    #[cold]
    pub(super) const fn error(self, ip: usize) -> WalkError {
        match (self.0 >> 16) as u16 {
            1 => WalkError::NoRule { ip },
            2 => WalkError::Unsupported { ip },
            _ => WalkError::LeftStack { ip },
        }
    }

    /// The canonical frame address of a frame with these two registers.
    #[inline(always)]
    pub(super) const fn cfa(self, sp: usize, fp: usize) -> usize {
        let base = if self.0 & BASE_IS_FP == 0 { sp } else { fp };
        base.wrapping_add_signed((self.0.cast_signed() >> 32) as isize)
    }

    /// The slot of the saved frame pointer, or `None` where the register has not been touched.
    #[inline(always)]
    pub(super) const fn fp_slot(self, cfa: usize) -> Option<usize> {
        if self.0 & FP_SAVED == 0 {
            return None;
        }
        Some(cfa.wrapping_add_signed((self.0 >> 16) as i16 as isize))
    }
}

#[cfg(test)]
mod tests {
    use super::{Base, Refusal, Rule, WalkError};

    #[test]
    fn what_is_packed_comes_back() {
        let rule = Rule::new(Base::StackPointer, 4096, Some(-24)).unwrap();
        assert_eq!(rule.cfa(0x1000, 0x7777), 0x2000);
        assert_eq!(rule.fp_slot(0x2000), Some(0x1fe8));
        let rule = Rule::new(Base::FramePointer, -8, None).unwrap();
        assert_eq!(rule.cfa(0x1000, 0x7778), 0x7770);
        assert_eq!(rule.fp_slot(0x7770), None);
        assert!(!rule.is_refused());
        assert!(Rule::from_bits(rule.bits()) == Some(rule));
    }

    #[test]
    fn what_does_not_fit_is_no_rule() {
        assert!(Rule::new(Base::StackPointer, 1 << 31, None).is_none());
        assert!(Rule::new(Base::StackPointer, 16, Some(-12)).is_none());
        assert!(Rule::new(Base::StackPointer, 16, Some(-8)).is_none());
        assert!(Rule::new(Base::StackPointer, 16, Some(-40_000)).is_none());
    }

    #[test]
    fn a_refusal_says_why_and_where() {
        assert_eq!(Rule::refused(Refusal::Missing).error(5), WalkError::NoRule { ip: 5 });
        assert_eq!(Rule::refused(Refusal::Unsupported).error(6), WalkError::Unsupported { ip: 6 });
        assert_eq!(Rule::refused(Refusal::Outermost).error(7), WalkError::LeftStack { ip: 7 });
    }
}
