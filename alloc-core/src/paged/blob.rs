//! Blobs in pageable memory: records of any size, each found again by a cookie.

use alloc::sync::Arc;
use core::fmt;
use core::hash::{BuildHasher, Hasher};

use super::blob_block::{CLASSES, HEADER, Header, class_of};
use super::blob_error::BlobError;
use super::file::PagedFile;
use super::paged_error::{PagedCause, PagedError};
use super::record::Record;
use super::swap::Swap;
use super::usage::PagedUsage;
use crate::error::AllocError;
use crate::machine::Machine;
use crate::units::PAGE_SIZE;

/// Where no block begins.
const NOWHERE: u64 = u64::MAX;

/// By what a blob is found again. It is a [`Record`], so that a [`PagedArray`](crate::PagedArray) can hold it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BlobCookie {
    at: u64,
    stamp: u64,
}

impl Record for BlobCookie {
    const SIZE: usize = 16;

    fn load(bytes: &[u8]) -> BlobCookie {
        let (at, stamp) = Record::load(bytes);
        BlobCookie { at, stamp }
    }

    fn store(&self, bytes: &mut [u8]) {
        (self.at, self.stamp).store(bytes);
    }
}

/// Records of any size in pageable memory (the kernel's xfblob).
///
/// Each lies in a block of a size of its own class, a fourth larger at most, behind a header of 32 bytes. The blocks of freed blobs are used
/// again for blobs of that class, and the pages that lie within are given back meanwhile. A cookie is good for one blob: when that was freed,
/// and for cookies that were made up, there is an error.
///
/// ```
/// use alloc_core::{BlobError, Machine, NodePages, PagedBlob, Swap};
/// use std::sync::Arc;
/// let machine = Machine::builder().node(NodePages::new(64)).build()?;
/// let mut names = PagedBlob::new(&machine, &Arc::new(Swap::temporary(100)?))?;
/// let cookie = names.store(b"lost+found")?;
/// let mut room = [0; 255];
/// let len = names.load(cookie, &mut room)?;
/// assert_eq!(&room[..len], b"lost+found");
/// names.free(cookie)?;
/// assert_eq!(names.load(cookie, &mut room), Err(BlobError::NoSuchBlob));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PagedBlob<'m> {
    file: PagedFile<'m>,
    /// Where the first free block of each class begins.
    free: [u64; CLASSES],
    /// Where the next new block begins.
    end: u64,
    stamp: u64,
    secret: u64,
    blobs: u64,
    bytes: u64,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'m> PagedBlob<'m> {
    /// Bytes of the largest blob.
    pub const BYTES_MAX: u64 = (1 << 40) - HEADER;

    /// No blobs, of the machine's memory and of a swap, which others may share.
    ///
    /// # Errors
    /// As [`PagedFile::new`].
    pub fn new(machine: &'m Machine, swap: &Arc<Swap>) -> Result<PagedBlob<'m>, AllocError> {
        let file = PagedFile::new(machine, swap)?;
        // Another number in each run, which nothing but the checks depends on.
        let secret = std::hash::RandomState::new().build_hasher().finish();
        Ok(PagedBlob { file, free: [NOWHERE; CLASSES], end: 0, stamp: 0, secret, blobs: 0, bytes: 0 })
    }

    /// How many blobs there are.
    pub fn len(&self) -> u64 {
        self.blobs
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.blobs == 0
    }

    /// Bytes of all blobs.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes of the file that blobs lie in, and those that were freed.
    pub fn extent(&self) -> u64 {
        self.end
    }

    /// Stores a blob.
    ///
    /// # Errors
    /// [`BlobError::Paged`], as [`PagedFile::write`]: with [`PagedCause::PastEnd`] for more than [`PagedBlob::BYTES_MAX`]. Nothing has changed then.
    pub fn store(&mut self, blob: &[u8]) -> Result<BlobCookie, BlobError> {
        let len = blob.len() as u64;
        let class = len.checked_add(HEADER).and_then(class_of);
        let past_end = PagedError { at: self.end, cause: PagedCause::PastEnd };
        let (class, size) = class.ok_or(past_end)?;
        let free = self.free[class];
        let (at, next) = if free == NOWHERE { (self.end, NOWHERE) } else { (free, self.free_block(free)?) };
        let (at_end, stamp) = (free == NOWHERE, self.stamp + 1);
        if at_end && PagedFile::BYTES_MAX - at < size {
            return Err(past_end.into());
        }
        // The header comes last: until it is there, the block is what it was.
        let written = self.file.write(at + HEADER, blob).and_then(|()| {
            let header = Header::new(self.secret, at, stamp, len);
            self.put(at, &header)
        });
        if let Err(error) = written {
            self.release(at, size, at_end);
            return Err(error.into());
        }
        if at_end {
            self.end += size;
        } else {
            self.free[class] = next;
        }
        (self.stamp, self.blobs, self.bytes) = (stamp, self.blobs + 1, self.bytes + len);
        Ok(BlobCookie { at, stamp })
    }

    /// How many bytes a blob has.
    ///
    /// # Errors
    /// [`BlobError::NoSuchBlob`], and [`BlobError::Paged`] as [`PagedFile::read`].
    pub fn len_of(&self, cookie: BlobCookie) -> Result<u64, BlobError> {
        let within = cookie.at.is_multiple_of(HEADER) && cookie.at < self.end && cookie.stamp != 0;
        if !within {
            return Err(BlobError::NoSuchBlob);
        }
        let header = self.header(cookie.at)?;
        let genuine = header.is_genuine(self.secret, cookie.at) && header.stamp == cookie.stamp;
        if genuine { Ok(header.len) } else { Err(BlobError::NoSuchBlob) }
    }

    /// Reads a blob into the beginning of `room`; how many bytes it has.
    ///
    /// # Errors
    /// As [`PagedBlob::len_of`], and [`BlobError::TooLong`] if there is not enough room, of which nothing is written then.
    pub fn load(&self, cookie: BlobCookie, room: &mut [u8]) -> Result<usize, BlobError> {
        let len = self.len_of(cookie)?;
        let fits = usize::try_from(len).ok().filter(|len| *len <= room.len());
        let fits = fits.ok_or(BlobError::TooLong { len })?;
        self.file.read(cookie.at + HEADER, &mut room[..fits])?;
        Ok(fits)
    }

    /// Frees a blob: its cookie is good for nothing from now on.
    ///
    /// # Errors
    /// As [`PagedBlob::len_of`]; the blob is still there if the error is [`BlobError::Paged`].
    pub fn free(&mut self, cookie: BlobCookie) -> Result<(), BlobError> {
        let len = self.len_of(cookie)?;
        let (class, size) = class_of(len + HEADER).ok_or(BlobError::NoSuchBlob)?;
        let header = Header::new(self.secret, cookie.at, 0, self.free[class]);
        self.put(cookie.at, &header)?;
        self.free[class] = cookie.at;
        self.release(cookie.at, size, false);
        (self.blobs, self.bytes) = (self.blobs - 1, self.bytes - len);
        Ok(())
    }

    /// What the blobs' file has done so far, and what it has.
    pub fn usage(&self) -> PagedUsage {
        self.file.usage()
    }

    fn header(&self, at: u64) -> Result<Header, PagedError> {
        let mut bytes = [0; HEADER as usize];
        self.file.read(at, &mut bytes)?;
        Ok(Header::load(&bytes))
    }

    fn put(&mut self, at: u64, header: &Header) -> Result<(), PagedError> {
        let mut bytes = [0; HEADER as usize];
        header.store(&mut bytes);
        self.file.write(at, &bytes)
    }

    /// Where the free block behind another one begins.
    fn free_block(&self, at: u64) -> Result<u64, PagedError> {
        let header = self.header(at)?;
        debug_assert!(header.is_genuine(self.secret, at) && header.stamp == 0, "what was written is read");
        Ok(header.len)
    }

    /// Gives the pages back that lie within a block, behind its header; of one behind the end, all that begin there.
    fn release(&mut self, at: u64, size: u64, at_end: bool) {
        let begin = if at_end { at } else { at + HEADER };
        let end = if at_end { (at + size).next_multiple_of(PAGE_SIZE as u64) } else { at + size };
        let (first, last) = (begin.div_ceil(PAGE_SIZE as u64), end / PAGE_SIZE as u64);
        self.file.cache.discard(self.file.machine, first, last);
    }
}

impl fmt::Debug for PagedBlob<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PagedBlob({} blobs of {} bytes in {:?})", self.blobs, self.bytes, self.file)
    }
}
