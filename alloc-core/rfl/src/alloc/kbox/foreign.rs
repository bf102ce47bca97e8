//! Boxes that travel through foreign code as bare pointers.
#![expect(unsafe_code, reason = "believes pointers that boxes became")]

use core::ffi::c_void;
use core::pin::Pin;

use super::boxed::Box;
use crate::alloc::contract::Allocator;
use crate::foreign::ForeignOwnable;

/// The larger of two.
const fn larger(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

/// The alignment of boxes: values of no bytes lie nowhere, and are aligned as their type says.
const fn align<T>(least: usize) -> usize {
    if size_of::<T>() == 0 { align_of::<T>() } else { larger(align_of::<T>(), least) }
}

// SAFETY: by the invariants of boxes and of their allocators the pointer is not null, and aligned so.
unsafe impl<T: 'static, A: Allocator + 'static> ForeignOwnable for Box<T, A> {
    const FOREIGN_ALIGN: usize = align::<T>(A::MIN_ALIGN);

    type Borrowed<'a> = &'a T;
    type BorrowedMut<'a> = &'a mut T;

    fn into_foreign(self) -> *mut c_void {
        Box::into_raw(self).cast()
    }

    unsafe fn from_foreign(ptr: *mut c_void) -> Self {
        // SAFETY: the caller's promise: it was a box of this type.
        unsafe { Box::from_raw(ptr.cast()) }
    }

    unsafe fn borrow<'a>(ptr: *mut c_void) -> &'a T {
        // SAFETY: the caller's promise: the value is valid, and nobody changes it.
        unsafe { &*ptr.cast::<T>() }
    }

    unsafe fn borrow_mut<'a>(ptr: *mut c_void) -> &'a mut T {
        // SAFETY: the caller's promise: the value is valid, and nobody else uses it.
        unsafe { &mut *ptr.cast::<T>() }
    }
}

// SAFETY: as above.
unsafe impl<T: 'static, A: Allocator + 'static> ForeignOwnable for Pin<Box<T, A>> {
    const FOREIGN_ALIGN: usize = align::<T>(A::MIN_ALIGN);

    type Borrowed<'a> = Pin<&'a T>;
    type BorrowedMut<'a> = Pin<&'a mut T>;

    fn into_foreign(self) -> *mut c_void {
        // SAFETY: the value does not move: it stays where it is behind the pointer.
        Box::into_raw(unsafe { Pin::into_inner_unchecked(self) }).cast()
    }

    unsafe fn from_foreign(ptr: *mut c_void) -> Self {
        // SAFETY: the caller's promise: it was a pinned box of this type.
        unsafe { Box::into_pin(Box::from_raw(ptr.cast())) }
    }

    unsafe fn borrow<'a>(ptr: *mut c_void) -> Pin<&'a T> {
        // SAFETY: the caller's promise; the value was pinned, and is.
        unsafe { Pin::new_unchecked(&*ptr.cast::<T>()) }
    }

    unsafe fn borrow_mut<'a>(ptr: *mut c_void) -> Pin<&'a mut T> {
        // SAFETY: as above, and nobody else uses the value.
        unsafe { Pin::new_unchecked(&mut *ptr.cast::<T>()) }
    }
}
