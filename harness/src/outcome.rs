//! What a body gives back, as far as runs in different processes can be compared.

use std::fmt::{self, Debug, Write};

use crate::chain::id::Id;

/// The result of a sweep's body.
///
/// Two runs gave the same if both are errors or both are not, and [`describe`](Outcome::describe) writes the same.
/// For `Result` and `Option` that is the `Debug` text of the value: give back what the caller of your
/// code can see, and nothing that differs from run to run (addresses, times, the order of a `HashMap`).
///
/// ```
/// use firsthit::Outcome;
/// assert!(Err::<(), _>("no memory").is_error());
/// assert!(!Ok::<_, ()>(3).is_error());
/// ```
#[diagnostic::on_unimplemented(
    message = "two values of `{Self}` from two runs cannot be compared",
    label = "not an `Outcome`",
    note = "a swept function returns nothing, a `Result` or `Option` that is `Debug`, a plain value, or a type for which you implement `firsthit::Outcome`"
)]
pub trait Outcome {
    /// Whether this is a failure that surfaced.
    fn is_error(&self) -> bool {
        false
    }

    /// Writes everything that must be equal in two runs.
    ///
    /// # Errors
    /// Those of `to`.
    fn describe(&self, to: &mut dyn Write) -> fmt::Result;
}

impl Outcome for () {
    fn describe(&self, to: &mut dyn Write) -> fmt::Result {
        to.write_str("()")
    }
}

impl<T: Debug, E: Debug> Outcome for Result<T, E> {
    fn is_error(&self) -> bool {
        self.is_err()
    }

    fn describe(&self, to: &mut dyn Write) -> fmt::Result {
        write!(to, "{self:?}")
    }
}

impl<T: Debug> Outcome for Option<T> {
    fn is_error(&self) -> bool {
        self.is_none()
    }

    fn describe(&self, to: &mut dyn Write) -> fmt::Result {
        write!(to, "{self:?}")
    }
}

macro_rules! described_by_debug {
    ($($plain:ty),*) => {$(
        impl Outcome for $plain {
            fn describe(&self, to: &mut dyn Write) -> fmt::Result {
                write!(to, "{self:?}")
            }
        }
    )*};
}

described_by_debug!(bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, String);

/// How many bytes of a description a finding shows.
const SHOWN: usize = 240;

/// A description's digest and its beginning, made without allocating.
pub(crate) struct Description {
    hash: Id,
    shown: [u8; SHOWN],
    len: usize,
}

impl Description {
    pub(crate) fn of(outcome: &impl Outcome) -> Description {
        let mut description = Description { hash: Id::EMPTY, shown: [0; SHOWN], len: 0 };
        let _ = outcome.describe(&mut description);
        description
    }

    pub(crate) fn digest(&self) -> u64 {
        self.hash.lo ^ self.hash.hi
    }

    pub(crate) fn shown(&self) -> &[u8] {
        &self.shown[..self.len]
    }
}

impl Write for Description {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.hash = self.hash.with(u64::from(byte));
        }
        let room = &mut self.shown[self.len..];
        let shown = text.floor_char_boundary(room.len());
        room[..shown].copy_from_slice(&text.as_bytes()[..shown]);
        self.len += shown;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_descriptions_differ_by_their_ends_too() {
        let [one, two] = ["1", "2"].map(|end| Description::of(&("x".repeat(1000) + end)));
        assert_ne!(one.digest(), two.digest());
        assert_eq!(one.shown(), two.shown());
        assert_eq!(one.shown().len(), SHOWN);
    }

    #[test]
    fn nothing_is_an_error_but_what_says_so() {
        assert!(None::<u8>.is_error());
        assert!(![().is_error(), Some(1).is_error(), false.is_error()].contains(&true));
    }
}
