//! Values that leave a vector whose room stays.
#![expect(unsafe_code, reason = "moves values out of a slice")]

use core::iter::FusedIterator;
use core::marker::PhantomData;
use core::ptr;
use core::slice;

/// The values that [`Vec::drain_all`](super::Vec::drain_all) removed, one by one. Those that are not taken are dropped with it.
///
/// # Invariants
/// The values of `left` are valid, and nobody else's.
#[derive(Debug)]
pub struct DrainAll<'vec, T> {
    left: slice::IterMut<'vec, T>,
    owned: PhantomData<T>,
}

impl<'vec, T> DrainAll<'vec, T> {
    /// All values of a slice, of which their owner knows no more.
    pub(super) fn new(values: &'vec mut [T]) -> Self {
        // INVARIANT: the caller gave them up.
        DrainAll { left: values.iter_mut(), owned: PhantomData }
    }
}

impl<T> Iterator for DrainAll<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let value: *mut T = self.left.next()?;
        // SAFETY: by the invariant it is valid, and it is not among those that are left.
        Some(unsafe { value.read() })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<T> ExactSizeIterator for DrainAll<'_, T> {}

impl<T> FusedIterator for DrainAll<'_, T> {}

impl<T> Drop for DrainAll<'_, T> {
    fn drop(&mut self) {
        let left: *mut [T] = core::mem::take(&mut self.left).into_slice();
        // SAFETY: by the invariant they are valid, and none is left any more.
        unsafe { ptr::drop_in_place(left) };
    }
}
