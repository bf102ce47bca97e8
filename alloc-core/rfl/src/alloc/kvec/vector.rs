//! A vector: its parts, and what is done with the values in it. Nothing here asks for memory.
#![expect(unsafe_code, reason = "owns memory by pointer")]

use core::fmt;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};
use core::slice;

use super::drained::DrainAll;
use super::errors::{InsertError, PushError, RemoveError};
use crate::alloc::allocator::{KVmalloc, Kmalloc, Vmalloc};
use crate::alloc::contract::Allocator;
use crate::alloc::kbox::Box;
use crate::alloc::layout::ArrayLayout;

/// Values side by side in memory of an allocator's.
///
/// What may ask for memory takes flags, and can fail; the vector and its values are as they were then.
///
/// ```
/// use alloc_core_rfl as kernel;
/// use kernel::prelude::*;
/// let mut numbers = KVec::with_capacity(2, GFP_KERNEL)?;
/// numbers.push(1, GFP_KERNEL)?;
/// numbers.extend_from_slice(&[2, 3], GFP_KERNEL)?;
/// assert_eq!(numbers, [1, 2, 3]);
/// assert_eq!(numbers.pop(), Some(3));
/// # Ok::<(), Error>(())
/// ```
///
/// # Invariants
/// 1. Memory for `layout` was given by `A` and is this owner's alone; for values of no bytes, and without room, there is none,
///    and the pointer dangles. It is aligned in any case.
/// 2. The first `len` values of it are valid, and `len` is not above the capacity.
/// 3. `layout` has no elements where values have no bytes.
pub struct Vec<T, A: Allocator> {
    ptr: NonNull<T>,
    pub(super) layout: ArrayLayout<T>,
    len: usize,
    owned: PhantomData<(A, std::boxed::Box<T>)>,
}

/// A vector in memory of [`Kmalloc`]'s.
pub type KVec<T> = Vec<T, Kmalloc>;

/// A vector in memory of [`Vmalloc`]'s.
pub type VVec<T> = Vec<T, Vmalloc>;

/// A vector in memory of [`KVmalloc`]'s.
pub type KVVec<T> = Vec<T, KVmalloc>;

// SAFETY: a vector is its values' only owner; its memory is freed from any thread, by the contract of allocators.
unsafe impl<T: Send, A: Allocator> Send for Vec<T, A> {}
// SAFETY: as above; a shared vector gives shared values, and nothing else.
unsafe impl<T: Sync, A: Allocator> Sync for Vec<T, A> {}

impl<T, A: Allocator> Vec<T, A> {
    /// Whether the values have no bytes, and so take no memory.
    pub(super) const NO_BYTES: bool = size_of::<T>() == 0;

    /// A vector without values, which takes no memory.
    pub const fn new() -> Self {
        // INVARIANT: no values, and no memory.
        Vec { ptr: NonNull::dangling(), layout: ArrayLayout::empty(), len: 0, owned: PhantomData }
    }

    /// How many values it has room for; any number of values that have no bytes.
    pub const fn capacity(&self) -> usize {
        if Self::NO_BYTES { usize::MAX } else { self.layout.len() }
    }

    /// How many values it has.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no values.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the values are.
    pub const fn as_ptr(&self) -> *const T {
        self.ptr.as_ptr()
    }

    /// Where the values are, to write.
    pub const fn as_mut_ptr(&mut self) -> *mut T {
        self.ptr.as_ptr()
    }

    /// The values.
    pub fn as_slice(&self) -> &[T] {
        self
    }

