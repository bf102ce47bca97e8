//! Initialisation in place: values are made where they are to stay.
#![expect(unsafe_code, reason = "passes initialisers on, with other errors")]

pub use pinned_init::{
    InPlaceWrite, Init, PinInit, Zeroable, ZeroableOption, init_from_closure, init_zeroed, pin_init_from_closure,
    zeroed,
};

use crate::alloc::{AllocError, Flags};
use crate::error::{Error, Result};

/// Owners whose values are made in their memory.
///
/// ```
/// use alloc_core_rfl as kernel;
/// use kernel::prelude::*;
/// struct Ring {
///     slots: [u64; 512],
///     head: usize,
/// }
/// let ring = KBox::init(kernel::init!(Ring { slots <- kernel::init::init_zeroed(), head: 1 }), GFP_KERNEL)?;
/// assert_eq!((ring.slots[511], ring.head), (0, 1));
/// # Ok::<(), Error>(())
/// ```
pub trait InPlaceInit<T>: Sized {
    /// The owner of a value that does not move any more.
    type PinnedSelf;

    /// A pinned value, made in place.
    ///
    /// # Errors
    /// The initialiser's; and that of the memory, as such a one.
    fn try_pin_init<E: From<AllocError>>(init: impl PinInit<T, E>, flags: Flags) -> Result<Self::PinnedSelf, E>;

    /// A pinned value, made in place, with the kernel's errors.
    ///
    /// # Errors
    /// The initialiser's, and `ENOMEM`.
    fn pin_init<E>(init: impl PinInit<T, E>, flags: Flags) -> Result<Self::PinnedSelf>
    where
        Error: From<E>,
    {
        Self::try_pin_init(pinned_errors(init), flags)
    }

    /// A value, made in place.
    ///
    /// # Errors
    /// As [`InPlaceInit::try_pin_init`].
    fn try_init<E: From<AllocError>>(init: impl Init<T, E>, flags: Flags) -> Result<Self, E>;

    /// A value, made in place, with the kernel's errors.
    ///
    /// # Errors
    /// As [`InPlaceInit::pin_init`].
    fn init<E>(init: impl Init<T, E>, flags: Flags) -> Result<Self>
    where
        Error: From<E>,
    {
        Self::try_init(errors(init), flags)
    }
}

/// The same initialiser, with the kernel's errors.
fn errors<T, E>(init: impl Init<T, E>) -> impl Init<T, Error>
where
    Error: From<E>,
{
    // SAFETY: the place is passed on as it is, and so is whether there is a value in it afterwards.
    unsafe { init_from_closure(move |slot| Ok(init.__init(slot)?)) }
}

/// The same pinned initialiser, with the kernel's errors.
fn pinned_errors<T, E>(init: impl PinInit<T, E>) -> impl PinInit<T, Error>
where
    Error: From<E>,
{
    // SAFETY: as above.
    unsafe { pin_init_from_closure(move |slot| Ok(init.__pinned_init(slot)?)) }
}

/// As `pin_init!`, for initialisers that can fail: with the kernel's errors, unless another type is named behind a `?`.
#[macro_export]
macro_rules! try_pin_init {
    ($(&$this:ident in)? $t:ident $(::<$($generic:ty),* $(,)?>)? { $($fields:tt)* }) => {
        $crate::init::__pinned::try_pin_init!(
            $(&$this in)? $t $(::<$($generic),*>)? { $($fields)* }? $crate::error::Error
        )
    };
    ($(&$this:ident in)? $t:ident $(::<$($generic:ty),* $(,)?>)? { $($fields:tt)* }? $error:ty) => {
        $crate::init::__pinned::try_pin_init!($(&$this in)? $t $(::<$($generic),*>)? { $($fields)* }? $error)
    };
}

/// As `init!`, for initialisers that can fail: with the kernel's errors, unless another type is named behind a `?`.
#[macro_export]
macro_rules! try_init {
    ($(&$this:ident in)? $t:ident $(::<$($generic:ty),* $(,)?>)? { $($fields:tt)* }) => {
        $crate::init::__pinned::try_init!(
            $(&$this in)? $t $(::<$($generic),*>)? { $($fields)* }? $crate::error::Error
        )
    };
    ($(&$this:ident in)? $t:ident $(::<$($generic:ty),* $(,)?>)? { $($fields:tt)* }? $error:ty) => {
        $crate::init::__pinned::try_init!($(&$this in)? $t $(::<$($generic),*>)? { $($fields)* }? $error)
    };
}

/// For the macros.
#[doc(hidden)]
pub use pinned_init as __pinned;
