//! Userfaultfd: a range of memory whose missing pages another thread brings in.
#![expect(unsafe_code, reason = "maps memory, and asks the operating system for things that libc has no names for")]

use core::ptr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::units::PAGE_SIZE;

// From the kernel's `userfaultfd.h` and its documentation.
const MAGIC: u32 = 0xaa;
const API: libc::Ioctl = libc::_IOWR::<[u64; 3]>(MAGIC, 0x3f);
const REGISTER: libc::Ioctl = libc::_IOWR::<[u64; 4]>(MAGIC, 0);
const WAKE: libc::Ioctl = libc::_IOR::<[u64; 2]>(MAGIC, 2);
const COPY: libc::Ioctl = libc::_IOWR::<[u64; 5]>(MAGIC, 3);
const WRITE_PROTECT: libc::Ioctl = libc::_IOWR::<[u64; 3]>(MAGIC, 6);
const POISON: libc::Ioctl = libc::_IOWR::<[u64; 4]>(MAGIC, 8);
const USER_MODE_ONLY: libc::c_int = 1;
const FEATURE_WRITE_PROTECT: u64 = 1;
const FEATURE_POISON: u64 = 1 << 14;
const MODE_MISSING: u64 = 1;
const MODE_WRITE_PROTECT: u64 = 2;
const EVENT_PAGE_FAULT: u8 = 0x12;

/// A range of anonymous memory of this process whose missing pages are asked for here.
///
/// # Invariants
/// `base` begins a live private mapping of `pages` pages, unmapped only on drop.
pub(super) struct Uffd {
    base: *mut u8,
    pages: usize,
    file: File,
    /// Rings when who waits is to look up.
    bell: File,
}

// SAFETY: the address is only handed on, and the operating system takes calls from any thread.
unsafe impl Send for Uffd {}
// SAFETY: as above.
unsafe impl Sync for Uffd {}

fn last() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(-1)
}

fn opened() -> Result<File, i32> {
    // SAFETY: the call makes a descriptor and nothing else.
    let descriptor =
        unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | libc::O_NONBLOCK | USER_MODE_ONLY) };
    if descriptor < 0 {
        return Err(last());
    }
    // SAFETY: the descriptor is new and nobody else's.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(descriptor as i32) }))
}

fn ask<const N: usize>(file: &File, request: libc::Ioctl, words: &mut [u64; N]) -> Result<(), i32> {
    // SAFETY: the words are what the request takes, and live as long as the call.
    if unsafe { libc::ioctl(file.as_raw_fd(), request, words.as_mut_ptr()) } == 0 { Ok(()) } else { Err(last()) }
}

impl Uffd {
    /// A range of so many pages, all of them missing.
    ///
    /// # Errors
    /// The operating system's number: EPERM or ENOSYS where userfaultfd is not allowed, EINVAL where it cannot protect pages from writes.
    pub(super) fn new(pages: usize) -> Result<Uffd, i32> {
        let mut file = opened()?;
        // A descriptor is asked once; kernels before 6.6 know no poison.
        if ask(&file, API, &mut [MAGIC.into(), FEATURE_WRITE_PROTECT | FEATURE_POISON, 0]).is_err() {
            file = opened()?;
            ask(&file, API, &mut [MAGIC.into(), FEATURE_WRITE_PROTECT, 0])?;
        }
        // SAFETY: makes a descriptor and nothing else.
        let bell = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if bell < 0 {
            return Err(last());
        }
        // SAFETY: the descriptor is new and nobody else's.
        let bell = File::from(unsafe { OwnedFd::from_raw_fd(bell) });
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let len = pages * PAGE_SIZE;
        // SAFETY: a new mapping at an address of the kernel's choice.
        let base = unsafe { libc::mmap(ptr::null_mut(), len, access, flags | libc::MAP_NORESERVE, -1, 0) };
        if base == libc::MAP_FAILED {
            return Err(last());
        }
        // INVARIANT: it was made just now, with this length.
        let uffd = Uffd { base: base.cast(), pages, file, bell };
        // Large pages would come in whole, and a child would find zeroes where pages are out.
        for advice in [libc::MADV_NOHUGEPAGE, libc::MADV_DONTFORK] {
            // SAFETY: the range is this value's.
            let advised = unsafe { libc::madvise(base, len, advice) };
            if advised != 0 && advice == libc::MADV_DONTFORK {
                return Err(last());
            }
        }
        let mode = MODE_MISSING | MODE_WRITE_PROTECT;
        ask(&uffd.file, REGISTER, &mut [base.addr() as u64, len as u64, mode, 0])?;
        Ok(uffd)
    }

