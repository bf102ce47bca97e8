//! A box: it owns a value, and the memory that the value lies in.
#![expect(unsafe_code, reason = "owns memory by pointer")]

use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::{Deref, DerefMut};
use core::pin::Pin;
use core::ptr::{self, NonNull};

use crate::alloc::alloc_error::AllocError;
use crate::alloc::allocator::{KVmalloc, Kmalloc, Vmalloc};
use crate::alloc::contract::Allocator;
use crate::alloc::gfp_flags::Flags;
use crate::alloc::numa_node::NumaNode;

/// The owner of a value in memory of an allocator's. Dropping it drops the value, and frees the memory.
///
/// Asking for the memory takes flags, and can fail. A value of no bytes takes no memory, and fails never.
///
/// ```
/// use alloc_core_rfl as kernel;
/// use kernel::prelude::*;
/// let mut number = KBox::new(24_u64, GFP_KERNEL)?;
/// *number += 1;
/// assert_eq!(*number, 25);
/// assert_eq!(KBox::into_inner(number), 25);
/// # Ok::<(), Error>(())
/// ```
///
/// A box of `dyn Trait` is made by way of its pointer (`KBox::into_raw(value) as *mut dyn Trait`, `from_raw`): the coercion that
/// the kernel has needs an unstable feature of Rust's.
///
/// # Invariants
/// The pointer is aligned and that of a valid value, which is this owner's alone, in memory that `A` gave for the value's layout;
/// dangling for values of no bytes.
#[repr(transparent)]
pub struct Box<T: ?Sized, A: Allocator>(NonNull<T>, PhantomData<(A, PhantomOwned<T>)>);

/// Says that a box drops a `T`.
type PhantomOwned<T> = PhantomData<std::boxed::Box<T>>;

/// A box in memory of [`Kmalloc`]'s.
pub type KBox<T> = Box<T, Kmalloc>;

/// A box in memory of [`Vmalloc`]'s.
pub type VBox<T> = Box<T, Vmalloc>;

/// A box in memory of [`KVmalloc`]'s.
pub type KVBox<T> = Box<T, KVmalloc>;

// SAFETY: a box is its value's only owner; its memory is freed from any thread, by the contract of allocators.
unsafe impl<T: Send + ?Sized, A: Allocator> Send for Box<T, A> {}
// SAFETY: as above; a shared box gives shared values, and nothing else.
unsafe impl<T: Sync + ?Sized, A: Allocator> Sync for Box<T, A> {}

impl<T: ?Sized, A: Allocator> Box<T, A> {
    /// The box of a pointer that [`Box::into_raw`] gave.
    ///
    /// # Safety
    /// The pointer is what the invariants of a box say, and no other owner is made of it.
    pub const unsafe fn from_raw(raw: *mut T) -> Self {
        // INVARIANT: the caller's promise.
        // SAFETY: it is not null, by the same.
        Box(unsafe { NonNull::new_unchecked(raw) }, PhantomData)
    }

    /// The pointer, of which [`Box::from_raw`] makes the box again; otherwise nobody frees the value.
    ///
    /// ```
    /// use alloc_core_rfl as kernel;
    /// use kernel::prelude::*;
    /// let raw = KBox::into_raw(KBox::new(24, GFP_KERNEL)?);
    /// // SAFETY: the box was given up for the pointer.
    /// let boxed = unsafe { KBox::from_raw(raw) };
    /// assert_eq!(*boxed, 24);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn into_raw(b: Self) -> *mut T {
        ManuallyDrop::new(b).0.as_ptr()
    }

    /// The value, which nobody owns any more: it is never dropped.
    pub fn leak<'a>(b: Self) -> &'a mut T
    where
        T: 'a,
    {
        // SAFETY: by the invariant the value is valid and was this owner's alone, who is gone.
        unsafe { &mut *Box::into_raw(b) }
    }

    /// The same box, whose value does not move any more.
    pub fn into_pin(this: Self) -> Pin<Self> {
        // SAFETY: a box does not move its value as long as it owns it, and a pinned one does not give it out.
        unsafe { Pin::new_unchecked(this) }
    }
}

