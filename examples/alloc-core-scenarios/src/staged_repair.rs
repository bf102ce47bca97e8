//! The repair of a directory that is larger than memory: what can be saved is staged in pageable memory, and takes the old one's place at once.

use std::sync::Arc;

use alloc_core::{AllocError, BlobCookie, BlobError, Machine, PagedArray, PagedBlob, PagedError, Swap};

/// Bytes of the longest name.
const NAME_MAX: usize = 255;

/// A name's hash, the name, and the inode that it stands for.
type Row = (u64, (BlobCookie, u64));

/// Why a directory could not be used or repaired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// There is no memory for the tables of another directory.
    NoMemory(AllocError),
    /// The rows could not be read or written.
    Rows(PagedError),
    /// A name could not be read or written.
    Names(BlobError),
}

impl From<AllocError> for Error {
    fn from(error: AllocError) -> Error {
        Error::NoMemory(error)
    }
}

impl From<PagedError> for Error {
    fn from(error: PagedError) -> Error {
        Error::Rows(error)
    }
}

impl From<BlobError> for Error {
    fn from(error: BlobError) -> Error {
        Error::Names(error)
    }
}

/// When the repaired rows take the place of the old ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Commit {
    /// All of them, when the last one is there.
    AtTheEnd,
    /// Each as it is found: the bug.
    AsItGoes,
}

/// A directory: rows that should be in the order of their hashes, and names.
#[derive(Debug)]
pub struct Directory<'m> {
    rows: PagedArray<'m, Row>,
    names: PagedBlob<'m>,
}

/// The hash that names are found by (FNV-1a).
pub fn hash(name: &[u8]) -> u64 {
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

impl<'m> Directory<'m> {
    /// An empty directory.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn new(machine: &'m Machine, swap: &Arc<Swap>) -> Result<Directory<'m>, Error> {
        Ok(Directory { rows: PagedArray::new(machine, swap)?, names: PagedBlob::new(machine, swap)? })
    }

    /// The inode of a name, by a binary search.
    ///
    /// # Errors
    /// [`Error::Names`], [`Error::Rows`].
    pub fn find(&self, name: &[u8]) -> Result<Option<u64>, Error> {
        let wanted = hash(name);
        let (mut low, mut high) = (0, self.rows.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let (hash, _) = self.row(middle)?;
            if hash < wanted { low = middle + 1 } else { high = middle }
        }
        while low < self.rows.len() {
            let (hash, (cookie, inode)) = self.row(low)?;
            if hash != wanted {
                break;
            }
            let mut room = [0; NAME_MAX];
            let len = self.names.load(cookie, &mut room)?;
            if room[..len] == *name {
                return Ok(Some(inode));
            }
            low += 1;
        }
        Ok(None)
    }

    fn row(&self, number: u64) -> Result<Row, PagedError> {
        Ok(self.rows.load(number)?.unwrap_or((0, (self.nobody(), 0))))
    }

    /// A cookie that is no name's.
    fn nobody(&self) -> BlobCookie {
        alloc_core::Record::load(&[0; 16])
    }

    /// Rows in all.
    pub fn len(&self) -> u64 {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

#[cfg_attr(
    test,
    firsthit::instrument(calls("append", "store", "sort", "load", "rebuild", "row", "add", "dedup", "truncate"))
)]
impl<'m> Directory<'m> {
    /// Adds a row behind the others, as whoever damaged the directory left it: in no order, and with any hash.
    ///
    /// # Errors
    /// [`Error::Names`], and [`Error::Rows`]: nothing is added then.
    pub fn add(&mut self, name: &[u8], inode: u64, hash: u64) -> Result<(), Error> {
        let cookie = self.names.store(name)?;
        let added = self.rows.append(&(hash, (cookie, inode)));
        if let Err(error) = added {
            // If this fails, too, the name is one that nobody refers to.
            let _ = self.names.free(cookie);
            return Err(error.into());
        }
        Ok(())
    }

    /// Puts the directory in order: each name under its own hash, and once; how many names. `staged` is an empty directory, in which
    /// that is done, and which takes the place of this one.
    ///
    /// # Errors
    /// Those of reading and writing. With [`Commit::AtTheEnd`] the directory is as it was then.
    pub fn repair(&mut self, mut staged: Directory<'m>, commit: Commit) -> Result<u64, Error> {
        self.rebuild(&mut staged, commit)?;
        *self = staged;
        Ok(self.len())
    }

    fn rebuild(&mut self, staged: &mut Directory<'m>, commit: Commit) -> Result<(), Error> {
        for number in 0..self.len() {
            let (_, (cookie, inode)) = self.row(number)?;
            let mut room = [0; NAME_MAX];
            let len = self.names.load(cookie, &mut room)?;
            let name = &room[..len];
            staged.add(name, inode, hash(name))?;
            if commit == Commit::AsItGoes {
                // Its room is needed: the name has moved.
                self.names.free(cookie)?;
            }
        }
        staged.rows.sort()?;
        staged.dedup()
    }

    /// Rows that are there twice, side by side, go.
    fn dedup(&mut self) -> Result<(), Error> {
        let (mut kept, mut last) = (0, None);
        for number in 0..self.len() {
            let row = self.row(number)?;
            let (hash, (cookie, inode)) = row;
            if last == Some((hash, inode)) {
                self.names.free(cookie)?;
                continue;
            }
            self.rows.store(kept, &row)?;
            (kept, last) = (kept + 1, Some((hash, inode)));
        }
        #[cfg_attr(test, firsthit::untested(reason = "the page that is cut was written just before: it is in memory"))]
        self.rows.truncate(kept)?;
        Ok(())
    }
}
