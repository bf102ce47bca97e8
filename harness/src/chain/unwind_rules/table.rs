//! The rules of all program counters met so far, shared by the threads of a process without a lock.
#![expect(unsafe_code, reason = "lives in memory mapped for it")]

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use super::frame_info;
use super::pages;
use super::rule::Rule;
use super::slots::Slots;

/// What a short run meets has room in a few pages: each page costs a process that touches it a fault or two.
const FEW: usize = 1 << 10;
const MANY: usize = 1 << 17;

/// A small table, and the large one that is used once the small one has had no room.
///
/// # Invariants
/// `outgrown` goes from false to true. What either table knows is true, so it does not matter who sees that when.
pub(super) struct Table {
    few: Slots<FEW>,
    outgrown: AtomicBool,
    many: Slots<MANY>,
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
        let known = if self.outgrown.load(Ordering::Relaxed) { self.many.first(pc) } else { self.few.first(pc) };
        match known {
            Some(rule) => rule,
            None => self.probe(pc),
        }
    }

    #[inline(never)]
    fn probe(&self, pc: usize) -> Rule {
        if !self.outgrown.load(Ordering::Relaxed) {
            if let Some(rule) = self.few.probe(pc) {
                return rule;
            }
            self.outgrown.store(true, Ordering::Relaxed);
        }
        self.many.probe(pc).unwrap_or_else(|| frame_info::rule_of(pc))
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn threads_that_race_for_a_rule_agree() {
        super::super::refresh::refresh();
        let pcs: Vec<usize> =
            (0..2_000).map(|offset| super::frame_info::rule_of as fn(usize) -> super::Rule as usize + offset).collect();
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
        let pc = super::frame_info::rule_of as fn(usize) -> super::Rule as usize;
        let known = super::frame_info::rule_of(pc).bits();
        let full: super::NonNull<Table> = super::pages::map(1).unwrap();
        #[expect(unsafe_code, reason = "a table of the test's own")]
        // SAFETY: the mapping is zeroed and stays.
        let full = unsafe { full.as_ref() };
        assert_eq!(full.rule(pc).bits(), known);
        full.few.crowd(pc);
        assert_eq!(full.rule(pc).bits(), known);
        assert!(full.outgrown.load(super::Ordering::Relaxed));
        assert_eq!(full.many.first(pc).map(super::Rule::bits), Some(known));
        full.many.crowd(pc);
        assert_eq!(full.rule(pc).bits(), known);
        assert!(full.many.first(pc).is_none());
    }
}
