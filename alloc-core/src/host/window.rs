//! The window of the Linux host: reserved addresses at which the pages of a file are mapped side by side.
#![expect(unsafe_code, reason = "maps memory")]

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use super::contract::{HostError, bytes};
use crate::units::PAGE_SIZE;

/// Reserved addresses, and the mappings of a file in them.
///
/// Linux limits a process's mappings, and at the limit it refuses to replace some by a single one. Then the window gives up
/// a mapping that it has for nothing else.
///
/// # Invariants
/// `base` begins a reservation of `pages` pages, given up only on drop. `spare` is null or a mapping of one page that
/// nobody has the address of.
#[derive(Debug)]
pub(super) struct Window {
    base: NonNull<u8>,
    pages: usize,
    spare: AtomicPtr<libc::c_void>,
}

// SAFETY: the addresses are only handed on, and the mappings are the process's, whichever thread asks; the spare mapping
// is taken by one thread at a time.
unsafe impl Send for Window {}
// SAFETY: as above.
unsafe impl Sync for Window {}

/// Why the last call of the operating system failed.
pub(super) fn last_error() -> HostError {
    HostError::System(io::Error::last_os_error().raw_os_error().unwrap_or(0))
}

impl Window {
    /// A window of `pages` pages, with a spare mapping of `file`, which is not empty.
    ///
    /// # Errors
    /// [`HostError::TooManyPages`], and [`HostError::System`] when the process has no addresses or mappings left.
    pub(super) fn new(pages: usize, file: &File) -> Result<Window, HostError> {
        let len = bytes(pages)?.max(PAGE_SIZE);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping, at an address of the kernel's choice, that nothing can be read from or written to.
        let base = unsafe { libc::mmap(ptr::null_mut(), len, libc::PROT_NONE, flags, -1, 0) };
        let found = NonNull::new(base.cast::<u8>()).filter(|_| base != libc::MAP_FAILED);
        // INVARIANT: the reservation was made just now, with this length.
        let window = Window { base: found.ok_or_else(last_error)?, pages, spare: AtomicPtr::default() };
        window.set_spare(file).then_some(window).ok_or_else(last_error)
    }

    /// Where the window begins, and its length in pages.
    pub(super) fn place(&self) -> (NonNull<u8>, usize) {
        (self.base, self.pages)
    }

    /// The address and the length of a range of the window, or `None` if it does not lie within.
    fn range(&self, at: usize, pages: usize) -> Option<(*mut libc::c_void, usize)> {
        let within = at.checked_add(pages).is_some_and(|end| end <= self.pages) && pages > 0;
        // SAFETY: the offset lies within the reservation.
        within.then(|| (unsafe { self.base.as_ptr().add(at * PAGE_SIZE) }.cast(), pages * PAGE_SIZE))
    }

    /// Makes `pages` pages of the window, from page `at` on, those of the file from page `first` on, which it has.
    ///
    /// # Errors
    /// [`HostError::TooManyPages`] beyond the window, and what the operating system says.
    pub(super) fn map(&self, at: usize, file: &File, first: usize, pages: usize) -> Result<(), HostError> {
        let (address, len) = self.range(at, pages).ok_or(HostError::TooManyPages)?;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_FIXED;
        let offset = (first * PAGE_SIZE) as libc::off_t;
        // SAFETY: the range lies within the window, which is this host's to map.
        let found = unsafe { libc::mmap(address, len, access, flags, file.as_raw_fd(), offset) };
        if found == libc::MAP_FAILED { Err(last_error()) } else { Ok(()) }
    }

    /// Makes `pages` pages of the window, from page `at` on, nobody's memory: touching them faults.
    pub(super) fn unmap(&self, at: usize, pages: usize, file: &File) {
        let Some((address, len)) = self.range(at, pages) else { return };
        let reserve = || {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE;
            // SAFETY: as in `map`; the reservation takes the range's place in one step, so no other thread's mapping can get in.
            unsafe { libc::mmap(address, len, libc::PROT_NONE, flags, -1, 0) != libc::MAP_FAILED }
        };
        if reserve() {
            return;
        }
        // The process is at its limit, by one mapping too many for this.
        self.give_up_spare();
        if !reserve() {
            // SAFETY: the range lies within the window. Other threads have used the room up; what is mapped here stays, and
            // cannot be reached until the range is mapped anew.
            unsafe { libc::mprotect(address, len, libc::PROT_NONE) };
        }
        // Where that fails there is none, until the next time.
        self.set_spare(file);
    }

    /// Maps a spare page, if there is none; false if that fails.
    fn set_spare(&self, file: &File) -> bool {
        if !self.spare.load(Ordering::Relaxed).is_null() {
            return true;
        }
        // A page of the file that cannot be written to: nothing beside it is like that, so it stays a mapping of its own.
        let flags = libc::MAP_SHARED;
        // SAFETY: a new mapping, at an address of the kernel's choice.
        let spare = unsafe { libc::mmap(ptr::null_mut(), PAGE_SIZE, libc::PROT_READ, flags, file.as_raw_fd(), 0) };
        if spare == libc::MAP_FAILED {
            return false;
        }
        // INVARIANT: the address is in nobody else's hands.
        let before = self.spare.swap(spare, Ordering::AcqRel);
        Window::drop_spare(before);
        true
    }

    fn give_up_spare(&self) {
        // INVARIANT: nothing is left.
        Window::drop_spare(self.spare.swap(ptr::null_mut(), Ordering::AcqRel));
    }

    fn drop_spare(spare: *mut libc::c_void) {
        if !spare.is_null() {
            // SAFETY: by the invariant it was a mapping of one page that only this thread still has the address of.
            unsafe { libc::munmap(spare, PAGE_SIZE) };
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        self.give_up_spare();
        // SAFETY: by the invariants, and nobody uses the memory of a host that is dropped.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.pages.max(1) * PAGE_SIZE) };
    }
}
