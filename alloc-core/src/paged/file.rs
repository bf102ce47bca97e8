//! A file in pageable memory: sparse, of up to 2^63 bytes, of which as much is in memory as there is room for.

use alloc::sync::Arc;
use core::fmt;

use super::cache::Cache;
use super::cached::Cached;
use super::index::Entry;
use super::paged_error::{PagedCause, PagedError};
use super::swap::Swap;
use super::usage::PagedUsage;
use crate::error::AllocError;
use crate::machine::Machine;
use crate::page::reclaim::ShrinkerId;
use crate::units::PAGE_SIZE;

/// Pages of the largest file.
pub(super) const PAGES_MAX: u64 = PagedFile::BYTES_MAX / PAGE_SIZE as u64;

/// A file in pageable memory (the kernel's xfile, which stands on shmem).
///
/// It has no length: every byte up to 2^63 can be read, and is 0 until it is written. Reading a hole takes no memory. What is written
/// lies in pages of the machine, which are really asked for: with `KERNEL`, `RETRY_MAYFAIL` and `NOWARN`, in a scope without FS. When
/// memory is short, whoever asks for it, the pages that were not used longest go out to the [`Swap`]: the file is a shrinker of
/// class IO. So the limit of all files is the memory of the machine that others leave them, and the swap, and what does
/// not fit into both is refused at once with [`PagedCause::NoSpace`]. A page of memory for every 512 of the file (or for fewer, if they
/// lie far apart) says where they are, and stays in memory.
///
/// Nothing is short: a call reads or writes all of its bytes, or says at which byte it stopped, and why.
///
/// Threads may read a file together, each for a task of its own; who writes has it alone. It waits for its swap, so it must not be used in atomic context.
/// In the child of a fork what is in memory can be used, and what is in swap cannot. A child that was forked while another thread was inside of
/// the file ends with a message when it uses it.
///
/// ```
/// use alloc_core::{Machine, NodePages, PagedFile, Swap};
/// use std::sync::Arc;
/// let machine = Machine::builder().node(NodePages::new(64)).build()?;
/// let mut file = PagedFile::new(&machine, &Arc::new(Swap::temporary(1000)?))?;
/// // Five times as much as there is memory.
/// for number in 0..320_u64 {
///     file.write(number * 4096, &number.to_le_bytes())?;
/// }
/// let mut bytes = [0; 8];
/// file.read(77 * 4096, &mut bytes)?;
/// assert_eq!(u64::from_le_bytes(bytes), 77);
/// assert!(file.usage().out > 250);
/// file.read(1 << 62, &mut bytes)?;
/// assert_eq!(bytes, [0; 8], "a hole");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PagedFile<'m> {
    pub(super) machine: &'m Machine,
    pub(super) cache: Arc<Cache>,
    shrinker: ShrinkerId,
}

/// The part of a transfer that lies within one page.
struct Piece {
    page: u64,
    /// Where it begins, in the page.
    begin: usize,
    /// Where it begins, in the caller's bytes.
    done: usize,
    len: usize,
}

