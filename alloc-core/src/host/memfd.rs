//! The Linux host: a memfd as physical memory, mapped once from end to end.
#![expect(unsafe_code, reason = "maps memory")]

use core::ptr::NonNull;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::contract::{ALIGN, Host, HostError, bytes};
use super::processors;
use crate::units::{FrameNumber, PAGE_SIZE};

/// A host whose frame `n` is the page at offset `n * 4096` of an anonymous file.
///
/// Pages cost memory once they are written, and none any more once they are released.
///
/// # Invariants
/// `base` begins a live shared mapping of `len` bytes of `file`, unmapped only on drop. `window` begins a reservation of
/// `window_pages` pages, given up only on drop.
#[derive(Debug)]
pub struct MemfdHost {
    base: NonNull<u8>,
    len: usize,
    pages: usize,
    window: NonNull<u8>,
    window_pages: usize,
    file: File,
}

impl MemfdHost {
    /// A host of `pages` pages, with a window of four times as many.
    ///
    /// # Errors
    /// As [`MemfdHost::with_window`].
    pub fn new(pages: usize) -> Result<MemfdHost, HostError> {
        MemfdHost::with_window(pages, pages.saturating_mul(4).saturating_add(1024))
    }

    /// A host of `pages` pages, with a window of `window_pages`: a small one imitates a small address space.
    ///
    /// # Errors
    /// [`HostError::TooManyPages`], and [`HostError::System`] when a limit on descriptors, files or addresses refuses it.
    pub fn with_window(pages: usize, window_pages: usize) -> Result<MemfdHost, HostError> {
        let window_len = bytes(window_pages)?.max(PAGE_SIZE);
        let len = bytes(pages)?.max(PAGE_SIZE);
        // SAFETY: the name is a C string; the call makes a descriptor and nothing else.
        let descriptor = unsafe { libc::memfd_create(c"alloc-core".as_ptr(), libc::MFD_CLOEXEC) };
        if descriptor < 0 {
            return Err(last_error());
        }
        // SAFETY: the descriptor is new and nobody else's.
        let file = File::from(unsafe { OwnedFd::from_raw_fd(descriptor) });
        file.set_len(len as u64).map_err(|error| HostError::System(error.raw_os_error().unwrap_or(0)))?;
        let reserved = len + ALIGN;
        let nowhere = core::ptr::null_mut();
        let (private, shared) = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, libc::MAP_SHARED | libc::MAP_FIXED);
        // SAFETY: a new mapping, at an address of the kernel's choice, that nothing can be read from or written to.
        let found = unsafe { libc::mmap(nowhere, reserved, libc::PROT_NONE, private | libc::MAP_NORESERVE, -1, 0) };
        if found == libc::MAP_FAILED {
            return Err(last_error());
        }
        let before = found.align_offset(ALIGN);
        let flags = shared | libc::MAP_NORESERVE;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: 1. `before` is less than ALIGN, so the aligned range lies within the reservation, which is replaced
        // by the file's mapping there. 2. What is left of it before and behind was never given to anybody.
        let base = unsafe {
            let aligned = found.byte_add(before);
            let base = libc::mmap(aligned, len, access, flags, file.as_raw_fd(), 0);
            if before > 0 {
                libc::munmap(found, before);
            }
            libc::munmap(aligned.byte_add(len), ALIGN - before);
            if base == libc::MAP_FAILED {
                let error = last_error();
                libc::munmap(aligned, len);
                return Err(error);
            }
            base
        };
        let base = NonNull::new(base.cast::<u8>()).ok_or(HostError::NoMemory)?;
        // SAFETY: as for the first reservation.
        let window = unsafe { libc::mmap(nowhere, window_len, libc::PROT_NONE, private | libc::MAP_NORESERVE, -1, 0) };
        match NonNull::new(window.cast::<u8>()).filter(|_| window != libc::MAP_FAILED) {
            // INVARIANT: both were made just now, with these lengths.
            Some(window) => Ok(MemfdHost { base, len, pages, window, window_pages, file }),
            None => {
                let error = last_error();
                // SAFETY: the mapping was made above, and nobody has its address yet.
                unsafe { libc::munmap(base.as_ptr().cast(), len) };
                Err(error)
            }
        }
    }

    /// The address and the length of a range of the window, or `None` if it does not lie within.
    fn range(&self, at: usize, pages: usize) -> Option<(*mut libc::c_void, usize)> {
        let within = at.checked_add(pages).is_some_and(|end| end <= self.window_pages) && pages > 0;
        // SAFETY: the offset lies within the reservation.
        within.then(|| (unsafe { self.window.as_ptr().add(at * PAGE_SIZE) }.cast(), pages * PAGE_SIZE))
    }

    /// Bytes of the file that cost memory at the moment.
    ///
    /// # Errors
    /// What the operating system says about the file.
    pub fn resident_bytes(&self) -> io::Result<u64> {
        use std::os::unix::fs::MetadataExt;
        Ok(self.file.metadata()?.blocks() * 512)
    }
}

