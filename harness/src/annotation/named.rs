//! Failures that have a name: null pointers, and the operating system's error numbers.

use std::ptr;

/// A type that has a null.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no null",
    label = "this function returns no raw pointer",
    note = "`#[injectable(null)]` is for functions that return `*const T` or `*mut T`; elsewhere write the value that is returned: `None`, `Err(..)`"
)]
pub trait Null {
    /// The pointer to nothing.
    const NULL: Self;
}

impl<T> Null for *const T {
    const NULL: *const T = ptr::null();
}

impl<T> Null for *mut T {
    const NULL: *mut T = ptr::null_mut();
}

/// A null pointer of the type that is wanted.
#[doc(hidden)]
#[inline(always)]
pub fn null<P: Null>() -> P {
    P::NULL
}

/// The operating system's error numbers by their names.
#[cfg(unix)]
#[doc(hidden)]
pub mod errno {
    macro_rules! named {
        ($($name:ident)*) => {
            $(#[expect(missing_docs, reason = "errno.h has them")] pub const $name: i32 = libc::$name;)*

            /// The names, in their order.
            pub const ALL: &[&str] = &[$(stringify!($name)),*];
        };
    }

    named! {
        E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF EBUSY ECANCELED ECONNABORTED ECONNREFUSED ECONNRESET EDEADLK EDESTADDRREQ EDOM EDQUOT EEXIST EFAULT EFBIG EHOSTUNREACH EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR ELOOP EMFILE EMLINK EMSGSIZE ENAMETOOLONG ENETDOWN ENETRESET ENETUNREACH ENFILE ENOBUFS ENODEV ENOENT ENOLCK ENOMEM ENOPROTOOPT ENOSPC ENOSYS ENOTCONN ENOTDIR ENOTEMPTY ENOTSOCK ENOTSUP ENOTTY ENXIO EOPNOTSUPP EOVERFLOW EPERM EPIPE EPROTO EPROTONOSUPPORT EPROTOTYPE ERANGE EROFS ESPIPE ESRCH ESTALE ETIMEDOUT ETXTBSY EWOULDBLOCK EXDEV
    }
}

#[cfg(test)]
mod tests {
    use super::null;

    #[test]
    fn null_is_of_the_type_that_is_wanted() {
        let (shared, own): (*const u8, *mut u32) = (null(), null());
        assert!(shared.is_null() && own.is_null());
    }
}
