//! A stack in a room of fixed size, of which a part is open: what a processor has at hand lies in such stacks.
#![expect(unsafe_code, reason = "reads and writes its room without a second look at what its invariant says")]

use alloc::boxed::Box;
use alloc::vec;

/// Values, the one that came last on top.
///
/// # Invariants
/// `len <= open <= room.len()`, and the room is never exchanged.
#[derive(Debug)]
pub(crate) struct Stack<T> {
    len: usize,
    /// How many values it takes at the moment: none while it is closed.
    open: usize,
    room: Box<[T]>,
}

impl<T: Copy + Default> Stack<T> {
    /// A closed stack, with room for so many values.
    pub(crate) fn closed(room: usize) -> Stack<T> {
        Stack { len: 0, open: 0, room: vec![T::default(); room].into_boxed_slice() }
    }

    /// From now on it takes as many values as it has room for.
    pub(crate) fn open(&mut self) {
        self.open = self.room.len();
    }

    /// Whether it takes values.
    pub(crate) fn is_open(&self) -> bool {
        self.open > 0
    }

    /// Takes the value on top.
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<T> {
        let len = self.len.checked_sub(1)?;
        self.len = len;
        // SAFETY: by the invariant the place of the last value lies within the room.
        Some(unsafe { *self.room.get_unchecked(len) })
    }

    /// Puts a value on top; false if it is full or closed.
    #[inline(always)]
    pub(crate) fn push(&mut self, value: T) -> bool {
        let len = self.len;
        if len >= self.open {
            return false;
        }
        // SAFETY: by the invariant a place before `open` lies within the room.
        unsafe { *self.room.get_unchecked_mut(len) = value };
        // INVARIANT: it was less than `open`.
        self.len = len + 1;
        true
    }

    /// How many values it would take.
    pub(crate) fn left(&self) -> usize {
        self.open - self.len
    }

    /// Whether it is less than half full.
    pub(crate) fn is_low(&self) -> bool {
        self.len < self.open.div_ceil(2)
    }

    /// Puts up to `most` values on top, the first of them topmost; but leaves half of the room to those that come back, which
    /// else would send these away again.
    pub(crate) fn fill(&mut self, most: usize, values: impl Iterator<Item = T>) {
        let before = self.len;
        for value in values.take(most.min(self.left() / 2)) {
            self.push(value);
        }
        self.room[before..self.len].reverse();
    }

    /// Gives the lowest `most` values away, if it takes no more: the others came later, and are still in the caches.
    pub(crate) fn spill(&mut self, most: usize, give: impl FnMut(T)) {
        if self.left() == 0 {
            let count = most.min(self.len);
            self.room[..count].iter().copied().for_each(give);
            self.room.copy_within(count..self.len, 0);
            self.len -= count;
        }
    }

    /// Gives everything away, and takes nothing any more.
    pub(crate) fn close(&mut self, give: impl FnMut(T)) {
        self.room[..self.len].iter().copied().for_each(give);
        (self.len, self.open) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn row_126_a_stack_gives_what_came_last_and_spills_what_came_first() {
        let mut stack = Stack::closed(5);
        assert_eq!((stack.push(1), stack.pop(), stack.left(), stack.is_open()), (false, None, 0, false));
        stack.open();
        let kept: Vec<_> = (1..9).filter(|at| stack.push(*at)).collect();
        assert_eq!((kept, stack.left(), stack.is_low()), ([1, 2, 3, 4, 5].into(), 0, false));
        let mut given = Vec::new();
        stack.spill(3, |at| given.push(at));
        assert_eq!((stack.pop(), given), (Some(5), [1, 2, 3].into()));
        assert!(stack.is_low());
        stack.spill(3, |_| panic!("there is room"));
        stack.fill(2, 6..9);
        assert_eq!((stack.pop(), stack.pop()), (Some(6), Some(7)), "what was fetched first goes first");
        assert_eq!(stack.pop(), Some(4));
        stack.fill(9, 1..9);
        assert_eq!((stack.left(), stack.pop()), (3, Some(1)), "half of the room is left to what comes back");
        let mut given = Vec::new();
        stack.close(|at| given.push(at));
        assert_eq!((given, stack.pop(), stack.push(1)), ([2].into(), None, false));
    }

    #[test]
    fn what_is_fetched_leaves_room_for_what_comes_back() {
        for room in 1..20 {
            let mut stack = Stack::closed(room);
            stack.open();
            stack.fill(10, 0..);
            assert!(stack.push(1), "room for {room}");
        }
    }

    #[test]
    fn a_stack_without_room_takes_nothing() {
        let mut stack = Stack::closed(0);
        stack.open();
        stack.spill(1, |_| panic!("it holds nothing"));
        assert_eq!((stack.push(1_u32), stack.pop(), stack.is_open(), stack.is_low()), (false, None, false, false));
    }
}