fn last_error() -> HostError {
    HostError::System(io::Error::last_os_error().raw_os_error().unwrap_or(0))
}

// SAFETY: the addresses are only handed on, and the mappings are the process's, whichever thread asks.
unsafe impl Send for MemfdHost {}
// SAFETY: as above; nothing of the host itself changes before it is dropped, and the operating system takes calls from any
// thread.
unsafe impl Sync for MemfdHost {}

impl Drop for MemfdHost {
    fn drop(&mut self) {
        // SAFETY: by the invariants, and nobody uses the memory of a host that is dropped.
        unsafe {
            libc::munmap(self.base.as_ptr().cast(), self.len);
            libc::munmap(self.window.as_ptr().cast(), self.window_pages.max(1) * PAGE_SIZE);
        }
    }
}

// SAFETY: 1. the mapping was placed at an aligned address and does not move. 2. It lives until drop and a new file reads as zeroes. 3. The
// file has no name, its descriptor is not given away, and the address only through `base`. 4. Punching a hole makes the
// pages read as zeroes; a refusal changes nothing. 5. The window is a reservation of this host's, and a fixed shared mapping of
// the file at the frames' offset is those frames' memory. 6. As `processors::barrier` says.
unsafe impl Host for MemfdHost {
    fn base(&self) -> NonNull<u8> {
        self.base
    }

    fn pages(&self) -> usize {
        self.pages
    }

    fn cpus(&self) -> usize {
        processors::count()
    }

    fn cpu(&self) -> usize {
        processors::current()
    }

    fn barrier(&self) -> bool {
        processors::barrier()
    }

    fn release(&self, first: FrameNumber, pages: usize) {
        let end = (first.0 as usize).saturating_add(pages).min(self.pages);
        let start = (first.0 as usize).min(end) * PAGE_SIZE;
        let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        let (offset, len) = (start as libc::off_t, (end * PAGE_SIZE - start) as libc::off_t);
        // SAFETY: the descriptor is ours, and the range lies within the file. Failure is allowed: it frees nothing.
        unsafe { libc::fallocate(self.file.as_raw_fd(), mode, offset, len) };
    }

    fn window(&self) -> Option<(NonNull<u8>, usize)> {
        Some((self.window, self.window_pages))
    }

    fn map(&self, at: usize, first: FrameNumber, pages: usize) -> Result<(), HostError> {
        let within = (first.0 as usize).checked_add(pages).is_some_and(|end| end <= self.pages);
        let Some((address, len)) = self.range(at, pages).filter(|_| within) else {
            return Err(HostError::TooManyPages);
        };
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let offset = (first.0 as usize * PAGE_SIZE) as libc::off_t;
        let flags = libc::MAP_SHARED | libc::MAP_FIXED;
        // SAFETY: the range lies within the window, which is this host's to map; the frames lie within the file.
        let found = unsafe { libc::mmap(address, len, access, flags, self.file.as_raw_fd(), offset) };
        if found == libc::MAP_FAILED { Err(last_error()) } else { Ok(()) }
    }

    fn unmap(&self, at: usize, pages: usize) {
        let Some((address, len)) = self.range(at, pages) else { return };
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE;
        // SAFETY: as in `map`; the reservation takes the range's place in one step, so no other thread's mapping can get in.
        unsafe { libc::mmap(address, len, libc::PROT_NONE, flags, -1, 0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn released_pages_cost_nothing_and_read_as_zeroes() {
        let host = MemfdHost::new(64).unwrap();
        assert_eq!(host.resident_bytes().unwrap(), 0);
        assert!(host.base().as_ptr().addr().is_multiple_of(ALIGN));
        // SAFETY: the mapping is 64 pages long, and this test is its only user.
        unsafe { host.base().as_ptr().write_bytes(7, 64 * PAGE_SIZE) };
        assert_eq!(host.resident_bytes().unwrap(), 64 * PAGE_SIZE as u64);
        host.release(FrameNumber(8), 16);
        host.release(FrameNumber(60), usize::MAX);
        host.release(FrameNumber(u32::MAX), 1);
        assert_eq!(host.resident_bytes().unwrap(), 44 * PAGE_SIZE as u64);
        // SAFETY: as above.
        let byte = |page: usize| unsafe { host.base().as_ptr().add(page * PAGE_SIZE).read() };
        assert_eq!((byte(7), byte(8), byte(23), byte(24), byte(63)), (7, 0, 0, 7, 0));
    }

    #[test]
    fn sizes_beyond_the_address_space_are_refused() {
        for pages in [usize::MAX, usize::MAX / PAGE_SIZE, u32::MAX as usize] {
            assert_eq!(MemfdHost::new(pages).unwrap_err(), HostError::TooManyPages);
            assert_eq!(super::super::plain::PlainHost::new(pages).unwrap_err(), HostError::TooManyPages);
        }
    }
}
