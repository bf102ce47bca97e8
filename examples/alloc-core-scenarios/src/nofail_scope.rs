//! A journal that was promised memory, called inside of a scope that forbids reclaim: two promises that cannot both be kept.

use alloc_core::{AllocError, Gfp, Machine, Order, PAGE_SIZE, PageBlock, Scope};

/// The header of a record: the number of its transaction and the length of what follows.
const HEADER: usize = 16;

/// A journal of one file system.
#[derive(Debug)]
pub struct Journal<'m> {
    machine: &'m Machine,
    /// The number of the last record.
    sequence: u64,
    /// Bytes that have been written.
    written: u64,
}

/// A block that is a record's, whatever comes.
#[derive(Debug)]
pub struct Reserved<'m>(PageBlock<'m>);

#[cfg_attr(test, firsthit::instrument(calls("reserve")))]
impl<'m> Journal<'m> {
    /// A journal without a record.
    pub fn new(machine: &'m Machine) -> Journal<'m> {
        Journal { machine, sequence: 0, written: 0 }
    }

    /// The number of the last record.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Writes a record. There is no way back from here, so the memory for it is asked for with NOFAIL: a journal that could
    /// not be written would be a file system that is no more.
    ///
    /// # Panics
    /// If the promise is broken.
    pub fn commit(&mut self, change: &[u8]) -> u64 {
        let block = self.machine.alloc_pages(Order::ZERO, Gfp::KERNEL | Gfp::NOFAIL);
        self.write(&mut block.expect("NOFAIL does not fail"), change)
    }

    /// Sets a block aside for a record, while there is still a way back.
    ///
    /// # Errors
    /// If there is none.
    pub fn reserve(&self) -> Result<Reserved<'m>, AllocError> {
        self.machine.alloc_pages(Order::ZERO, Gfp::KERNEL).map(Reserved)
    }

    /// Writes a record into a block that was set aside: nothing is asked for.
    pub fn commit_reserved(&mut self, Reserved(mut block): Reserved<'m>, change: &[u8]) -> u64 {
        self.write(&mut block, change)
    }

    fn write(&mut self, block: &mut PageBlock<'m>, change: &[u8]) -> u64 {
        let change = &change[..change.len().min(PAGE_SIZE - HEADER)];
        self.sequence += 1;
        let bytes = block.bytes_mut();
        bytes[..8].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[8..HEADER].copy_from_slice(&(change.len() as u64).to_le_bytes());
        bytes[HEADER..][..change.len()].copy_from_slice(change);
        self.written += (HEADER + change.len()) as u64;
        self.sequence
    }
}

/// When memory for the journal's record is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
    /// By the journal, which does not know what is around it.
    WhenCommitting,
    /// While a failure can still be returned.
    Beforehand,
}

/// A failed disk that is about to be replaced.
#[derive(Debug)]
pub struct Replacement<'m> {
    reserved: Option<Reserved<'m>>,
}

#[cfg_attr(test, firsthit::instrument(calls("reserve")))]
impl<'m> Replacement<'m> {
    /// Gets ready; the old disk is still in.
    ///
    /// # Errors
    /// If memory is asked for beforehand, and there is none.
    pub fn prepare(journal: &Journal<'m>, memory: Memory) -> Result<Replacement<'m>, AllocError> {
        let reserved = match memory {
            Memory::WhenCommitting => None,
            Memory::Beforehand => Some(journal.reserve()?),
        };
        Ok(Replacement { reserved })
    }

    /// Takes the old disk out and puts the new one in; the number of the journal's record of it.
    ///
    /// Until it is in, nothing may reclaim: reclaim would write to the disk that is missing.
    pub fn carry_out(self, journal: &mut Journal<'m>, disk: &str) -> u64 {
        let machine = journal.machine;
        let _no_reclaim = machine.scope(Scope::NoDirectReclaim);
        match self.reserved {
            Some(reserved) => journal.commit_reserved(reserved, disk.as_bytes()),
            None => journal.commit(disk.as_bytes()),
        }
    }
}
