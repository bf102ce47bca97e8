//! A ring: values that come out in the order in which they went in, in room that does not grow by itself.

use kernel::alloc::Flags;
use kernel::prelude::*;

pub(crate) struct Ring<T> {
    slots: KVec<Option<T>>,
    first: usize,
    len: usize,
}

impl<T> Ring<T> {
    /// A ring with room for `room` values, a power of two.
    pub(crate) fn new(room: usize, flags: Flags) -> Result<Ring<T>> {
        if !room.is_power_of_two() {
            return Err(EINVAL);
        }
        let mut slots = KVec::with_capacity(room, flags)?;
        for _ in 0..room {
            slots.push_within_capacity(None)?;
        }
        Ok(Ring { slots, first: 0, len: 0 })
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len == self.slots.len()
    }

    fn at(&self, place: usize) -> usize {
        (self.first + place) & (self.slots.len() - 1)
    }

    /// Puts a value in; it comes back if there is no room.
    pub(crate) fn push(&mut self, value: T) -> core::result::Result<(), T> {
        if self.is_full() {
            return Err(value);
        }
        let place = self.at(self.len);
        self.slots[place] = Some(value);
        self.len += 1;
        Ok(())
    }

    /// Takes the oldest value out.
    pub(crate) fn pop(&mut self) -> Option<T> {
        let value = self.slots[self.first].take()?;
        self.first = self.at(1);
        self.len -= 1;
        Some(value)
    }

    /// Makes room for twice as many.
    pub(crate) fn grow(&mut self, flags: Flags) -> Result {
        let mut larger = Ring::new(self.slots.len() * 2, flags)?;
        while let Some(value) = self.pop() {
            // There is room for twice as many.
            larger.push(value).map_err(|_| EINVAL)?;
        }
        *self = larger;
        Ok(())
    }
}
