//! Where the value of each key stands: an open-addressing hash table that grows fallibly.

use std::mem;

use crate::error::Error;
use crate::record;

/// Where a value stands in the file, and how long it is, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) len: usize,
}

#[derive(Debug)]
struct Entry {
    key: Vec<u8>,
    place: Place,
}

/// From keys to places.
#[derive(Default, Debug)]
pub(crate) struct Map {
    /// A power of two, or none; never full.
    slots: Vec<Option<Entry>>,
    len: usize,
}

#[cfg_attr(test, firsthit::instrument(calls("owned")))]
impl Map {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, key: &[u8]) -> Option<Place> {
        let slot = self.slots.get(self.find(key))?;
        slot.as_ref().map(|entry| entry.place)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], Place)> {
        self.slots.iter().flatten().map(|entry| (&*entry.key, entry.place))
    }

    /// Puts a key's place in, and gives its old one back.
    pub(crate) fn try_insert(&mut self, key: &[u8], place: Place) -> Result<Option<Place>, Error> {
        let at = self.find(key);
        if let Some(Some(entry)) = self.slots.get_mut(at) {
            return Ok(Some(mem::replace(&mut entry.place, place)));
        }
        // Everything that can fail comes before anything that changes.
        let key = owned(key)?;
        if (self.len + 1) * 4 > self.slots.len() * 3 {
            self.try_grow()?;
        }
        let free = self.find(&key);
        self.slots[free] = Some(Entry { key, place });
        self.len += 1;
        Ok(None)
    }

    /// Takes a key out, and moves those behind it that were put off by it.
    pub(crate) fn remove(&mut self, key: &[u8]) -> Option<Place> {
        let mut free = self.find(key);
        let removed = self.slots.get_mut(free)?.take()?;
        self.len -= 1;
        let mask = self.slots.len() - 1;
        let mut next = (free + 1) & mask;
        while let Some(entry) = &self.slots[next] {
            let home = hash(&entry.key) & mask;
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(free) & mask {
                self.slots.swap(free, next);
                free = next;
            }
            next = (next + 1) & mask;
        }
        Some(removed.place)
    }

    /// Twice as many slots; what is in them stays as it is if there is no memory for more.
    fn try_grow(&mut self) -> Result<(), Error> {
        let count = (self.slots.len() * 2).max(4);
        let mut slots = Vec::new();
        slots.try_reserve_exact(count)?;
        slots.resize_with(count, || None);
        for entry in mem::replace(&mut self.slots, slots).into_iter().flatten() {
            let free = self.find(&entry.key);
            self.slots[free] = Some(entry);
        }
        Ok(())
    }

    /// The slot that the key is in, or the free one that it would go into.
    fn find(&self, key: &[u8]) -> usize {
        let Some(mask) = self.slots.len().checked_sub(1) else { return 0 };
        let mut at = hash(key) & mask;
        while self.slots[at].as_ref().is_some_and(|entry| entry.key != key) {
            at = (at + 1) & mask;
        }
        at
    }
}

fn hash(key: &[u8]) -> usize {
    record::checksum(key.len(), None, key) as usize
}

/// A copy of the key.
#[cfg_attr(test, firsthit::instrument)]
fn owned(key: &[u8]) -> Result<Vec<u8>, Error> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(key.len())?;
    copy.extend_from_slice(key);
    Ok(copy)
}
