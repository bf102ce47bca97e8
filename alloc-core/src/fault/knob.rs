//! A value that is turned while others look at it.

use core::fmt;

use crate::sync::lock::Lock;

/// A small value that any thread may read and set: a counter that a fault source counts down while tests look on.
///
/// ```
/// use alloc_core::Knob;
/// let space = Knob::new(4096_u64);
/// space.set(space.get() - 96);
/// assert_eq!(space.get(), 4000);
/// ```
#[derive(Default)]
pub struct Knob<T>(Lock<T>);

impl<T> Knob<T> {
    /// A knob that stands at `value`.
    pub fn new(value: T) -> Knob<T> {
        Knob(Lock::new(value))
    }

    /// Sets it.
    pub fn set(&self, value: T) {
        self.turn(|at| *at = value);
    }

    /// Changes the value in one step, and says what `change` says.
    pub(crate) fn turn<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.0.lock())
    }
}

impl<T: Clone> Knob<T> {
    /// Where it stands.
    pub fn get(&self) -> T {
        self.turn(|at| at.clone())
    }
}

impl<T: Clone> Clone for Knob<T> {
    fn clone(&self) -> Knob<T> {
        Knob::new(self.get())
    }
}

impl<T: fmt::Debug> fmt::Debug for Knob<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_while_it_is_turned_does_not_spoil_it() {
        let knob = Knob::new(1);
        #[cfg(feature = "std")]
        {
            let turned = std::panic::AssertUnwindSafe(&knob);
            let panics = move || turned.turn(|_| panic!("while it is turned"));
            assert!(std::panic::catch_unwind(panics).is_err());
        }
        knob.set(knob.get() + 1);
        assert_eq!((knob.get(), knob.clone().get()), (2, 2));
    }
}
