//! The rules of all program counters met so far, shared by the threads of a process without a lock.
#![expect(unsafe_code, reason = "lives in memory mapped for it")]

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

use super::frame_info;
use super::pages;
use super::rule::Rule;

const SLOTS_LOG2: u32 = 17;
const SLOTS: usize = 1 << SLOTS_LOG2;
/// Slots looked at before a program counter is given up as one the table has no room for.
const PROBES: usize = 24;
const SPREAD: usize = 0x9e37_79b9_7f4a_7c15;

/// A hash table with open addressing from program counters to rules.
///
/// # Invariants
/// A slot's `pc` goes from zero to one program counter and then stays; its `rule` is zero
/// or that counter's rule. So any order of the loads and stores of different slots is right.
pub(super) struct Table {
    slots: [Slot; SLOTS],
}

struct Slot {
    pc: AtomicUsize,
    rule: AtomicU64,
}

static CURRENT: AtomicPtr<Table> = AtomicPtr::new(ptr::null_mut());

impl Table {
    /// The process's table, mapped at the first call; `None` when the kernel has no memory for it.
    #[inline(always)]
    pub(super) fn current() -> Option<&'static Table> {
        let table = CURRENT.load(Ordering::Acquire);
        if table.is_null() {
            return Table::replace(ptr::null_mut());
        }
        // SAFETY: 1. What `CURRENT` points to is never unmapped. 2. It came zeroed, and zeroes are an empty table.
        // 3. It is changed through atomics only.
        Some(unsafe { &*table })
    }

    /// Starts an empty table, since the addresses of unloaded modules may come to mean other code.
    ///
    /// The old table stays mapped: another thread may be reading it. Walkers tell the two apart by address.
    pub(super) fn forget() {
        let _ = Table::replace(CURRENT.load(Ordering::Acquire));
    }

    #[cold]
    fn replace(old: *mut Table) -> Option<&'static Table> {
        let new: NonNull<Table> = pages::map(1)?;
        let swapped = CURRENT.compare_exchange(old, new.as_ptr(), Ordering::AcqRel, Ordering::Acquire);
        let current = match swapped {
            Ok(_) => new.as_ptr(),
            Err(other) => {
                // SAFETY: the mapping is `map`'s, and no other thread has seen it.
                unsafe { pages::unmap(new, 1) };
                other
            }
        };
        // SAFETY: as in `current`; neither arm's pointer is null.
        Some(unsafe { &*current })
    }

    /// The rule of `pc`, compiled from the module's unwind information when it is met first.
    #[inline(always)]
    pub(super) fn rule(&self, pc: usize) -> Rule {
        let slot = &self.slots[Table::slot_of(pc)];
        if slot.pc.load(Ordering::Relaxed) == pc
            && let Some(rule) = Rule::from_bits(slot.rule.load(Ordering::Relaxed))
        {
            return rule;
        }
        self.probe(pc)
    }

    #[inline(never)]
    fn probe(&self, pc: usize) -> Rule {
        let first = Table::slot_of(pc);
        for index in first..first.wrapping_add(PROBES) {
            let slot = &self.slots[index % SLOTS];
            let mut owner = slot.pc.load(Ordering::Relaxed);
            if owner == 0 {
                let rule = frame_info::rule_of(pc);
                match slot.pc.compare_exchange(0, pc, Ordering::Relaxed, Ordering::Relaxed) {
                    Ok(_) => owner = pc,
                    Err(other) => owner = other,
                }
                if owner == pc {
                    slot.rule.store(rule.bits(), Ordering::Relaxed);
                    return rule;
                }
            }
            if owner == pc {
                if let Some(rule) = Rule::from_bits(slot.rule.load(Ordering::Relaxed)) {
                    return rule;
                }
                // Another thread has the slot and not yet the rule, or a fork has cut it off in between.
                let rule = frame_info::rule_of(pc);
                slot.rule.store(rule.bits(), Ordering::Relaxed);
                return rule;
            }
        }
        frame_info::rule_of(pc)
    }

    #[inline(always)]
    const fn slot_of(pc: usize) -> usize {
        pc.wrapping_mul(SPREAD) >> (usize::BITS - SLOTS_LOG2)
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn threads_that_race_for_a_rule_agree() {
        super::super::refresh::refresh();
        let pcs: Vec<usize> =
            (0..2_000).map(|offset| (Table::slot_of as fn(usize) -> usize) as usize + offset).collect();
        let look = || pcs.iter().map(|&pc| Table::current().unwrap().rule(pc).bits()).collect::<Vec<_>>();
        let (one, other) = std::thread::scope(|scope| {
            let threads = (scope.spawn(look), scope.spawn(look));
            (threads.0.join().unwrap(), threads.1.join().unwrap())
        });
        assert_eq!(one, other);
        assert!(pcs.iter().zip(one).all(|(&pc, rule)| super::frame_info::rule_of(pc).bits() == rule));
    }

    #[test]
    fn a_full_table_still_answers() {
        super::super::refresh::refresh();
        let table = Table::current().unwrap();
        let pc = super::frame_info::rule_of as fn(usize) -> super::Rule as usize;
        let known = super::frame_info::rule_of(pc);
        let slots = Table::slot_of(pc)..Table::slot_of(pc) + super::PROBES;
        let full: super::NonNull<Table> = super::pages::map(1).unwrap();
        #[expect(unsafe_code, reason = "a table of the test's own")]
        // SAFETY: the mapping is zeroed and stays.
        let full = unsafe { full.as_ref() };
        for slot in slots {
            full.slots[slot % super::SLOTS].pc.store(1, super::Ordering::Relaxed);
        }
        assert_eq!(full.rule(pc).bits(), known.bits());
        assert_eq!(table.rule(pc).bits(), known.bits());
    }
}
