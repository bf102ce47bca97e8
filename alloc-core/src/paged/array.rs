//! An array in pageable memory, of records of a fixed size.

use alloc::sync::Arc;
use core::fmt;
use core::marker::PhantomData;

use super::file::PagedFile;
use super::paged_error::PagedError;
use super::record::{Record, Room, per_page};
use super::swap::Swap;
use super::usage::PagedUsage;
use crate::error::AllocError;
use crate::machine::Machine;
use crate::units::PAGE_SIZE;

/// An array in pageable memory (the kernel's xfarray): it grows at its end, and is sparse.
///
/// A record that was never stored is read as `T::load` of zeroes. No record lies in two pages, so each call does all or nothing.
///
/// ```
/// use alloc_core::{Machine, NodePages, PagedArray, Swap};
/// use std::sync::Arc;
/// let machine = Machine::builder().node(NodePages::new(64)).build()?;
/// let mut array = PagedArray::<u64>::new(&machine, &Arc::new(Swap::temporary(500)?))?;
/// // Four times as much as there is memory.
/// for number in 0..100_000 {
///     array.append(&(number * 7919 % 100_003))?;
/// }
/// array.sort()?;
/// assert!(array.iter().map(Result::unwrap).is_sorted());
/// assert_eq!((array.len(), array.load(0)?), (100_000, Some(0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PagedArray<'m, T> {
    pub(super) file: PagedFile<'m>,
    pub(super) len: u64,
    records: PhantomData<fn(T) -> T>,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'m, T: Record> PagedArray<'m, T> {
    /// Records of the largest array.
    pub const LEN_MAX: u64 = PagedFile::BYTES_MAX / PAGE_SIZE as u64 * per_page::<T>() as u64;

    /// An empty array, of the machine's memory and of a swap, which others may share.
    ///
    /// # Errors
    /// As [`PagedFile::new`].
    pub fn new(machine: &'m Machine, swap: &Arc<Swap>) -> Result<PagedArray<'m, T>, AllocError> {
        Ok(PagedArray { file: PagedFile::new(machine, swap)?, len: 0, records: PhantomData })
    }

    /// How many records there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A record, or `None` behind the end.
    ///
    /// # Errors
    /// As [`PagedFile::read`].
    pub fn load(&self, number: u64) -> Result<Option<T>, PagedError> {
        if number >= self.len {
            return Ok(None);
        }
        let mut room = Room::of::<T>();
        let bytes = room.bytes::<T>();
        self.file.read(position::<T>(number), bytes)?;
        Ok(Some(T::load(bytes)))
    }

    /// Stores a record, behind the end as well: then the array ends with it, and those between are zeroes.
    ///
    /// # Errors
    /// As [`PagedFile::write`]; the array is as it was. Beyond [`PagedArray::LEN_MAX`] it is [`PagedCause::PastEnd`](crate::PagedCause::PastEnd).
    pub fn store(&mut self, number: u64, value: &T) -> Result<(), PagedError> {
        let at = if number < Self::LEN_MAX { position::<T>(number) } else { PagedFile::BYTES_MAX };
        let mut room = Room::of::<T>();
        let bytes = room.bytes::<T>();
        value.store(bytes);
        self.file.write(at, bytes)?;
        self.len = self.len.max(number + 1);
        Ok(())
    }

    /// Stores a record at the end.
    ///
    /// # Errors
    /// As [`PagedArray::store`].
    pub fn append(&mut self, value: &T) -> Result<(), PagedError> {
        self.store(self.len, value)
    }

    /// All records but the first `len` go, and their pages with them.
    ///
    /// # Errors
    /// As [`PagedFile::discard`]; the array is as long as it was, and a record in the last page that stays may be gone.
    pub fn truncate(&mut self, len: u64) -> Result<(), PagedError> {
        if len < self.len {
            let at = position::<T>(len);
            self.file.discard(at, PagedFile::BYTES_MAX - at)?;
            self.len = len;
        }
        Ok(())
    }

    /// All records, in order. Behind an error it goes on with the next record.
    pub fn iter(&self) -> PagedRecords<'_, 'm, T> {
        PagedRecords { array: self, next: 0 }
    }

    /// What the array's file has done so far, and what it has.
    pub fn usage(&self) -> PagedUsage {
        self.file.usage()
    }
}

/// Where a record lies in the file.
pub(super) fn position<T: Record>(number: u64) -> u64 {
    let each = per_page::<T>() as u64;
    number / each * PAGE_SIZE as u64 + number % each * T::SIZE as u64
}

/// The records of a [`PagedArray`].
#[derive(Debug)]
pub struct PagedRecords<'a, 'm, T> {
    array: &'a PagedArray<'m, T>,
    next: u64,
}

impl<T: Record> Iterator for PagedRecords<'_, '_, T> {
    type Item = Result<T, PagedError>;

    fn next(&mut self) -> Option<Result<T, PagedError>> {
        let value = self.array.load(self.next).transpose()?;
        self.next += 1;
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.array.len - self.next.min(self.array.len));
        (left.unwrap_or(usize::MAX), left.ok())
    }
}

impl<'a, 'm, T: Record> IntoIterator for &'a PagedArray<'m, T> {
    type Item = Result<T, PagedError>;
    type IntoIter = PagedRecords<'a, 'm, T>;

    fn into_iter(self) -> PagedRecords<'a, 'm, T> {
        self.iter()
    }
}

impl<T> fmt::Debug for PagedArray<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PagedArray({} records in {:?})", self.len, self.file)
    }
}