    /// The values, to write.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        self
    }

    /// Counts `additional` more values as the vector's.
    ///
    /// # Safety
    /// They fit, and were written behind the last.
    pub const unsafe fn inc_len(&mut self, additional: usize) {
        debug_assert!(additional <= self.capacity() - self.len, "there is no room for so many values");
        // INVARIANT: the caller's promise.
        self.len += additional;
    }

    /// Counts the last `count` values as the vector's no more, and gives them, to be dropped or moved.
    ///
    /// # Safety
    /// There are so many.
    pub unsafe fn dec_len(&mut self, count: usize) -> &mut [T] {
        debug_assert!(count <= self.len, "there are not so many values");
        // INVARIANT: fewer than were valid.
        self.len -= count;
        // SAFETY: by the invariants and the caller's promise so many values are valid behind the end, and the vector's alone.
        unsafe { slice::from_raw_parts_mut(self.ptr.as_ptr().add(self.len), count) }
    }

    /// The room behind the last value.
    pub fn spare_capacity_mut(&mut self) -> &mut [MaybeUninit<T>] {
        let room = self.capacity() - self.len;
        // SAFETY: by the invariants the memory reaches so far (or the values have no bytes), and is this vector's alone.
        unsafe { slice::from_raw_parts_mut(self.ptr.as_ptr().add(self.len).cast(), room) }
    }

    /// Adds a value, if there is room.
    ///
    /// # Errors
    /// [`PushError`] with the value.
    pub fn push_within_capacity(&mut self, v: T) -> Result<(), PushError<T>> {
        let Some(place) = self.spare_capacity_mut().first_mut() else { return Err(PushError(v)) };
        place.write(v);
        // SAFETY: just written.
        unsafe { self.inc_len(1) };
        Ok(())
    }

    /// Puts a value in front of the one at `index`, if there is room.
    ///
    /// # Errors
    /// [`InsertError`] with the value.
    pub fn insert_within_capacity(&mut self, index: usize, element: T) -> Result<(), InsertError<T>> {
        if index > self.len {
            return Err(InsertError::IndexOutOfBounds(element));
        }
        if let Err(PushError(element)) = self.push_within_capacity(element) {
            return Err(InsertError::OutOfCapacity(element));
        }
        self[index..].rotate_right(1);
        Ok(())
    }

    /// Removes the last value and gives it.
    pub fn pop(&mut self) -> Option<T> {
        let last = self.len.checked_sub(1)?;
        // INVARIANT: fewer than were valid.
        self.len = last;
        // SAFETY: by the invariants the value was valid, and it is counted no more.
        Some(unsafe { self.ptr.as_ptr().add(last).read() })
    }

    /// Removes the value at a place and gives it; those behind it move up.
    ///
    /// # Errors
    /// [`RemoveError`] if there is none.
    pub fn remove(&mut self, i: usize) -> Result<T, RemoveError> {
        self.get_mut(i..).filter(|behind| !behind.is_empty()).ok_or(RemoveError)?.rotate_left(1);
        self.pop().ok_or(RemoveError)
    }

    /// Drops all values but the first `len`. The room stays.
    pub fn truncate(&mut self, len: usize) {
        if let Some(count) = self.len.checked_sub(len) {
            // SAFETY: there are so many; they are counted no more, so nobody drops them again.
            unsafe { ptr::drop_in_place(self.dec_len(count)) };
        }
    }

    /// Drops all values. The room stays.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Keeps the values of which `f` says so, in their order.
    pub fn retain(&mut self, mut f: impl FnMut(&mut T) -> bool) {
        let mut kept = 0;
        for place in 0..self.len {
            if f(&mut self[place]) {
                self.swap(kept, place);
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    /// Removes all values, one by one, and drops what is not taken. The room stays.
    pub fn drain_all(&mut self) -> DrainAll<'_, T> {
        let count = self.len;
        // SAFETY: there are so many, and they are counted no more.
        DrainAll::new(unsafe { self.dec_len(count) })
    }

    /// The vector of parts that [`Vec::into_raw_parts`] gave.
    ///
    /// # Safety
    /// They are what the invariants of a vector say, and no other owner is made of them. Values of no bytes may come with any
    /// capacity.
    pub unsafe fn from_raw_parts(ptr: *mut T, length: usize, capacity: usize) -> Self {
        let layout = if Self::NO_BYTES {
            ArrayLayout::empty()
        } else {
            // SAFETY: memory for so many was given, so they have a layout.
            unsafe { ArrayLayout::new_unchecked(capacity) }
        };
        // INVARIANT: the caller's promise.
        // SAFETY: it is not null, by the same.
        Vec { ptr: unsafe { NonNull::new_unchecked(ptr) }, layout, len: length, owned: PhantomData }
    }

    /// The pointer, the length and the capacity, of which [`Vec::from_raw_parts`] makes the vector again; otherwise nobody frees
    /// its values.
    ///
    /// ```
    /// use alloc_core_rfl as kernel;
    /// use kernel::prelude::*;
    /// let (pointer, length, capacity) = kernel::kvec![1, 2, 3]?.into_raw_parts();
    /// // SAFETY: the vector was given up for its parts.
    /// let numbers = unsafe { KVec::from_raw_parts(pointer, length, capacity) };
    /// assert_eq!(numbers, [1, 2, 3]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn into_raw_parts(self) -> (*mut T, usize, usize) {
        let mut this = ManuallyDrop::new(self);
        (this.as_mut_ptr(), this.len(), this.capacity())
    }

    /// The memory and the values in it as a slice in a box. Called where there is no room beside them.
    pub(in crate::alloc) fn into_exact_box(self) -> Box<[T], A> {
        debug_assert!(Self::NO_BYTES || self.layout.len() == self.len, "a box has no spare room");
        let (pointer, len, _) = self.into_raw_parts();
        // SAFETY: by the invariants the values are valid, and the memory was given for as many.
        unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(pointer, len)) }
    }

    /// Notes where the memory is now, and for how many values.
    ///
    /// # Safety
    /// It was given by `A` for `layout`, holds the values, and the old one is gone.
    pub(super) unsafe fn set_memory(&mut self, memory: NonNull<[u8]>, layout: ArrayLayout<T>) {
        // INVARIANT: the caller's promise.
        (self.ptr, self.layout) = (memory.cast(), layout);
    }

    /// Where the memory is.
    pub(super) fn memory(&self) -> NonNull<T> {
        self.ptr
    }
}

impl<T, A: Allocator> Default for Vec<T, A> {
    fn default() -> Self {
        Vec::new()
    }
}

impl<T: fmt::Debug, A: Allocator> fmt::Debug for Vec<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T, A: Allocator> Deref for Vec<T, A> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: by the invariants so many values are valid, and nobody changes them while their owner is borrowed.
        unsafe { slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }
}

impl<T, A: Allocator> DerefMut for Vec<T, A> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`, and the owner is borrowed exclusively.
        unsafe { slice::from_raw_parts_mut(self.ptr.as_ptr(), self.len) }
    }
}

impl<T, A: Allocator> Drop for Vec<T, A> {
    fn drop(&mut self) {
        // SAFETY: by the invariants the values are valid and this owner's alone, who ends here, and the memory was given
        // for its layout; none was for no bytes.
        unsafe {
            ptr::drop_in_place(&mut **self);
            A::free(self.ptr.cast(), self.layout.into());
        }
    }
}
