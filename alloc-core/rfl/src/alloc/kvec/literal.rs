//! Vectors of values that are written down, and vectors of boxes.
#![expect(unsafe_code, reason = "makes a vector of a box's memory")]

use super::vector::Vec;
use crate::alloc::contract::Allocator;
use crate::alloc::kbox::Box;

impl<T, A: Allocator, const N: usize> From<Box<[T; N], A>> for Vec<T, A> {
    /// In the same memory.
    fn from(array: Box<[T; N], A>) -> Self {
        // SAFETY: the memory was given for so many values, which are valid, and their owner is gone.
        unsafe { Vec::from_raw_parts(Box::into_raw(array).cast(), N, N) }
    }
}

/// A [`KVec`](crate::alloc::KVec) of values; the memory is asked for with `GFP_KERNEL`.
///
/// ```
/// use alloc_core_rfl as kernel;
/// use kernel::prelude::*;
/// let mut numbers = kernel::kvec![];
/// numbers.push(1, GFP_KERNEL)?;
/// assert_eq!(numbers, [1]);
/// assert_eq!(kernel::kvec![1; 3]?, [1, 1, 1]);
/// assert_eq!(kernel::kvec![1, 2, 3]?, [1, 2, 3]);
/// # Ok::<(), Error>(())
/// ```
#[macro_export]
macro_rules! kvec {
    () => {
        $crate::alloc::KVec::new()
    };
    ($value:expr; $n:expr) => {
        $crate::alloc::KVec::from_elem($value, $n, $crate::alloc::flags::GFP_KERNEL)
    };
    ($($value:expr),+ $(,)?) => {
        $crate::alloc::KBox::new_uninit($crate::alloc::flags::GFP_KERNEL)
            .map(|memory| $crate::alloc::KVec::from($crate::alloc::KBox::write(memory, [$($value),+])))
    };
}
