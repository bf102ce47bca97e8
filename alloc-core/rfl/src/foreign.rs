//! Owners that travel through foreign code as bare pointers.
#![expect(unsafe_code, reason = "declares functions that believe pointers")]

use core::ffi::c_void;

/// An owner that can be turned into a pointer, for code that keeps it, and back.
///
/// # Safety
/// The implementor vouches that [`ForeignOwnable::into_foreign`] gives pointers that are not null and are aligned to
/// [`ForeignOwnable::FOREIGN_ALIGN`].
pub unsafe trait ForeignOwnable: Sized {
    /// The alignment of the pointers.
    const FOREIGN_ALIGN: usize;

    /// What is borrowed of it meanwhile.
    type Borrowed<'a>;

    /// What is borrowed of it exclusively.
    type BorrowedMut<'a>;

    /// The pointer, which owns what the owner did.
    fn into_foreign(self) -> *mut c_void;

    /// The owner again.
    ///
    /// # Safety
    /// The pointer was given by [`ForeignOwnable::into_foreign`] of the same type, no other owner was made of it since, and
    /// nothing is borrowed of it.
    unsafe fn from_foreign(ptr: *mut c_void) -> Self;

    /// The owner again; `None` of null.
    ///
    /// # Safety
    /// As [`ForeignOwnable::from_foreign`], unless the pointer is null.
    unsafe fn try_from_foreign(ptr: *mut c_void) -> Option<Self> {
        // SAFETY: the caller's promise.
        if ptr.is_null() { None } else { Some(unsafe { Self::from_foreign(ptr) }) }
    }

    /// Borrows what the pointer owns.
    ///
    /// # Safety
    /// The pointer was given by [`ForeignOwnable::into_foreign`] of the same type, and no owner is made of it, nor anything
    /// borrowed exclusively, for `'a`.
    unsafe fn borrow<'a>(ptr: *mut c_void) -> Self::Borrowed<'a>;

    /// Borrows what the pointer owns, exclusively.
    ///
    /// # Safety
    /// As [`ForeignOwnable::borrow`], and nothing else is borrowed of it for `'a`.
    unsafe fn borrow_mut<'a>(ptr: *mut c_void) -> Self::BorrowedMut<'a>;
}
