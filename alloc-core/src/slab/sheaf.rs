//! A sheaf: free objects of one cache that a processor has at hand.

use super::shape::Shape;

/// Objects that a sheaf holds at most.
const OBJECTS_MAX: usize = 64;

/// Bytes that the objects of a sheaf have together, about, if that is fewer.
const BYTES_MAX: usize = 32 * 1024;

/// How many objects the sheaves of a cache hold; none if they are so large that a few would hold much memory back.
pub(crate) fn capacity(shape: &Shape) -> usize {
    (BYTES_MAX / shape.stride).min(OBJECTS_MAX)
}

/// Free objects of one cache, the one that came last on top.
///
/// # Invariants
/// `len <= open <= OBJECTS_MAX`. A closed sheaf, one with `open` of 0, is empty.
#[derive(Debug)]
pub(crate) struct Sheaf {
    len: usize,
    /// How many objects it takes.
    open: usize,
    objects: [usize; OBJECTS_MAX],
}

impl Sheaf {
    /// A sheaf that takes nothing.
    pub(crate) fn closed() -> Sheaf {
        Sheaf { len: 0, open: 0, objects: [0; OBJECTS_MAX] }
    }

    /// From now on it takes so many objects.
    pub(crate) fn open(&mut self, capacity: usize) {
        // INVARIANT: what is closed is empty, and what is open is opened to the same capacity.
        self.open = capacity.min(OBJECTS_MAX).max(self.len);
    }

    /// Takes the object on top.
    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<usize> {
        self.len = self.len.checked_sub(1)?;
        self.objects.get(self.len).copied()
    }

    /// Whether it has room for one more.
    #[inline(always)]
    pub(crate) fn has_room(&self) -> bool {
        self.len < self.open
    }

    /// Puts an object on top, if there is room.
    #[inline(always)]
    pub(crate) fn push(&mut self, at: usize) {
        if let Some(place) = self.objects.get_mut(self.len).filter(|_| self.len < self.open) {
            *place = at;
            self.len += 1;
        }
    }

    /// Whether it is less than half full.
    pub(crate) fn is_low(&self) -> bool {
        self.len < self.open.div_ceil(2)
    }

    /// Gives the lower half away, if it is full.
    pub(crate) fn spill(&mut self, mut give: impl FnMut(usize)) {
        if !self.has_room() {
            let half = self.len.div_ceil(2);
            self.objects[..half].iter().for_each(|at| give(*at));
            self.objects.copy_within(half..self.len, 0);
            self.len -= half;
        }
    }

    /// Gives everything away, and takes nothing any more.
    pub(crate) fn close(&mut self, mut give: impl FnMut(usize)) {
        self.objects[..self.len].iter().for_each(|at| give(*at));
        (self.len, self.open) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn row_126_a_sheaf_gives_what_came_last_and_spills_what_came_first() {
        let mut sheaf = Sheaf::closed();
        sheaf.push(1);
        assert_eq!((sheaf.pop(), sheaf.has_room()), (None, false));
        sheaf.open(5);
        (1..9).for_each(|at| sheaf.push(at));
        assert!(!sheaf.has_room() && !sheaf.is_low());
        let mut given = Vec::new();
        sheaf.spill(|at| given.push(at));
        assert_eq!((sheaf.pop(), given), (Some(5), [1, 2, 3].into()));
        assert!(sheaf.is_low());
        sheaf.spill(|_| panic!("there is room"));
        let mut given = Vec::new();
        sheaf.close(|at| given.push(at));
        assert_eq!((given, sheaf.pop(), sheaf.has_room()), ([4].into(), None, false));
        sheaf.open(1000);
        (0..1000).for_each(|at| sheaf.push(at));
        assert_eq!(sheaf.pop(), Some(OBJECTS_MAX - 1));
    }
}
