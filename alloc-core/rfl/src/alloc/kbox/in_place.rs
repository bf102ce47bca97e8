//! Values that are made in the memory of a box, by initialisers.
#![expect(unsafe_code, reason = "runs initialisers on memory")]

use core::mem::MaybeUninit;
use core::pin::Pin;

use pinned_init::{InPlaceWrite, Init, PinInit};

use super::boxed::Box;
use crate::alloc::alloc_error::AllocError;
use crate::alloc::contract::Allocator;
use crate::alloc::gfp_flags::Flags;
use crate::alloc::kvec::Vec;
use crate::init::InPlaceInit;

impl<T, A: Allocator + 'static> InPlaceWrite<T> for Box<MaybeUninit<T>, A> {
    type Initialized = Box<T, A>;

    fn write_init<E>(mut self, init: impl Init<T, E>) -> Result<Box<T, A>, E> {
        // SAFETY: the memory is this box's alone; where the initialiser fails, the box without a value is dropped. It
        // has succeeded where the value is believed.
        unsafe {
            init.__init(self.as_mut_ptr())?;
            Ok(self.assume_init())
        }
    }

    fn write_pin_init<E>(mut self, init: impl PinInit<T, E>) -> Result<Pin<Box<T, A>>, E> {
        // SAFETY: as above; and the value does not move: the box becomes a pinned one.
        unsafe {
            init.__pinned_init(self.as_mut_ptr())?;
            Ok(self.assume_init().into())
        }
    }
}

impl<T, A: Allocator + 'static> InPlaceInit<T> for Box<T, A> {
    type PinnedSelf = Pin<Self>;

    fn try_pin_init<E: From<AllocError>>(init: impl PinInit<T, E>, flags: Flags) -> Result<Pin<Self>, E> {
        Box::new_uninit(flags)?.write_pin_init(init)
    }

    fn try_init<E: From<AllocError>>(init: impl Init<T, E>, flags: Flags) -> Result<Self, E> {
        Box::new_uninit(flags)?.write_init(init)
    }
}

impl<T, A: Allocator> Box<T, A> {
    /// A pinned slice of `len` values, each made in place by the initialiser that `init` gives for its number.
    ///
    /// # Errors
    /// The initialisers' own, behind which the values that were made are dropped; and [`AllocError`].
    pub fn pin_slice<I, Item, E>(mut init: I, len: usize, flags: Flags) -> Result<Pin<Box<[T], A>>, E>
    where
        I: FnMut(usize) -> Item,
        Item: PinInit<T, E>,
        E: From<AllocError>,
    {
        let mut values = Vec::<T, A>::with_capacity(len, flags)?;
        for number in 0..len {
            let place = values.spare_capacity_mut()[0].as_mut_ptr();
            // SAFETY: 1. The place is the vector's and has no value. It does not move: there is room for all. 2. Where the
            // initialiser has succeeded, there is one more value.
            unsafe {
                init(number).__pinned_init(place)?;
                values.inc_len(1);
            }
        }
        Ok(values.into_exact_box().into())
    }
}
