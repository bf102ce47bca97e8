//! Which places of a swap file are taken, and the sums of what lies there.

use alloc::vec::Vec;

/// Ends the list of free places.
const NONE: u64 = u64::MAX;

/// The bit of a turn that says that the place is kept.
const KEPT: u32 = 1 << 31;

/// The places of a swap file.
///
/// A place is free, taken, or kept: taken by somebody who has what lies there in memory as well, and loses the place to whoever
/// needs one when nothing else is free.
///
/// # Invariants
/// `used` places are taken or kept, `kept` of them kept; all others below `sums.len()` are in the list that begins at `free`.
#[derive(Debug)]
pub(super) struct Slots {
    /// The sum of what lies in a place, or the next free place.
    sums: Vec<u64>,
    /// How often a place was taken, with [`KEPT`]: who kept it sees whether it is still the one.
    turns: Vec<u32>,
    free: u64,
    capacity: u32,
    used: u32,
    kept: u32,
    /// Where the search for a kept place goes on.
    hand: u32,
}

impl Slots {
    /// So many places, all of them free, and one to spare; `None` if the process has no memory to know of them.
    pub(super) fn new(capacity: u32) -> Option<Slots> {
        let (mut sums, mut turns) = (Vec::new(), Vec::new());
        let room = capacity as usize + 1;
        sums.try_reserve_exact(room).ok()?;
        turns.try_reserve_exact(room).ok()?;
        Some(Slots { sums, turns, free: NONE, capacity, used: 0, kept: 0, hand: 0 })
    }

    pub(super) fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Places that are taken, those that are kept included.
    pub(super) fn used(&self) -> u32 {
        self.used
    }

    /// Places that can be had.
    pub(super) fn available(&self) -> u32 {
        (self.capacity + self.kept).saturating_sub(self.used)
    }

    /// Takes a place, with `spare` even if all but the one to spare are taken.
    pub(super) fn take(&mut self, spare: bool) -> Option<u32> {
        let limit = u64::from(self.capacity) + u64::from(spare);
        let slot = if u64::from(self.used) >= limit {
            self.steal()?
        } else if self.free != NONE {
            let slot = self.free as u32;
            self.free = self.sums[slot as usize];
            self.used += 1;
            slot
        } else {
            // Both have room for it.
            self.sums.push(0);
            self.turns.push(0);
            self.used += 1;
            self.sums.len() as u32 - 1
        };
        let turn = &mut self.turns[slot as usize];
        // INVARIANT: the place is taken, and not kept.
        *turn = (*turn & !KEPT).wrapping_add(1) & !KEPT;
        Some(slot)
    }

    /// A place that somebody keeps, who will see that it is gone.
    fn steal(&mut self) -> Option<u32> {
        if self.kept == 0 {
            return None;
        }
        let all = self.turns.len() as u32;
        let slot = (self.hand..all).chain(0..self.hand).find(|slot| self.turns[*slot as usize] & KEPT != 0)?;
        self.hand = (slot + 1) % all;
        self.kept -= 1;
        Some(slot)
    }

    /// Notes the sum of what lies in a taken place.
    pub(super) fn fill(&mut self, slot: u32, sum: u64) {
        self.sums[slot as usize] = sum;
    }

    /// The sum of what lies in a taken place.
    pub(super) fn sum(&self, slot: u32) -> u64 {
        self.sums[slot as usize]
    }

    /// A taken place is free.
    pub(super) fn free(&mut self, slot: u32) {
        self.sums[slot as usize] = self.free;
        self.free = u64::from(slot);
        self.used -= 1;
    }

    /// A taken place is kept from now on; the number by which it is known again.
    pub(super) fn keep(&mut self, slot: u32) -> u32 {
        let turn = self.turns[slot as usize];
        self.turns[slot as usize] = turn | KEPT;
        self.kept += 1;
        turn
    }

    /// A kept place is taken again; whether it was still there.
    pub(super) fn claim(&mut self, slot: u32, turn: u32) -> bool {
        let still = self.turns[slot as usize] == turn | KEPT;
        if still {
            self.turns[slot as usize] = turn;
            self.kept -= 1;
        }
        still
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_094_places_are_taken_to_the_last_one_and_one_more_to_spare() {
        let mut slots = Slots::new(3).unwrap();
        let taken: Vec<_> = core::iter::from_fn(|| slots.take(false)).collect();
        assert_eq!((taken, slots.available()), (Vec::from([0, 1, 2]), 0));
        assert_eq!((slots.take(true), slots.take(true)), (Some(3), None));
        slots.free(1);
        assert_eq!((slots.take(false), slots.used()), (None, 3), "the spare one is taken");
        slots.free(2);
        assert_eq!((slots.take(false), slots.take(false)), (Some(2), None));
        assert_eq!(Slots::new(0).unwrap().take(false), None);
    }

    #[test]
    fn row_094_a_kept_place_goes_to_who_needs_it_and_its_owner_is_not_mistaken() {
        let mut slots = Slots::new(2).unwrap();
        let [one, other] = [(); 2].map(|()| slots.take(false).unwrap());
        let turn = slots.keep(one);
        assert!(slots.claim(one, turn) && !slots.claim(one, turn), "it is kept once");
        let turn = slots.keep(one);
        assert_eq!(slots.available(), 1);
        assert_eq!((slots.take(false), slots.take(false)), (Some(one), None));
        assert!(!slots.claim(one, turn));
        // The same place, kept by another one.
        let later = slots.keep(one);
        assert!(!slots.claim(one, turn) && slots.claim(one, later));
        slots.free(one);
        slots.free(other);
        assert_eq!((slots.used(), slots.available()), (0, 2));
    }
}
