//! The kernel's errors: a number of the C side's table, and what becomes of Rust's errors.

use core::alloc::LayoutError;
use core::convert::Infallible;
use core::ffi::{CStr, c_int};
use core::fmt;
use core::num::{NonZero, TryFromIntError};
use core::str::Utf8Error;

use crate::alloc::AllocError;

/// The largest number of an error.
const MAX_ERRNO: c_int = 4095;

/// An error of the kernel's: a negative number of its table (`errno`).
///
/// ```
/// use alloc_core_rfl as kernel;
/// use kernel::prelude::*;
/// assert_eq!(ENOMEM.to_errno(), -12);
/// assert_eq!(Error::from_errno(-22), EINVAL);
/// assert_eq!(format!("{:?}", Error::from(kernel::alloc::AllocError)), "ENOMEM");
/// ```
///
/// # Invariants
/// The number is between `-4095` and `-1`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(NonZero<c_int>);

/// What fallible kernel functions give.
pub type Result<T = (), E = Error> = core::result::Result<T, E>;

impl Error {
    /// The error of a negative number; [`code::EINVAL`] for a number that is none's.
    pub const fn from_errno(errno: c_int) -> Error {
        match NonZero::new(errno) {
            // INVARIANT: just looked at.
            Some(number) if errno < 0 && errno >= -MAX_ERRNO => Error(number),
            _ => code::EINVAL,
        }
    }

    /// The number, which is negative.
    pub const fn to_errno(self) -> c_int {
        self.0.get()
    }

    /// The name in the kernel's table, if it has one.
    pub fn name(&self) -> Option<&'static CStr> {
        code::NAMES.iter().find(|(error, _)| error == self).map(|(_, name)| *name)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name().and_then(|name| name.to_str().ok()) {
            Some(name) => f.write_str(name),
            None => f.debug_tuple("Error").field(&-self.0.get()).finish(),
        }
    }
}

macro_rules! codes {
    ($($name:ident = $number:literal, $doc:literal;)+) => {
        /// The kernel's table of errors.
        pub mod code {
            use core::ffi::CStr;

            use super::{Error, NonZero};

            $(
                #[doc = $doc]
                pub const $name: Error = Error(match NonZero::new(-$number) {
                    Some(number) => number,
                    None => unreachable!(),
                });
            )+

            /// Every error with its name.
            pub(super) const NAMES: &[(Error, &CStr)] = &[$((
                $name,
                match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                    Ok(name) => name,
                    Err(_) => unreachable!(),
                },
            )),+];
        }
    };
}

codes! {
    EPERM = 1, "Not permitted.";
    ENOENT = 2, "No such file or directory.";
    ESRCH = 3, "No such process.";
    EINTR = 4, "A system call was interrupted.";
    EIO = 5, "Input or output failed.";
    ENXIO = 6, "No such device or address.";
    E2BIG = 7, "The list of arguments is too long.";
    ENOEXEC = 8, "Not a format that can be executed.";
    EBADF = 9, "A bad number of a file.";
    ECHILD = 10, "No child processes.";
    EAGAIN = 11, "Try again.";
    ENOMEM = 12, "Out of memory.";
    EACCES = 13, "Access is denied.";
    EFAULT = 14, "A bad address.";
    ENOTBLK = 15, "Not a block device.";
    EBUSY = 16, "The device or resource is in use.";
    EEXIST = 17, "The file exists.";
    EXDEV = 18, "A link across devices.";
    ENODEV = 19, "No such device.";
    ENOTDIR = 20, "Not a directory.";
    EISDIR = 21, "A directory.";
    EINVAL = 22, "An invalid argument.";
    ENFILE = 23, "The table of files is full.";
    EMFILE = 24, "Too many open files.";
    ENOTTY = 25, "Not a typewriter: no such request to the device.";
    ETXTBSY = 26, "The program's file is in use.";
    EFBIG = 27, "The file is too large.";
    ENOSPC = 28, "No space is left on the device.";
    ESPIPE = 29, "Nobody can seek there.";
    EROFS = 30, "The file system can only be read.";
    EMLINK = 31, "Too many links.";
    EPIPE = 32, "The pipe is broken.";
    EDOM = 33, "The argument is outside of the function's domain.";
    ERANGE = 34, "The result cannot be represented.";
    EDEADLK = 35, "There would be a deadlock.";
    ENAMETOOLONG = 36, "The name is too long.";
    ENOSYS = 38, "No such system call.";
    EOVERFLOW = 75, "The value is too large for its type.";
    EMSGSIZE = 90, "The message is too long.";
    EOPNOTSUPP = 95, "The operation is not supported.";
    ENOBUFS = 105, "No room in a buffer.";
    ETIMEDOUT = 110, "It took too long.";
    ECANCELED = 125, "The operation was cancelled.";
    ERESTARTSYS = 512, "The system call is begun anew.";
    EPROBE_DEFER = 517, "The driver asks to be probed again later.";
    ENOTSUPP = 524, "The operation is not supported.";
}

impl From<AllocError> for Error {
    fn from(_: AllocError) -> Error {
        code::ENOMEM
    }
}

impl From<LayoutError> for Error {
    fn from(_: LayoutError) -> Error {
        code::ENOMEM
    }
}

impl From<TryFromIntError> for Error {
    fn from(_: TryFromIntError) -> Error {
        code::EINVAL
    }
}

impl From<Utf8Error> for Error {
    fn from(_: Utf8Error) -> Error {
        code::EINVAL
    }
}

impl From<fmt::Error> for Error {
    fn from(_: fmt::Error) -> Error {
        code::EINVAL
    }
}

impl From<Infallible> for Error {
    fn from(error: Infallible) -> Error {
        match error {}
    }
}

/// The result that a number of the C side stands for: negative is an error.
///
/// # Errors
/// The error of a negative number.
pub fn to_result(number: c_int) -> Result {
    if number < 0 { Err(Error::from_errno(number)) } else { Ok(()) }
}
