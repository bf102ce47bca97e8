//! A map of numbers to places: runs that lie side by side on both sides are one extent.

use kernel::alloc::Flags;
use kernel::prelude::*;

#[derive(Clone, Copy)]
struct Extent {
    first: u64,
    len: u64,
    place: u64,
}

impl Extent {
    fn end(&self) -> u64 {
        self.first + self.len
    }
}

/// The extents, sorted; none of them overlap.
pub(crate) struct ExtentMap {
    extents: KVVec<Extent>,
}

impl ExtentMap {
    pub(crate) const fn new() -> ExtentMap {
        ExtentMap { extents: KVVec::new() }
    }

    /// A map with room for so many extents.
    pub(crate) fn with_capacity(extents: usize, flags: Flags) -> Result<ExtentMap> {
        Ok(ExtentMap { extents: KVVec::with_capacity(extents, flags)? })
    }

    pub(crate) fn len(&self) -> usize {
        self.extents.len()
    }

    /// Every number that has a place, with it.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.extents.iter().flat_map(|extent| (0..extent.len).map(move |at| (extent.first + at, extent.place + at)))
    }

    /// The place of the first extent that ends behind a number.
    fn position(&self, number: u64) -> usize {
        self.extents.partition_point(|extent| extent.end() <= number)
    }

    pub(crate) fn lookup(&self, number: u64) -> Option<u64> {
        let extent = self.extents.get(self.position(number)).filter(|extent| extent.first <= number)?;
        Some(extent.place + (number - extent.first))
    }

    /// Maps `len` numbers from `first` on. `EEXIST` if one of them has a place.
    pub(crate) fn insert(&mut self, first: u64, len: u64, place: u64, flags: Flags) -> Result {
        let end = first.checked_add(len).ok_or(EOVERFLOW)?;
        let at = self.position(first);
        if self.extents.get(at).is_some_and(|next| next.first < end) {
            return Err(EEXIST);
        }
        let before = at.checked_sub(1).and_then(|before| self.extents.get_mut(before));
        if let Some(before) = before.filter(|before| before.end() == first && before.place + before.len == place) {
            before.len += len;
            return Ok(());
        }
        self.extents.reserve(1, flags)?;
        self.extents.insert_within_capacity(at, Extent { first, len, place })?;
        Ok(())
    }

    /// Maps `len` numbers from `first` on to nothing. It may take one extent more, if an extent loses its middle.
    pub(crate) fn remove(&mut self, first: u64, len: u64, flags: Flags) -> Result {
        let end = first.checked_add(len).ok_or(EOVERFLOW)?;
        // Before anything is changed.
        self.extents.reserve(1, flags)?;
        let at = self.position(first);
        if let Some(cut) = self.extents.get(at).copied().filter(|cut| cut.first < first) {
            self.extents[at].len = first - cut.first;
            if cut.end() > end {
                let skipped = end - cut.first;
                let rest = Extent { first: end, len: cut.len - skipped, place: cut.place + skipped };
                self.extents.insert_within_capacity(at + 1, rest)?;
                return Ok(());
            }
        }
        self.extents.retain(|extent| extent.first < first || extent.end() > end);
        let at = self.position(first);
        if let Some(extent) = self.extents.get_mut(at).filter(|extent| extent.first >= first && extent.first < end) {
            let skipped = end - extent.first;
            *extent = Extent { first: end, len: extent.len - skipped, place: extent.place + skipped };
        }
        Ok(())
    }
}
