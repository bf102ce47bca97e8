//! Values that leave a vector which ends with them.
#![expect(unsafe_code, reason = "moves values within memory that it owns")]

use core::fmt;
use core::iter::FusedIterator;
use core::mem::ManuallyDrop;
use core::ops::Range;
use core::ptr;
use core::slice;

use super::vector::Vec;
use crate::alloc::contract::Allocator;
use crate::alloc::gfp_flags::Flags;
use crate::alloc::layout::ArrayLayout;

/// The values of a vector, one by one. Those that are not taken are dropped with it.
///
/// # Invariants
/// The vector counts no values; those at the places `left` of its memory are valid, and this iterator's.
pub struct IntoIter<T, A: Allocator> {
    memory: Vec<T, A>,
    left: Range<usize>,
}

impl<T, A: Allocator> IntoIter<T, A> {
    /// All values of a vector.
    fn new(mut vector: Vec<T, A>) -> Self {
        let left = 0..vector.len();
        // SAFETY: there are so many.
        unsafe { vector.dec_len(left.end) };
        // INVARIANT: they were the vector's.
        IntoIter { memory: vector, left }
    }

    fn as_slice(&self) -> &[T] {
        // SAFETY: by the invariant they are valid.
        unsafe { slice::from_raw_parts(self.memory.as_ptr().add(self.left.start), self.left.len()) }
    }

    /// The vector of the values that are left, in the same memory: without moving it where that is not needed, and smaller
    /// if that is to be had.
    ///
    /// ```
    /// use alloc_core_rfl as kernel;
    /// use kernel::prelude::*;
    /// let mut numbers = kernel::kvec![1, 2, 3]?.into_iter();
    /// assert_eq!(numbers.next(), Some(1));
    /// assert_eq!(numbers.collect(GFP_KERNEL), [2, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn collect(self, flags: Flags) -> Vec<T, A> {
        let mut this = ManuallyDrop::new(self);
        let left = this.left.clone();
        // SAFETY: 1. The iterator is not dropped, so the vector is taken once. 2. By the invariant the values are valid, and both
        // places lie in the vector's memory.
        let mut vector = unsafe {
            let mut vector = ptr::read(&this.memory);
            let begin = this.memory.as_mut_ptr();
            ptr::copy(begin.add(left.start), begin, left.len());
            vector.inc_len(left.len());
            vector
        };
        if let Ok(layout) = ArrayLayout::new(left.len())
            && !Vec::<T, A>::NO_BYTES
            && left.len() < vector.capacity()
        {
            // Where no smaller memory is to be had, what there is does as well.
            let _ = vector.set_capacity(layout, flags);
        }
        vector
    }
}

impl<T, A: Allocator> Iterator for IntoIter<T, A> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let place = self.left.next()?;
        // SAFETY: by the invariant it is valid, and it is not among those that are left.
        Some(unsafe { self.memory.as_ptr().add(place).read() })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<T, A: Allocator> ExactSizeIterator for IntoIter<T, A> {}

impl<T, A: Allocator> FusedIterator for IntoIter<T, A> {}

impl<T: fmt::Debug, A: Allocator> fmt::Debug for IntoIter<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IntoIter").field(&self.as_slice()).finish()
    }
}

impl<T, A: Allocator> Drop for IntoIter<T, A> {
    fn drop(&mut self) {
        let left = core::mem::take(&mut self.left);
        // SAFETY: by the invariant they are valid, and none is left any more.
        unsafe {
            let first = self.memory.as_mut_ptr().add(left.start);
            ptr::drop_in_place(ptr::slice_from_raw_parts_mut(first, left.len()));
        }
    }
}

impl<T, A: Allocator> IntoIterator for Vec<T, A> {
    type Item = T;
    type IntoIter = IntoIter<T, A>;

    fn into_iter(self) -> IntoIter<T, A> {
        IntoIter::new(self)
    }
}

impl<'a, T, A: Allocator> IntoIterator for &'a Vec<T, A> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> slice::Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T, A: Allocator> IntoIterator for &'a mut Vec<T, A> {
    type Item = &'a mut T;
    type IntoIter = slice::IterMut<'a, T>;

    fn into_iter(self) -> slice::IterMut<'a, T> {
        self.iter_mut()
    }
}
