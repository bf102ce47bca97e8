//! Vectors compared with vectors, slices and arrays, indexed, and borrowed as slices.

use core::borrow::{Borrow, BorrowMut};
use core::ops::{Index, IndexMut};
use core::slice::SliceIndex;

use super::vector::Vec;
use crate::alloc::contract::Allocator;

impl<T, I: SliceIndex<[T]>, A: Allocator> Index<I> for Vec<T, A> {
    type Output = I::Output;

    fn index(&self, index: I) -> &I::Output {
        &(**self)[index]
    }
}

impl<T, I: SliceIndex<[T]>, A: Allocator> IndexMut<I> for Vec<T, A> {
    fn index_mut(&mut self, index: I) -> &mut I::Output {
        &mut (**self)[index]
    }
}

impl<T, A: Allocator> Borrow<[T]> for Vec<T, A> {
    fn borrow(&self) -> &[T] {
        self
    }
}

impl<T, A: Allocator> BorrowMut<[T]> for Vec<T, A> {
    fn borrow_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T: Eq, A: Allocator> Eq for Vec<T, A> {}

macro_rules! compared {
    ($([$($more:tt)*] $one:ty, $other:ty;)+) => {$(
        impl<T: PartialEq<U>, U, $($more)*> PartialEq<$other> for $one {
            #[inline]
            fn eq(&self, other: &$other) -> bool {
                self[..] == other[..]
            }
        }
    )+};
}

compared! {
    [A: Allocator, B: Allocator] Vec<T, A>, Vec<U, B>;
    [A: Allocator] Vec<T, A>, &[U];
    [A: Allocator] Vec<T, A>, &mut [U];
    [A: Allocator] &[T], Vec<U, A>;
    [A: Allocator] &mut [T], Vec<U, A>;
    [A: Allocator] Vec<T, A>, [U];
    [A: Allocator] [T], Vec<U, A>;
    [A: Allocator, const N: usize] Vec<T, A>, [U; N];
    [A: Allocator, const N: usize] Vec<T, A>, &[U; N];
}
