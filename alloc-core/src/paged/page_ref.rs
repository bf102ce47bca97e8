//! A page of a file that stays in memory as long as somebody looks at it.
#![expect(unsafe_code, reason = "hands out the bytes of pinned pages")]

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use super::bytes;
use super::file::{PAGES_MAX, PagedFile};
use super::paged_error::{PagedCause, PagedError};
use crate::units::PAGE_SIZE;

/// What a hole looks like.
#[repr(C, align(4096))]
struct Zeroes([u8; PAGE_SIZE]);

static ZEROES: Zeroes = Zeroes([0; PAGE_SIZE]);

/// A page, pinned.
///
/// # Invariants
/// `place` begins the memory of the page under `number`, which has a pin for this; or the zeroes, and `number` is `None`.
struct Pin<'f, 'm> {
    file: &'f PagedFile<'m>,
    number: Option<u32>,
    place: NonNull<u8>,
}

impl Pin<'_, '_> {
    fn memory(&self) -> NonNull<[u8]> {
        NonNull::slice_from_raw_parts(self.place, PAGE_SIZE)
    }
}

impl Drop for Pin<'_, '_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.file.cache.lock().cached.unpin(number);
        }
    }
}

/// A page of a file, to be looked at. It stays in memory until this is dropped.
pub struct PageRef<'f, 'm>(Pin<'f, 'm>);

/// A page of a file, to be written. It stays in memory until this is dropped.
pub struct PageMut<'f, 'm>(Pin<'f, 'm>);

impl Deref for PageRef<'_, '_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: 1. Zeroes are a static. A pinned page stays in the file's table, with the token of its memory, so nobody else has
        // that memory, and it lives as long as the machine. 2. Nobody writes to it: the file writes through an exclusive borrow of itself,
        // and it is borrowed by this; what it brings in goes to other memory; the machine does not touch what has a token.
        unsafe { self.0.memory().as_ref() }
    }
}

impl Deref for PageMut<'_, '_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: as for a `PageRef`; and the exclusive borrow of the file is this one's.
        unsafe { self.0.memory().as_ref() }
    }
}

impl DerefMut for PageMut<'_, '_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: 1. As for a `PageRef`, and it is never the zeroes. 2. The file is borrowed exclusively, so there is no other `PageRef` or
        // `PageMut`, and nobody reads from it; the shrinker passes pinned pages over.
        unsafe { self.0.memory().as_mut() }
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'m> PagedFile<'m> {
    /// The page that a position lies in, pinned: it is brought in if it is out. Of a hole these are zeroes, and no memory is taken.
    ///
    /// ```
    /// # use alloc_core::{Machine, NodePages, PagedFile, Swap};
    /// # let machine = Machine::builder().node(NodePages::new(64)).build()?;
    /// # let mut file = PagedFile::new(&machine, &std::sync::Arc::new(Swap::none()))?;
    /// file.get_mut(5000)?[5000 % 4096] = 7;
    /// let page = file.get(5000)?;
    /// assert_eq!((page.len(), page[904]), (4096, 7));
    /// assert_eq!(file.usage().pinned, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`PagedFile::read`].
    pub fn get(&self, at: u64) -> Result<PageRef<'_, 'm>, PagedError> {
        let page = page_of(at)?;
        let (mut inside, number) = self.cache.reach(self.machine, page).map_err(|cause| PagedError { at, cause })?;
        let cached = number.and_then(|number| inside.cached.get(number));
        let place = cached.map_or(NonNull::from(&ZEROES).cast(), |cached| bytes::place(self.machine, &cached.memory));
        if let Some(number) = number {
            inside.cached.pin(number);
        }
        // INVARIANT: both as it says, under one guard.
        Ok(PageRef(Pin { file: self, number, place }))
    }

    /// The same page, pinned, to be written. A hole becomes a page of zeroes.
    ///
    /// # Errors
    /// As [`PagedFile::write`].
    pub fn get_mut(&mut self, at: u64) -> Result<PageMut<'_, 'm>, PagedError> {
        let page = page_of(at)?;
        let reached = self.cache.reach_mut(self.machine, page, false);
        let (mut inside, number) = reached.map_err(|cause| PagedError { at, cause })?;
        let cached = inside.cached.get(number).map(|cached| bytes::place(self.machine, &cached.memory));
        let place = cached.unwrap_or_else(|| unreachable!("it was reached"));
        inside.cached.pin(number);
        drop(inside);
        // INVARIANT: both as it says, under one guard.
        Ok(PageMut(Pin { file: self, number: Some(number), place }))
    }
}

/// The page of a position.
fn page_of(at: u64) -> Result<u64, PagedError> {
    let page = at / PAGE_SIZE as u64;
    if page < PAGES_MAX { Ok(page) } else { Err(PagedError { at, cause: PagedCause::PastEnd }) }
}

impl fmt::Debug for PageRef<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.number.is_some() { "PageRef" } else { "PageRef(hole)" })
    }
}

impl fmt::Debug for PageMut<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageMut")
    }
}