/// The parts of a transfer, in order.
fn pieces(at: u64, len: usize) -> impl Iterator<Item = Piece> {
    let mut done = 0;
    core::iter::from_fn(move || {
        let left = len - done;
        let position = at + done as u64;
        let begin = (position % PAGE_SIZE as u64) as usize;
        let piece = Piece { page: position / PAGE_SIZE as u64, begin, done, len: left.min(PAGE_SIZE - begin) };
        done += piece.len;
        (left > 0).then_some(piece)
    })
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'m> PagedFile<'m> {
    /// Bytes of the largest file.
    pub const BYTES_MAX: u64 = 1 << 63;

    /// An empty file, of the machine's memory and of a swap, which others may share.
    ///
    /// # Errors
    /// `NoMemory` if the surrounding process has no memory for the file's tables: some 70 bytes for each page of the machine, which are
    /// touched as they are used.
    pub fn new(machine: &'m Machine, swap: &Arc<Swap>) -> Result<PagedFile<'m>, AllocError> {
        let cache = Arc::new(Cache::new(machine, Arc::clone(swap)).ok_or(AllocError::NoMemory)?);
        let shrinker = machine.register_shrinker(cache.clone());
        Ok(PagedFile { machine, cache, shrinker })
    }

    /// Reads bytes, all of them.
    ///
    /// # Errors
    /// What could not be read, from where on, and why: everything before that position is in `bytes`.
    pub fn read(&self, at: u64, bytes: &mut [u8]) -> Result<(), PagedError> {
        self.within(at, bytes.len())?;
        for piece in pieces(at, bytes.len()) {
            let into = &mut bytes[piece.done..][..piece.len];
            let (inside, number) =
                self.cache.reach(self.machine, piece.page).map_err(|cause| stopped(at, &piece, cause))?;
            match number {
                Some(number) => into.copy_from_slice(&inside.bytes(self.machine, number)[piece.begin..][..piece.len]),
                None => into.fill(0),
            }
        }
        Ok(())
    }

    /// Writes bytes, all of them.
    ///
    /// # Errors
    /// What could not be written, from where on, and why: everything before that position is written, and all the rest is as it was.
    pub fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), PagedError> {
        self.within(at, bytes.len())?;
        for piece in pieces(at, bytes.len()) {
            let whole = piece.len == PAGE_SIZE;
            let reached = self.cache.reach_mut(self.machine, piece.page, whole);
            let (mut inside, number) = reached.map_err(|cause| stopped(at, &piece, cause))?;
            let into = &mut inside.bytes_mut(self.machine, number)[piece.begin..][..piece.len];
            into.copy_from_slice(&bytes[piece.done..][..piece.len]);
        }
        Ok(())
    }

    /// Pins a page of the file, which stays in memory until [`PagedFile::unpin`]; its number. A hole becomes a page of zeroes.
    pub(super) fn pin(&mut self, page: u64) -> Result<u32, PagedError> {
        let stopped = |cause| PagedError { at: page * PAGE_SIZE as u64, cause };
        let (inside, number) = self.cache.reach(self.machine, page).map_err(stopped)?;
        let (mut inside, number) = match number {
            Some(number) => (inside, number),
            None => {
                drop(inside);
                self.cache.reach_mut(self.machine, page, false).map_err(stopped)?
            }
        };
        inside.cached.pin(number);
        Ok(number)
    }

    /// A pinned page may leave memory again.
    pub(super) fn unpin(&mut self, number: u32) {
        self.cache.lock().cached.unpin(number);
    }

    /// Reads a pinned page.
    pub(super) fn copy_out(&self, number: u32, page: &mut [u8]) {
        page.copy_from_slice(self.cache.lock().bytes(self.machine, number));
    }

    /// Writes a pinned page.
    pub(super) fn copy_in(&mut self, number: u32, page: &[u8]) {
        let mut inside = self.cache.lock();
        if let Some(cached) = inside.cached.get_mut(number) {
            cached.soil(&self.cache.swap);
        }
        inside.bytes_mut(self.machine, number).copy_from_slice(page);
    }

    /// Makes a hole of `len` bytes: they read as zeroes, and the pages and slots that lie within are given back.
    ///
    /// # Errors
    /// Of a page that the hole has a part of, the part is written with zeroes, which can fail as in [`PagedFile::write`]. No whole page is
    /// discarded then, but the first part may have become zero, if it was the last one that failed. Holes of whole pages never fail.
    pub fn discard(&mut self, at: u64, len: u64) -> Result<(), PagedError> {
        const PAGE: u64 = PAGE_SIZE as u64;
        let end = at.checked_add(len).filter(|end| *end <= PagedFile::BYTES_MAX);
        let end = end.ok_or(PagedError { at, cause: PagedCause::PastEnd })?;
        let (first, last) = (at.div_ceil(PAGE), end / PAGE);
        let edges = if first > last { [at..end, end..end] } else { [at..first * PAGE, last * PAGE..end] };
        for edge in edges {
            let is_there = self.next_data(edge.start / PAGE * PAGE) == Some(edge.start / PAGE * PAGE);
            if is_there && !edge.is_empty() {
                self.write(edge.start, &[0; PAGE_SIZE][..(edge.end - edge.start) as usize])?;
            }
        }
        self.cache.discard(self.machine, first, last);
        Ok(())
    }

    /// Where the first page with data begins that does not lie before `at`, if there is any.
    pub fn next_data(&self, at: u64) -> Option<u64> {
        let inside = self.cache.lock();
        let (page, _) = inside.index.next(self.machine, at.div_ceil(PAGE_SIZE as u64))?;
        Some(page * PAGE_SIZE as u64)
    }

    /// What the file has done so far, and what it has.
    pub fn usage(&self) -> PagedUsage {
        self.cache.usage()
    }

    /// The machine that the file's memory is from.
    pub fn machine(&self) -> &'m Machine {
        self.machine
    }

    /// The swap that the file goes out to.
    pub fn swap(&self) -> &Arc<Swap> {
        &self.cache.swap
    }

    /// Compares the file's tables with each other. [`Machine::audit`] looks at the pages themselves.
    ///
    /// # Errors
    /// The first thing that is not as it must be.
    pub fn audit(&self) -> Result<(), &'static str> {
        let inside = self.cache.lock();
        let (mut from, mut cached, mut out) = (0, 0, 0);
        while let Some((page, entry)) = inside.index.next(self.machine, from) {
            match entry {
                Entry::Cached(number) if inside.cached.get(number).is_some_and(|cached| cached.page == page) => {
                    cached += 1;
                }
                Entry::Out(_) => out += 1,
                _ => return Err("the index names a page in memory that is another one's"),
            }
            from = page + 1;
        }
        let listed = inside.cached.oldest_first().count();
        let pages = (cached, out) == (inside.cached.len(), inside.usage.out);
        let pins =
            inside.cached.oldest_first().filter(|number| inside.cached.get(*number).is_some_and(Cached::is_pinned));
        match () {
            () if !pages => Err("the index has not as many pages as the file"),
            () if listed != inside.cached.len() => Err("the list of pages in memory has not as many as the table"),
            () if pins.count() != inside.cached.pinned() => Err("the number of pinned pages is wrong"),
            () => Ok(()),
        }
    }

    fn within(&self, at: u64, len: usize) -> Result<(), PagedError> {
        let end = at.checked_add(len as u64).filter(|end| *end <= PagedFile::BYTES_MAX);
        end.map(drop).ok_or(PagedError { at, cause: PagedCause::PastEnd })
    }
}

/// A transfer that began at `at` stopped at a piece.
fn stopped(at: u64, piece: &Piece, cause: PagedCause) -> PagedError {
    PagedError { at: at + piece.done as u64, cause }
}

impl Drop for PagedFile<'_> {
    fn drop(&mut self) {
        drop(self.machine.unregister_shrinker(self.shrinker));
        self.cache.discard(self.machine, 0, PAGES_MAX);
    }
}

impl fmt::Debug for PagedFile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usage = self.usage();
        write!(f, "PagedFile({} pages in memory, {} out)", usage.cached, usage.out)
    }
}
