//! The replay of a journal that is larger than memory: its entries are sorted, and the newest of each key is applied.

use std::sync::Arc;

use alloc_core::{AllocError, Machine, PagedArray, PagedError, Record, Swap};

/// One change, as it was journaled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entry {
    /// What it changes.
    pub key: u64,
    /// When: a later one has a larger number.
    pub sequence: u64,
    /// To what.
    pub value: u64,
}

impl Record for Entry {
    const SIZE: usize = 24;

    fn load(bytes: &[u8]) -> Entry {
        let (key, (sequence, value)) = Record::load(bytes);
        Entry { key, sequence, value }
    }

    fn store(&self, bytes: &mut [u8]) {
        (self.key, (self.sequence, self.value)).store(bytes);
    }
}

/// Where a replay takes the journal to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Where it has no more entries.
    AtTheEnd,
    /// Where none can be read, for whatever reason: the bug.
    AtAnError,
}

/// A journal in pageable memory, and the tree that it is replayed to.
#[derive(Debug)]
pub struct Journal<'m> {
    entries: PagedArray<'m, Entry>,
    tree: PagedArray<'m, (u64, u64)>,
    ending: Ending,
    sequence: u64,
}

impl<'m> Journal<'m> {
    /// An empty journal, and an empty tree.
    ///
    /// # Errors
    /// If the process has no memory for their tables.
    pub fn new(machine: &'m Machine, swap: &Arc<Swap>, ending: Ending) -> Result<Journal<'m>, AllocError> {
        let (entries, tree) = (PagedArray::new(machine, swap)?, PagedArray::new(machine, swap)?);
        Ok(Journal { entries, tree, ending, sequence: 0 })
    }
}

#[cfg_attr(test, firsthit::instrument(calls("append", "sort", "apply", "truncate", "transpose", "load")))]
impl Journal<'_> {
    /// Journals a change. If that fails, nothing has changed.
    ///
    /// # Errors
    /// Those of the pageable memory.
    pub fn append(&mut self, key: u64, value: u64) -> Result<(), PagedError> {
        self.entries.append(&Entry { key, sequence: self.sequence, value })?;
        self.sequence += 1;
        Ok(())
    }

    /// Makes a tree of the newest change of each key, in the order of the keys, and empties the journal; how many keys. If that fails, the
    /// journal is as it was, in another order perhaps, and there is no tree.
    ///
    /// # Errors
    /// Those of the pageable memory.
    pub fn replay(&mut self) -> Result<u64, PagedError> {
        self.entries.sort()?;
        if let Err(error) = self.apply() {
            #[cfg_attr(test, firsthit::untested(reason = "whole pages are given back, which never fails"))]
            self.tree.truncate(0)?;
            return Err(error);
        }
        #[cfg_attr(test, firsthit::untested(reason = "whole pages are given back, which never fails"))]
        self.entries.truncate(0)?;
        Ok(self.tree.len())
    }

    /// The entry at a place; `None` at the end.
    fn entry(&self, place: u64) -> Result<Option<Entry>, PagedError> {
        match self.entries.load(place) {
            Err(_) if self.ending == Ending::AtAnError => Ok(None),
            other => other,
        }
    }

    fn apply(&mut self) -> Result<(), PagedError> {
        let mut newest: Option<Entry> = None;
        for place in 0.. {
            let entry = self.entry(place)?;
            let key = entry.map(|entry| entry.key);
            if let Some(last) = newest.filter(|newest| Some(newest.key) != key) {
                self.tree.append(&(last.key, last.value))?;
            }
            if entry.is_none() {
                break;
            }
            newest = entry;
        }
        Ok(())
    }

    /// Changes that are journaled and not replayed.
    pub fn len(&self) -> u64 {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The tree: keys and values, in the order of the keys.
    pub fn tree(&self) -> impl Iterator<Item = Result<(u64, u64), PagedError>> {
        self.tree.iter()
    }
}
