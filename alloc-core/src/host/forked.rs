//! What a fork does to a host's memory: parent and child would share it, so the child gets a copy before the two part.
#![expect(unsafe_code, reason = "copies and maps memory in the handlers of a fork")]

use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::os::fd::RawFd;

use super::contract::HostError;
use crate::sync::still::{Deadline, Still};
use crate::units::PAGE_SIZE;

/// A host's mappings, as the handlers of a fork find them.
///
/// # Invariants
/// `base` begins a shared mapping of `len` bytes of `file`, `window` a reservation of `window_pages` pages, and `mapped` an
/// anonymous mapping of a word for each of those; all are the host's that owns the record, and live as long.
#[derive(Debug)]
pub(super) struct Record {
    base: NonNull<u8>,
    len: usize,
    window: NonNull<u8>,
    window_pages: usize,
    /// For each page of the window the frame that it is mapped to, plus 1; or 0.
    mapped: NonNull<AtomicU32>,
    file: RawFd,
    /// The copy that the child of the fork under way is to have, or -1.
    copy: AtomicI32,
}

// SAFETY: the addresses are only handed on, and what changes is atomic.
unsafe impl Send for Record {}
// SAFETY: as above.
unsafe impl Sync for Record {}

impl Record {
    /// The record of a host's mappings, which forks do not know yet.
    ///
    /// # Errors
    /// What the operating system says where it has no memory for the table of the window.
    pub(super) fn new(
        (base, len): (NonNull<u8>, usize),
        (window, window_pages): (NonNull<u8>, usize),
        file: RawFd,
    ) -> Result<Record, HostError> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice. Pages of it that nobody writes cost nothing.
        let mapped = unsafe { libc::mmap(ptr::null_mut(), table_len(window_pages), access, flags, -1, 0) };
        let mapped = NonNull::new(mapped.cast()).filter(|mapped: &NonNull<AtomicU32>| {
            // The one address that says that there is none.
            mapped.as_ptr().cast() != libc::MAP_FAILED
        });
        let mapped = mapped.ok_or(HostError::NoMemory)?;
        Ok(Record { base, len, window, window_pages, mapped, file, copy: AtomicI32::new(-1) })
    }

    /// The window's pages from `at` on are mapped to the frames from `first` on, or to nothing.
    pub(super) fn note(&self, at: usize, pages: usize, first: Option<u32>) {
        for page in 0..pages {
            let frame = first.map_or(0, |first| first + page as u32 + 1);
            if let Some(mapped) = self.table().get(at + page) {
                mapped.store(frame, Ordering::Relaxed);
            }
        }
    }

    fn table(&self) -> &[AtomicU32] {
        // SAFETY: by the invariant; zeroed words are valid.
        unsafe { core::slice::from_raw_parts(self.mapped.as_ptr(), self.window_pages) }
    }

    /// A new file with what stands in this one at the moment, or -1.
    fn copied(&self) -> RawFd {
        // SAFETY: the name is a C string; the call makes a descriptor and nothing else.
        let copy = unsafe { libc::memfd_create(c"alloc-core".as_ptr(), libc::MFD_CLOEXEC) };
        if copy < 0 || self.copy_to(copy).is_some() {
            return copy;
        }
        // SAFETY: the descriptor was made above.
        unsafe { libc::close(copy) };
        -1
    }

    /// Writes every page that was ever written to another file.
    fn copy_to(&self, copy: RawFd) -> Option<()> {
        // SAFETY: makes the file as long as this one.
        if unsafe { libc::ftruncate(copy, self.len as libc::off_t) } != 0 {
            return None;
        }
        let mut at = 0;
        loop {
            // SAFETY: nobody uses the file's position but this, one fork at a time.
            let (begin, end) = unsafe {
                let begin = libc::lseek(self.file, at, libc::SEEK_DATA);
                (begin, libc::lseek(self.file, begin.max(0), libc::SEEK_HOLE))
            };
            if begin < 0 || begin as usize >= self.len {
                return Some(());
            }
            let end = if end < 0 { self.len as libc::off_t } else { end };
            at = begin;
            while at < end {
                // SAFETY: the range lies within the mapping.
                let written =
                    unsafe { libc::pwrite(copy, self.base.as_ptr().add(at as usize).cast(), (end - at) as usize, at) };
                if written <= 0 {
                    return None;
                }
                at += written as libc::off_t;
            }
        }
    }

    /// Puts the copy into the place of the file, wherever that is mapped.
    fn adopt(&self, copy: RawFd) -> Option<()> {
        // SAFETY: the file's number goes on to stand for the host's file, which is now the copy.
        let adopted = unsafe { libc::dup3(copy, self.file, libc::O_CLOEXEC) };
        // SAFETY: the copy's own number is not needed any more.
        unsafe { libc::close(copy) };
        if adopted < 0 {
            return None;
        }
        self.map(self.base.as_ptr(), self.len, 0)?;
        let table = self.table();
        let mut at = 0;
        while at < table.len() {
            let first = table[at].load(Ordering::Relaxed);
            let run = table[at..]
                .iter()
                .zip(first..)
                .take_while(|(mapped, frame)| first != 0 && mapped.load(Ordering::Relaxed) == *frame);
            let pages = run.count();
            if pages > 0 {
                // SAFETY: the page lies within the window.
                let address = unsafe { self.window.as_ptr().add(at * PAGE_SIZE) };
                self.map(address, pages * PAGE_SIZE, (first as usize - 1) * PAGE_SIZE)?;
            }
            at += pages.max(1);
        }
        Some(())
    }

    fn map(&self, address: *mut u8, len: usize, offset: usize) -> Option<()> {
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_FIXED);
        let flags = flags | libc::MAP_NORESERVE;
        // SAFETY: the range is one that the host has mapped to the file before, and its memory goes on to be what it was.
        let found = unsafe { libc::mmap(address.cast(), len, access, flags, self.file, offset as libc::off_t) };
        (found != libc::MAP_FAILED).then_some(())
    }

    /// Takes the memory away that this process would share with its parent, and says so.
    fn lose(&self) {
        const MESSAGE: &str = "alloc-core: there is no memory for a forked process's copy of a machine: \
            the machine's pages cannot be touched in it\n";
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED | libc::MAP_NORESERVE;
        // SAFETY: both ranges are the host's; touching them ends the process from now on, which is better than writing into
        // another one's memory.
        unsafe {
            libc::mmap(self.base.as_ptr().cast(), self.len, libc::PROT_NONE, flags, -1, 0);
            libc::mmap(self.window.as_ptr().cast(), self.window_pages * PAGE_SIZE, libc::PROT_NONE, flags, -1, 0);
            libc::write(libc::STDERR_FILENO, MESSAGE.as_ptr().cast(), MESSAGE.len());
        }
    }
}

fn table_len(window_pages: usize) -> usize {
    window_pages.max(1) * size_of::<AtomicU32>()
}

impl Still for Record {
    fn stop(&self, _: Deadline) {
        self.copy.store(self.copied(), Ordering::Relaxed);
    }

    fn go_on(&self, in_child: bool) {
        let copy = self.copy.swap(-1, Ordering::Relaxed);
        if in_child && (copy < 0 || self.adopt(copy).is_none()) {
            self.lose();
        } else if !in_child && copy >= 0 {
            // SAFETY: made in `stop`, for the child, which has a number of its own for it.
            unsafe { libc::close(copy) };
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // SAFETY: by the invariant, and nobody has the record any more.
        unsafe { libc::munmap(self.mapped.as_ptr().cast(), table_len(self.window_pages)) };
    }
}
