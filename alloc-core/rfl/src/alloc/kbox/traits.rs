//! What boxes have of Rust's usual traits.
#![expect(unsafe_code, reason = "says that a null pointer is no box")]

use core::borrow::{Borrow, BorrowMut};
use core::fmt;
use core::pin::Pin;

use pinned_init::ZeroableOption;

use super::boxed::Box;
use crate::alloc::contract::Allocator;

// SAFETY: a box is a pointer that is never null, and beside it nothing; so `None` is all zeroes.
unsafe impl<T, A: Allocator> ZeroableOption for Box<T, A> {}

impl<T: ?Sized, A: Allocator> From<Box<T, A>> for Pin<Box<T, A>> {
    fn from(boxed: Box<T, A>) -> Self {
        Box::into_pin(boxed)
    }
}

impl<T: fmt::Display + ?Sized, A: Allocator> fmt::Display for Box<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: fmt::Debug + ?Sized, A: Allocator> fmt::Debug for Box<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized, A: Allocator> Borrow<T> for Box<T, A> {
    fn borrow(&self) -> &T {
        self
    }
}

impl<T: ?Sized, A: Allocator> BorrowMut<T> for Box<T, A> {
    fn borrow_mut(&mut self) -> &mut T {
        self
    }
}
