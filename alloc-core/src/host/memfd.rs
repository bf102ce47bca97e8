//! The Linux host: a memfd as physical memory, mapped once from end to end.
#![expect(unsafe_code, reason = "maps memory")]

use alloc::boxed::Box;
use core::ptr::NonNull;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::contract::{ALIGN, Host, HostError, bytes};
use super::forked::Record;
use super::processors;
use super::window::{Window, last_error};
use crate::sync::still::Registered;
use crate::units::{FrameNumber, PAGE_SIZE};

/// A host whose frame `n` is the page at offset `n * 4096` of an anonymous file.
///
/// Pages cost memory once they are written, and none any more once they are released.
///
/// A process that is forked gets a copy of what the pages hold at that moment, as it does of all other memory: what one of
/// the two writes, the other does not see. The copy is made by `fork`, and costs it the time and the memory of the pages
/// that were ever written. Where there is no memory for it, the child says so and cannot touch the pages. A process that
/// is made without the C library's `fork` shares the memory, and must not use the machine.
///
/// Other threads may use the machine meanwhile: the fork waits until none is inside of it (of any machine, whatever its
/// host is), and the child finds it whole. What those threads have taken stays taken there, and what they were about to
/// ask is not asked. Where the fork waits for two seconds in vain, or another thread is inside of a [`Mempool`](crate::Mempool), the
/// child ends with a message when it needs what that thread had, where it would otherwise wait for ever.
///
/// # Invariants
/// `base` begins a live shared mapping of `len` bytes of `file`, unmapped only on drop.
#[derive(Debug)]
pub struct MemfdHost {
    base: NonNull<u8>,
    len: usize,
    pages: usize,
    window: Window,
    file: File,
    /// `Some` until it is dropped.
    known_to_forks: Option<Registered>,
    record: Box<Record>,
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
        let len = bytes(pages)?.max(PAGE_SIZE);
        if !is_allowed_file_of(len) {
            return Err(HostError::System(libc::EFBIG));
        }
        // SAFETY: the name is a C string; the call makes a descriptor and nothing else.
        let descriptor = unsafe { libc::memfd_create(c"alloc-core".as_ptr(), libc::MFD_CLOEXEC) };
        if descriptor < 0 {
            return Err(last_error());
        }
        // SAFETY: the descriptor is new and nobody else's.
        let file = File::from(unsafe { OwnedFd::from_raw_fd(descriptor) });
        file.set_len(len as u64).map_err(|error| HostError::System(error.raw_os_error().unwrap_or(0)))?;
        let window = Window::new(window_pages, &file)?;
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
        // INVARIANT: it was made just now, with this length.
        let record = match Record::new((base, len), window.place(), file.as_raw_fd()) {
            Ok(record) => Box::new(record),
            Err(error) => {
                // SAFETY: the mapping was made above, and nobody has its address yet.
                unsafe { libc::munmap(base.as_ptr().cast(), len) };
                return Err(error);
            }
        };
        // SAFETY: the box stays where it is, and the host drops the registration first.
        let known_to_forks = Some(unsafe { Registered::new(&*record) });
        Ok(MemfdHost { base, len, pages, window, file, known_to_forks, record })
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

/// Whether the process may have a file of `len` bytes: growing one beyond its limit is answered by a signal.
pub(crate) fn is_allowed_file_of(len: usize) -> bool {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure lives as long as the call, which fills it in.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit) } == 0;
    !known || len as u64 <= limit.rlim_cur
}

// SAFETY: the addresses are only handed on, and the mappings are the process's, whichever thread asks.
unsafe impl Send for MemfdHost {}
// SAFETY: as above; nothing of the host itself changes before it is dropped but its record, whose words are atomic or under the
// lock of the records, and the operating system takes calls from any thread.
unsafe impl Sync for MemfdHost {}

impl Drop for MemfdHost {
    fn drop(&mut self) {
        self.known_to_forks = None;
        // SAFETY: by the invariant, and nobody uses the memory of a host that is dropped.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
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
        Some(self.window.place())
    }

    fn map(&self, at: usize, first: FrameNumber, pages: usize) -> Result<(), HostError> {
        let within = (first.0 as usize).checked_add(pages).is_some_and(|end| end <= self.pages);
        if !within {
            return Err(HostError::TooManyPages);
        }
        self.window.map(at, &self.file, first.0 as usize, pages)?;
        self.record.note(at, pages, Some(first.0));
        Ok(())
    }

    fn unmap(&self, at: usize, pages: usize) {
        self.record.note(at, pages, None);
        self.window.unmap(at, pages, &self.file);
    }
}

#[cfg(not(miri))]
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
