//! The table of a process's open files, which is doubled as more are opened: the one that asked for 32 KiB and got a kill.

use alloc_core::{AllocError, Gfp, KvBlock, Machine, Order, PAGE_SIZE};

/// Bytes of a slot: the number of the open file, or 0.
const SLOT: usize = size_of::<u64>();
/// Slots of the first table.
const SLOTS_FIRST: usize = 64;
/// More open files than this are refused, whatever memory there is.
const SLOTS_MAX: usize = 1 << 20;

/// The largest request that is too small to fail.
const LOOPING_MAX: usize = PAGE_SIZE << Order::COSTLY.get();

/// How a larger table is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Growth {
    /// Up to 32 KiB side by side, as an ordinary request. It is too small to fail: the fallback behind it is never reached.
    Looping,
    /// Side by side if that is easy, and mapped otherwise: what the kernel has done since 2017.
    FailingOver,
}

/// The handle of an open file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Descriptor(pub usize);

/// Why a file is not open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// No descriptor is left (`EMFILE`).
    TooManyFiles,
    /// No file is open under that descriptor (`EBADF`).
    NotOpen,
    /// A larger table is not to be had.
    NoMemory(AllocError),
}

impl From<AllocError> for Error {
    fn from(error: AllocError) -> Error {
        Error::NoMemory(error)
    }
}

/// The open files of one process.
#[derive(Debug)]
pub struct FileTable<'m> {
    machine: &'m Machine,
    growth: Growth,
    slots: KvBlock<'m>,
    count: usize,
    /// No lower slot is free.
    next: usize,
}

#[cfg_attr(test, firsthit::instrument(calls("grow", "allocate")))]
impl<'m> FileTable<'m> {
    /// A table without an open file.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn new(machine: &'m Machine, growth: Growth) -> Result<FileTable<'m>, Error> {
        let slots = allocate(machine, growth, SLOTS_FIRST)?;
        Ok(FileTable { machine, growth, slots, count: SLOTS_FIRST, next: 0 })
    }

    /// Opens a file under the lowest free descriptor. If that fails, nothing has changed.
    ///
    /// # Errors
    /// [`Error::TooManyFiles`], [`Error::NoMemory`].
    pub fn open(&mut self, file: u64) -> Result<Descriptor, Error> {
        let free = (self.next..self.count).find(|slot| self.slot(*slot) == 0).unwrap_or(self.count);
        if free == self.count {
            self.grow()?;
        }
        self.set(free, file);
        self.next = free + 1;
        Ok(Descriptor(free))
    }

    /// Closes a file; its number.
    ///
    /// # Errors
    /// [`Error::NotOpen`].
    pub fn close(&mut self, descriptor: Descriptor) -> Result<u64, Error> {
        let file = self.get(descriptor)?;
        self.set(descriptor.0, 0);
        self.next = self.next.min(descriptor.0);
        Ok(file)
    }

    /// The file that is open under a descriptor.
    ///
    /// # Errors
    /// [`Error::NotOpen`].
    pub fn get(&self, descriptor: Descriptor) -> Result<u64, Error> {
        let file = if descriptor.0 < self.count { self.slot(descriptor.0) } else { 0 };
        if file == 0 { Err(Error::NotOpen) } else { Ok(file) }
    }

    /// How many files can be open before the table grows.
    pub fn capacity(&self) -> usize {
        self.count
    }

    /// Whether the pages of the table lie side by side for whoever reads them alone.
    pub fn is_mapped(&self) -> bool {
        matches!(self.slots, KvBlock::Mapped(_))
    }

    fn grow(&mut self) -> Result<(), Error> {
        let count = self.count * 2;
        if count > SLOTS_MAX {
            return Err(Error::TooManyFiles);
        }
        let mut larger = allocate(self.machine, self.growth, count)?;
        let used = self.count * SLOT;
        larger.bytes_mut()[..used].copy_from_slice(&self.slots.bytes()[..used]);
        self.slots = larger;
        self.count = count;
        Ok(())
    }

    fn slot(&self, slot: usize) -> u64 {
        let mut bytes = [0; SLOT];
        bytes.copy_from_slice(&self.slots.bytes()[slot * SLOT..][..SLOT]);
        u64::from_le_bytes(bytes)
    }

    fn set(&mut self, slot: usize, file: u64) {
        self.slots.bytes_mut()[slot * SLOT..][..SLOT].copy_from_slice(&file.to_le_bytes());
    }
}

/// Zeroed memory for so many slots.
#[cfg_attr(test, firsthit::instrument)]
fn allocate(machine: &Machine, growth: Growth, count: usize) -> Result<KvBlock<'_>, AllocError> {
    let (size, flags) = (count * SLOT, Gfp::KERNEL | Gfp::ZERO);
    match growth {
        Growth::FailingOver => machine.kvmalloc(size, flags),
        Growth::Looping => {
            if size <= LOOPING_MAX
                && let Ok(block) = machine.kmalloc(size, flags | Gfp::NOWARN)
            {
                return Ok(KvBlock::Contiguous(block));
            }
            machine.vmalloc(size, flags).map(KvBlock::Mapped)
        }
    }
}
