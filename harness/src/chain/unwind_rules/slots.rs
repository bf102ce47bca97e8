//! A hash table with open addressing from program counters to rules, of a fixed size.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::frame_info;
use super::rule::Rule;

/// Slots looked at before a program counter is given up as one there is no room for.
pub(super) const PROBES: usize = 24;
const SPREAD: usize = 0x9e37_79b9_7f4a_7c15;

/// `N` slots, a power of two.
///
/// # Invariants
/// A slot's `pc` goes from zero to one program counter and then stays; its `rule` is zero
/// or that counter's rule. So any order of the loads and stores of different slots is right.
pub(super) struct Slots<const N: usize>([Slot; N]);

struct Slot {
    pc: AtomicUsize,
    rule: AtomicU64,
}

impl<const N: usize> Slots<N> {
    const SHIFT: u32 = {
        assert!(N.is_power_of_two());
        usize::BITS - N.trailing_zeros()
    };

    /// The rule of `pc`, if it was put where it is looked for first.
    #[inline(always)]
    pub(super) fn first(&self, pc: usize) -> Option<Rule> {
        let slot = &self.0[Self::slot_of(pc)];
        let known = slot.pc.load(Ordering::Relaxed) == pc;
        if known { Rule::from_bits(slot.rule.load(Ordering::Relaxed)) } else { None }
    }

    /// The rule of `pc`, compiled from the module's unwind information when it is met first; `None` without room for it.
    pub(super) fn probe(&self, pc: usize) -> Option<Rule> {
        let first = Self::slot_of(pc);
        for index in first..first.wrapping_add(PROBES) {
            let slot = &self.0[index % N];
            let mut owner = slot.pc.load(Ordering::Relaxed);
            if owner == 0 {
                owner = match slot.pc.compare_exchange(0, pc, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => pc,
                    Err(other) => other,
                };
            }
            if owner == pc {
                if let Some(rule) = Rule::from_bits(slot.rule.load(Ordering::Relaxed)) {
                    return Some(rule);
                }
                // This thread took the slot; or another has, and not yet the rule, or a fork has cut it off in between.
                let rule = frame_info::rule_of(pc);
                slot.rule.store(rule.bits(), Ordering::Relaxed);
                return Some(rule);
            }
        }
        None
    }

    #[inline(always)]
    const fn slot_of(pc: usize) -> usize {
        pc.wrapping_mul(SPREAD) >> Self::SHIFT
    }

    /// Leaves no room for `pc`.
    #[cfg(test)]
    pub(super) fn crowd(&self, pc: usize) {
        for index in Self::slot_of(pc)..Self::slot_of(pc) + PROBES {
            self.0[index % N].pc.store(1, Ordering::Relaxed);
        }
    }
}
