//! The C library's own version of a function that the runtime stands before.
#![expect(unsafe_code, reason = "asks the loader for the next definition of a symbol")]

use std::ffi::{CStr, c_void};
use std::ptr;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering::Relaxed;

/// A symbol that is looked up once.
pub(crate) struct LibcSymbol {
    name: &'static CStr,
    address: AtomicPtr<c_void>,
}

impl LibcSymbol {
    pub(crate) const fn new(name: &'static CStr) -> LibcSymbol {
        LibcSymbol { name, address: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The definition behind this program's; `None` in a program without a loader.
    pub(crate) fn address(&self) -> Option<*const c_void> {
        let known = self.address.load(Relaxed);
        if !known.is_null() {
            return Some(known);
        }
        // SAFETY: the name is a C string; the lookup changes nothing.
        let found = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) };
        self.address.store(found, Relaxed);
        (!found.is_null()).then_some(found.cast_const())
    }
}
