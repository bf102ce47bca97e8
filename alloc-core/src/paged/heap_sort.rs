//! Sorting records where they lie in memory, page behind page: in place, and always in the same time.

use core::cmp::Ordering;
use core::ops::Range;

use super::record::{Record, per_page};
use crate::units::PAGE_SIZE;

/// Records that lie in whole pages.
pub(super) struct Records<'b>(pub(super) &'b mut [u8]);

impl Records<'_> {
    fn place<T: Record>(number: usize) -> Range<usize> {
        let begin = number / per_page::<T>() * PAGE_SIZE + number % per_page::<T>() * T::SIZE;
        begin..begin + T::SIZE
    }

    pub(super) fn get<T: Record>(&self, number: usize) -> T {
        T::load(&self.0[Self::place::<T>(number)])
    }

    fn put<T: Record>(&mut self, number: usize, value: &T) {
        value.store(&mut self.0[Self::place::<T>(number)]);
    }

    /// Sorts a range of records. Whatever `compare` says, the same records are there when it returns.
    pub(super) fn sort<T: Record>(&mut self, range: Range<usize>, compare: &mut impl FnMut(&T, &T) -> Ordering) {
        let (begin, len) = (range.start, range.len());
        for root in (0..len / 2).rev() {
            let value = self.get(begin + root);
            self.sift(begin, root, len, value, compare);
        }
        for end in (1..len).rev() {
            let largest: T = self.get(begin);
            let last = self.get(begin + end);
            self.put(begin + end, &largest);
            self.sift(begin, 0, end, last, compare);
        }
    }

    /// Lets a value sink from `root`, whose own value is elsewhere, to where it belongs: to the bottom first and up from there, as
    /// most belong near the bottom.
    fn sift<T: Record>(
        &mut self,
        begin: usize,
        root: usize,
        len: usize,
        value: T,
        compare: &mut impl FnMut(&T, &T) -> Ordering,
    ) {
        let mut at = root;
        loop {
            let left = 2 * at + 1;
            if left >= len {
                break;
            }
            let mut larger: T = self.get(begin + left);
            let mut child = left;
            if left + 1 < len {
                let right: T = self.get(begin + left + 1);
                if compare(&larger, &right) == Ordering::Less {
                    (larger, child) = (right, left + 1);
                }
            }
            self.put(begin + at, &larger);
            at = child;
        }
        while at > root {
            let parent = (at - 1) / 2;
            let above: T = self.get(begin + parent);
            if compare(&above, &value) != Ordering::Less {
                break;
            }
            self.put(begin + at, &above);
            at = parent;
        }
        self.put(begin + at, &value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn row_092_records_of_odd_sizes_are_sorted_over_pages() {
        let mut random = Random::new(5);
        for len in [0, 1, 2, 3, 100, if cfg!(miri) { 200 } else { 2000 }] {
            let mut pages = vec![0; 8 * PAGE_SIZE];
            let mut records = Records(&mut pages);
            let model: Vec<[u8; 7]> = (0..len).map(|_| core::array::from_fn(|_| random.below(4) as u8)).collect();
            model.iter().enumerate().for_each(|(at, value)| records.put(at + 1, value));
            let mut sorted = model.clone();
            sorted.sort_unstable();
            records.sort::<[u8; 7]>(1..len + 1, &mut Ord::cmp);
            assert!((0..len).all(|at| records.get::<[u8; 7]>(at + 1) == sorted[at]), "{len}");
            // An order that is none leaves the same records.
            records
                .sort::<[u8; 7]>(1..len + 1, &mut |_, _| [Ordering::Less, Ordering::Greater][random.below(2) as usize]);
            let mut left: Vec<[u8; 7]> = (0..len).map(|at| records.get(at + 1)).collect();
            left.sort_unstable();
            assert!(left == sorted && records.get::<[u8; 7]>(0) == [0; 7]);
        }
    }
}