    /// Where the range begins.
    pub(super) fn base(&self) -> *mut u8 {
        self.base
    }

    fn at(&self, page: usize) -> *mut u8 {
        assert!(page < self.pages, "page {page} of {}", self.pages);
        // SAFETY: within the mapping, by the check.
        unsafe { self.base.add(page * PAGE_SIZE) }
    }

    /// Makes a missing page one with these bytes, and wakes those who wait for it.
    ///
    /// # Errors
    /// The operating system's number.
    pub(super) fn fill(&self, page: usize, bytes: &[u8; PAGE_SIZE]) -> Result<(), i32> {
        let mut words = [self.at(page).addr() as u64, bytes.as_ptr().addr() as u64, PAGE_SIZE as u64, 0, 0];
        ask(&self.file, COPY, &mut words)
    }

    /// Keeps everybody from writing to a page, and copies what stands there.
    ///
    /// # Errors
    /// The operating system's number.
    pub(super) fn freeze(&self, page: usize, bytes: &mut [u8; PAGE_SIZE]) -> Result<(), i32> {
        self.protect(page, true)?;
        // SAFETY: the page is there and initialised, and nobody can write to it meanwhile.
        unsafe { ptr::copy_nonoverlapping(self.at(page), bytes.as_mut_ptr(), PAGE_SIZE) };
        Ok(())
    }

    /// Lets everybody write to a page again, and wakes those who wanted to.
    pub(super) fn thaw(&self, page: usize) {
        let _ = self.protect(page, false);
    }

    fn protect(&self, page: usize, protects: bool) -> Result<(), i32> {
        ask(&self.file, WRITE_PROTECT, &mut [self.at(page).addr() as u64, PAGE_SIZE as u64, protects.into()])
    }

    /// Makes a page missing again.
    pub(super) fn discard(&self, page: usize) {
        // SAFETY: the page is one of this value's mapping; whoever touches it next waits.
        unsafe { libc::madvise(self.at(page).cast(), PAGE_SIZE, libc::MADV_DONTNEED) };
    }

    /// Has those who wait for a page look again.
    pub(super) fn wake(&self, page: usize) {
        let _ = ask(&self.file, WAKE, &mut [self.at(page).addr() as u64, PAGE_SIZE as u64]);
    }

    /// Whoever touches a missing page gets SIGBUS from now on, until it is discarded.
    pub(super) fn poison(&self, page: usize) {
        if ask(&self.file, POISON, &mut [self.at(page).addr() as u64, PAGE_SIZE as u64, 0, 0]).is_err() {
            // A kernel that cannot: the process gets it.
            // SAFETY: sends a signal to this process.
            unsafe { libc::kill(libc::getpid(), libc::SIGBUS) };
        }
    }

    /// Rings for who waits.
    pub(super) fn ring(&self) {
        let one = 1_u64.to_ne_bytes();
        // SAFETY: eight bytes, which live as long as the call.
        unsafe { libc::write(self.bell.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Sleeps until there are faults or the bell rings, and hands the pages over that are asked for.
    pub(super) fn wait(&self, mut each: impl FnMut(usize)) {
        let mut watched = [&self.file, &self.bell].map(|file| libc::pollfd {
            fd: file.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        });
        // SAFETY: the two live as long as the call.
        unsafe { libc::poll(watched.as_mut_ptr(), 2, -1) };
        let mut message = [0_u8; 32];
        while (&self.file).read(&mut message).is_ok_and(|read| read == message.len()) {
            let address = message.get(16..24).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_ne_bytes);
            let page = (address as usize).wrapping_sub(self.base.addr()) / PAGE_SIZE;
            if message[0] == EVENT_PAGE_FAULT && page < self.pages {
                each(page);
            }
        }
    }
}

impl Drop for Uffd {
    fn drop(&mut self) {
        // SAFETY: by the invariant, and nobody uses the memory of a map that is dropped.
        unsafe { libc::munmap(self.base.cast(), self.pages * PAGE_SIZE) };
    }
}
