//! The check of extents against backpointers: a flat table of all of them, a part of it in each pass, or a sorted array in pageable memory.

use std::sync::Arc;

use alloc_core::{AllocError, Gfp, Machine, PAGE_SIZE, PagedArray, PagedError, Swap};

/// A bucket of the disk that has no owner.
const NOBODY: u64 = u64::MAX;

/// A disk to be checked: each bucket has the extent of one owner, who is named by a backpointer.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    /// Buckets; a power of two.
    pub buckets: u64,
    /// Each so many-th backpointer names somebody else.
    pub wrong_each: u64,
}

impl Disk {
    /// Extents in the order of their owners, each with its bucket.
    fn extents(self) -> impl Iterator<Item = (u64, u64)> {
        (0..self.buckets).map(move |owner| (owner.wrapping_mul(40_503) % self.buckets, owner))
    }

    /// Backpointers in an order of their own, each with its bucket.
    fn backpointers(self) -> impl Iterator<Item = (u64, u64)> {
        let right = (0..self.buckets).map(move |owner| owner.wrapping_mul(7919) % self.buckets);
        right.enumerate().map(move |(number, owner)| {
            let is_wrong = (number as u64 + 1).is_multiple_of(self.wrong_each);
            (owner.wrapping_mul(40_503) % self.buckets, if is_wrong { owner ^ 1 } else { owner })
        })
    }
}

/// What a check found.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Findings {
    /// Extents without a backpointer.
    pub missing: u64,
    /// Backpointers without an extent.
    pub dangling: u64,
    /// Of all of them, in whatever order they were found.
    pub sum: u64,
    /// How often the whole disk was read.
    pub passes: u64,
}

impl Findings {
    fn note(&mut self, is_missing: bool, bucket: u64, owner: u64) {
        let count = if is_missing { &mut self.missing } else { &mut self.dangling };
        *count += 1;
        let hash = (bucket << 32 ^ owner << 1 ^ u64::from(is_missing)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.sum = self.sum.wrapping_add(hash ^ hash >> 31);
    }
}

/// Why a disk was not checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// There is no memory for the table.
    NoMemory(AllocError),
    /// The pageable memory failed.
    Paged(PagedError),
}

impl From<AllocError> for Error {
    fn from(error: AllocError) -> Error {
        Error::NoMemory(error)
    }
}

impl From<PagedError> for Error {
    fn from(error: PagedError) -> Error {
        Error::Paged(error)
    }
}

/// How a part of the table that is not to be had is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shortage {
    /// The check fails.
    Fails,
    /// The part is not checked, and nobody is told: the bug.
    IsSkipped,
}

/// A table of the owners of buckets, in `pages` pages: of all of them in one pass, or of as many as there is room for in each of several.
///
/// # Errors
/// [`Error::NoMemory`].
#[cfg_attr(test, firsthit::instrument(calls("kvmalloc")))]
pub fn check_by_table(machine: &Machine, disk: Disk, pages: usize, shortage: Shortage) -> Result<Findings, Error> {
    let mut findings = Findings::default();
    let each = (pages * PAGE_SIZE / 8) as u64;
    for first in (0..disk.buckets).step_by(each as usize) {
        let count = each.min(disk.buckets - first) as usize;
        let mut table = match machine.kvmalloc(count * 8, Gfp::KERNEL | Gfp::RETRY_MAYFAIL | Gfp::NOWARN) {
            Ok(table) => table,
            Err(_) if shortage == Shortage::IsSkipped => continue,
            Err(error) => return Err(error.into()),
        };
        let mut owners = Owners(table.bytes_mut(), first);
        (0..count as u64).for_each(|place| owners.set(first + place, NOBODY));
        let within = |(bucket, _): &(u64, u64)| (first..first + count as u64).contains(bucket);
        disk.extents().filter(within).for_each(|(bucket, owner)| owners.set(bucket, owner));
        for (bucket, owner) in disk.backpointers().filter(within) {
            if owners.get(bucket) == owner {
                owners.set(bucket, NOBODY);
            } else {
                findings.note(false, bucket, owner);
            }
        }
        let left = (first..first + count as u64).map(|bucket| (bucket, owners.get(bucket)));
        left.filter(|(_, owner)| *owner != NOBODY).for_each(|(bucket, owner)| findings.note(true, bucket, owner));
        findings.passes += 1;
    }
    Ok(findings)
}

/// The owners of the buckets from one on.
struct Owners<'b>(&'b mut [u8], u64);

impl Owners<'_> {
    fn place(&mut self, bucket: u64) -> &mut [u8] {
        &mut self.0[(bucket - self.1) as usize * 8..][..8]
    }

    fn get(&mut self, bucket: u64) -> u64 {
        self.place(bucket).first_chunk().map_or(NOBODY, |bytes| u64::from_le_bytes(*bytes))
    }

    fn set(&mut self, bucket: u64, owner: u64) {
        self.place(bucket).copy_from_slice(&owner.to_le_bytes());
    }
}

/// One array of all extents and all backpointers, which are neighbours once it is sorted. The disk is read once, and as little memory is
/// needed as there is.
///
/// # Errors
/// [`Error::NoMemory`] if the process has none for the array's tables, [`Error::Paged`].
#[cfg_attr(test, firsthit::instrument(calls("append", "sort")))]
pub fn check_by_sorting(array: &mut PagedArray<'_, (u64, u64)>, disk: Disk) -> Result<Findings, Error> {
    // The kind is the lowest bit, behind the owner: an extent stands right before its backpointer.
    for (bucket, owner) in disk.extents() {
        array.append(&(bucket, owner << 1))?;
    }
    for (bucket, owner) in disk.backpointers() {
        array.append(&(bucket, owner << 1 | 1))?;
    }
    array.sort()?;
    let mut findings = Findings { passes: 1, ..Findings::default() };
    let mut extent: Option<(u64, u64)> = None;
    for record in array.iter() {
        let (bucket, word) = record?;
        let here = (bucket, word >> 1);
        if word & 1 == 0 {
            extent.replace(here).into_iter().for_each(|(bucket, owner)| findings.note(true, bucket, owner));
        } else if extent == Some(here) {
            extent = None;
        } else {
            findings.note(false, bucket, word >> 1);
        }
    }
    extent.into_iter().for_each(|(bucket, owner)| findings.note(true, bucket, owner));
    Ok(findings)
}

/// An array for [`check_by_sorting`].
///
/// # Errors
/// [`Error::NoMemory`] if the process has none for its tables.
pub fn array<'m>(machine: &'m Machine, swap: &Arc<Swap>) -> Result<PagedArray<'m, (u64, u64)>, Error> {
    Ok(PagedArray::new(machine, swap)?)
}
