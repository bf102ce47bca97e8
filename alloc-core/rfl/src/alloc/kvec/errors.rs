//! Why a vector was not changed, with the value that did not get in.

use core::fmt;

use crate::error::{Error, code::EINVAL};

/// The vector has no room: the value comes back.
pub struct PushError<T>(pub T);

impl<T> fmt::Debug for PushError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushError: the vector has no room for one more value")
    }
}

impl<T> From<PushError<T>> for Error {
    fn from(_: PushError<T>) -> Error {
        // As the kernel has it: room was promised, so that there is none is the caller's mistake.
        EINVAL
    }
}

/// The value could not be inserted: it comes back.
pub enum InsertError<T> {
    /// The place lies behind the end.
    IndexOutOfBounds(T),
    /// The vector has no room.
    OutOfCapacity(T),
}

impl<T> fmt::Debug for InsertError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InsertError::IndexOutOfBounds(_) => "InsertError: the place lies behind the vector's end",
            InsertError::OutOfCapacity(_) => "InsertError: the vector has no room for one more value",
        })
    }
}

impl<T> From<InsertError<T>> for Error {
    fn from(_: InsertError<T>) -> Error {
        EINVAL
    }
}

/// There is no value at the place.
#[derive(Debug)]
pub struct RemoveError;

impl From<RemoveError> for Error {
    fn from(_: RemoveError) -> Error {
        EINVAL
    }
}
