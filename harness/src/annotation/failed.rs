//! Whether a value says that something failed, asked without taking it and without knowing its type.

use std::ops::ControlFlow;
use std::task::Poll;

/// What `?` can be put behind.
#[doc(hidden)]
pub trait Failed {
    /// Whether `?` would return.
    fn failed(&self) -> bool;
}

impl<T, E> Failed for Result<T, E> {
    #[inline(always)]
    fn failed(&self) -> bool {
        self.is_err()
    }
}

impl<T> Failed for Option<T> {
    #[inline(always)]
    fn failed(&self) -> bool {
        self.is_none()
    }
}

impl<B, C> Failed for ControlFlow<B, C> {
    #[inline(always)]
    fn failed(&self) -> bool {
        self.is_break()
    }
}

impl<T, E> Failed for Poll<Result<T, E>> {
    #[inline(always)]
    fn failed(&self) -> bool {
        matches!(self, Poll::Ready(Err(_)))
    }
}

impl<T, E> Failed for Poll<Option<Result<T, E>>> {
    #[inline(always)]
    fn failed(&self) -> bool {
        matches!(self, Poll::Ready(Some(Err(_))))
    }
}

/// A value of any type: `(&Probe(&value)).failed()` is true only of a type that is known to say so.
///
/// [`Failed`] answers for `Probe`s of known types; for all others the method of [`Unknown`], which is one reference
/// further away, is found.
#[doc(hidden)]
pub struct Probe<'a, T>(pub &'a T);

impl<T: Failed> Failed for Probe<'_, T> {
    #[inline(always)]
    fn failed(&self) -> bool {
        self.0.failed()
    }
}

/// What cannot be told from a value's type.
#[doc(hidden)]
pub trait Unknown {
    /// False.
    #[inline(always)]
    fn failed(&self) -> bool {
        false
    }
}

impl<T> Unknown for &Probe<'_, T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::needless_borrow, reason = "borrowed as the macros do it, for types that are not known")]
    fn known_types_tell_and_others_pass() {
        struct Other;
        assert!((&Probe(&Err::<(), _>(1))).failed());
        assert!(!(&Probe(&Ok::<_, u8>(1))).failed());
        assert!((&Probe(&None::<u8>)).failed());
        assert!((&Probe(&ControlFlow::<u8>::Break(1))).failed());
        assert!((&Probe(&Poll::Ready(Err::<u8, _>(1)))).failed());
        assert!(!(&Probe(&Poll::<Result<u8, u8>>::Pending)).failed());
        assert!(!(&Probe(&Other)).failed());
    }
}