impl<T, A: Allocator> Box<MaybeUninit<T>, A> {
    /// The box of the value that was written to it.
    ///
    /// # Safety
    /// It was.
    pub unsafe fn assume_init(self) -> Box<T, A> {
        // INVARIANT: the caller's promise; both have one layout.
        Box(ManuallyDrop::new(self).0.cast(), PhantomData)
    }

    /// Writes a value, and makes the box its owner.
    pub fn write(mut self, value: T) -> Box<T, A> {
        (*self).write(value);
        // SAFETY: just written.
        unsafe { self.assume_init() }
    }
}

impl<T, A: Allocator> Box<T, A> {
    /// A box of a value.
    ///
    /// # Errors
    /// [`AllocError`] if the memory was not to be had; the value is dropped then.
    pub fn new(x: T, flags: Flags) -> Result<Self, AllocError> {
        Ok(Self::new_uninit(flags)?.write(x))
    }

    /// A box without a value yet.
    ///
    /// ```
    /// use alloc_core_rfl as kernel;
    /// use kernel::prelude::*;
    /// let empty = KBox::<u64>::new_uninit(GFP_KERNEL)?;
    /// assert_eq!(*KBox::write(empty, 24), 24);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError`] if the memory was not to be had.
    pub fn new_uninit(flags: Flags) -> Result<Box<MaybeUninit<T>, A>, AllocError> {
        let memory = A::alloc(Layout::new::<MaybeUninit<T>>(), flags, NumaNode::NO_NODE)?;
        // INVARIANT: the memory was given for this layout just now, and anything is a valid value.
        Ok(Box(memory.cast(), PhantomData))
    }

    /// A box of a value that does not move any more.
    ///
    /// # Errors
    /// Those of [`Box::new`].
    pub fn pin(x: T, flags: Flags) -> Result<Pin<Self>, AllocError>
    where
        A: 'static,
    {
        Ok(Self::new(x, flags)?.into())
    }

    /// Drops the value and keeps the memory, for another value.
    ///
    /// ```
    /// use alloc_core_rfl as kernel;
    /// use kernel::prelude::*;
    /// let first = KBox::new([0; 8], GFP_KERNEL)?;
    /// let second = KBox::drop_contents(first).write([1; 8]);
    /// assert_eq!(*second, [1; 8]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn drop_contents(this: Self) -> Box<MaybeUninit<T>, A> {
        let value = Box::into_raw(this);
        // INVARIANT: the memory is that of the same layout, and this is its only owner now: also if the value's end panics.
        // SAFETY: as above.
        let memory = unsafe { Box::from_raw(value.cast::<MaybeUninit<T>>()) };
        // SAFETY: by the invariant the value is valid, and nobody owns it any more.
        unsafe { ptr::drop_in_place(value) };
        memory
    }

    /// The value; the memory is freed.
    pub fn into_inner(b: Self) -> T {
        let value = Box::into_raw(b);
        // SAFETY: by the invariant the value is valid; the box that is made has none, so nobody else owns it.
        unsafe {
            let memory: Box<MaybeUninit<T>, A> = Box::from_raw(value.cast());
            (*memory).assume_init_read()
        }
    }
}

impl<T: ?Sized, A: Allocator> Deref for Box<T, A> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: by the invariant the value is valid, and nobody changes it while its owner is borrowed.
        unsafe { self.0.as_ref() }
    }
}

impl<T: ?Sized, A: Allocator> DerefMut for Box<T, A> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as in `deref`, and the owner is borrowed exclusively.
        unsafe { self.0.as_mut() }
    }
}

impl<T: ?Sized, A: Allocator> Drop for Box<T, A> {
    fn drop(&mut self) {
        let layout = Layout::for_value::<T>(self);
        // SAFETY: by the invariant the value is valid and this owner's alone, who ends here, and the memory was given for
        // this layout.
        unsafe {
            ptr::drop_in_place::<T>(&mut **self);
            A::free(self.0.cast(), layout);
        }
    }
}
