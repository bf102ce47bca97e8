//! One mapping that a sweep's processes share: anonymous memory with a descriptor, written by all, lost by none.
#![expect(unsafe_code, reason = "maps memory and hands out references into it")]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::ptr::NonNull;

/// A shared, zeroed mapping; pages cost memory only once they are written.
///
/// # Invariants
/// `base` is the start of a live shared mapping of `len` bytes, page aligned, unmapped only on drop.
/// A process that dies leaves what it wrote to the others.
#[derive(Debug)]
pub(crate) struct SharedMap {
    base: NonNull<u8>,
    len: usize,
    file: File,
}

// SAFETY: the mapping belongs to no thread, and all access goes through atomics or cells of its users.
unsafe impl Send for SharedMap {}
// SAFETY: as above.
unsafe impl Sync for SharedMap {}

impl SharedMap {
    /// A new zeroed mapping of `len` bytes.
    ///
    /// # Errors
    /// What the operating system says when a limit (`RLIMIT_AS`, `RLIMIT_FSIZE`, descriptors) refuses it.
    pub(crate) fn create(len: usize) -> io::Result<SharedMap> {
        // SAFETY: the name is a C string; the call makes a descriptor and nothing else.
        let fd = unsafe { libc::memfd_create(c"firsthit".as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and owned by nobody else.
        let file = File::from(unsafe { OwnedFd::from_raw_fd(fd) });
        file.set_len(len as u64)?;
        Self::map(file, len)
    }

    /// The mapping that another process opened at `path` (see [`SharedMap::path`]).
    ///
    /// # Errors
    /// When the path cannot be opened or mapped, for instance because `/proc` is not mounted.
    pub(crate) fn open(path: &Path) -> io::Result<SharedMap> {
        let file = File::options().read(true).write(true).open(path)?;
        let len = file.metadata()?.len() as usize;
        Self::map(file, len)
    }

    fn map(file: File, len: usize) -> io::Result<SharedMap> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_SHARED | libc::MAP_NORESERVE;
        // SAFETY: a new mapping at an address of the kernel's choice, of a file that is `len` bytes long.
        let base = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, file.as_raw_fd(), 0) };
        match NonNull::new(base.cast::<u8>()) {
            Some(base) if base.as_ptr().cast() != libc::MAP_FAILED => Ok(SharedMap { base, len, file }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Where another process of the same user finds this mapping while this one lives.
    pub(crate) fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }

    /// A pointer to `count` values of `T` at byte `offset`.
    ///
    /// # Panics
    /// If they would not lie inside the mapping, or `offset` is not aligned for `T`.
    pub(crate) fn at<T>(&self, offset: usize, count: usize) -> NonNull<T> {
        let end = size_of::<T>().checked_mul(count).and_then(|size| size.checked_add(offset));
        assert!(end.is_some_and(|end| end <= self.len), "{count} values at {offset} end outside {} bytes", self.len);
        assert!(offset.is_multiple_of(align_of::<T>()), "offset {offset} is not aligned");
        // SAFETY: the offset lies inside the mapping.
        unsafe { self.base.byte_add(offset) }.cast()
    }
}

impl Drop for SharedMap {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's own, and references into it borrow the value.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn what_one_mapping_writes_the_other_reads() {
        let map = SharedMap::create(1 << 20).unwrap();
        let other = SharedMap::open(Path::new(&map.path())).unwrap();
        // SAFETY: zeroed memory is an `AtomicU64`, and the mapping lives to the end of the test.
        let [one, two] = [&map, &other].map(|map| unsafe { map.at::<AtomicU64>(4096, 1).as_ref() });
        one.store(7, Ordering::Relaxed);
        assert_eq!(two.load(Ordering::Relaxed), 7);
    }

    #[test]
    #[should_panic(expected = "end outside")]
    fn a_region_past_the_end_is_refused() {
        SharedMap::create(4096).unwrap().at::<u64>(4088, 2);
    }
}
