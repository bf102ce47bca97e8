//! A file system that cannot return an error in the middle of a transaction: it shuts down, and stays readable.

use alloc_core::{AllocError, Gfp, Machine, Order, PAGE_SIZE, PageBlock};

/// Extents of a volume, at most.
const EXTENTS_MAX: usize = 32;

/// What a caller does that can neither go on nor go back.
pub trait OnFail {
    /// Nothing is written from now on.
    fn shutdown(&mut self, why: AllocError);
}

/// Why a volume does not take a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Error {
    /// Nothing was begun: the volume goes on.
    NoMemory(AllocError),
    /// The volume has no block left.
    Full,
    /// The volume was shut down, and can be read.
    ReadOnly(AllocError),
}

/// What a volume does where it can neither go on nor go back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recovery {
    /// It shuts down.
    ShutDown,
    /// It returns the error, as if nothing had been begun: the bug.
    GoOn,
}

/// A run of blocks, with its place in the tree of extents.
#[derive(Debug)]
struct Extent<'m> {
    first: u64,
    blocks: u64,
    node: PageBlock<'m>,
}

/// What is on the disk: what is free, what is used, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Blocks in all.
    pub total: u64,
    /// Blocks that no extent has.
    pub free: u64,
    /// Blocks in extents.
    pub used: u64,
    /// Extents.
    pub extents: usize,
}

impl Summary {
    /// Whether every block is either free or used.
    pub fn is_consistent(self) -> bool {
        self.free + self.used == self.total
    }
}

/// A mounted volume.
#[derive(Debug)]
pub struct Volume<'m> {
    machine: &'m Machine,
    total: u64,
    free: u64,
    extents: [Option<Extent<'m>>; EXTENTS_MAX],
    /// Set where the transaction that is open was begun: what was free then.
    logged: Option<u64>,
    down: Option<AllocError>,
    recovery: Recovery,
}

impl OnFail for Volume<'_> {
    fn shutdown(&mut self, why: AllocError) {
        // What the open transaction has changed was never written to its place: as it was before is how it is on the disk.
        if let Some(free) = self.logged.take() {
            self.free = free;
        }
        self.down = Some(why);
    }
}

#[cfg_attr(test, firsthit::instrument(calls("add_extent")))]
impl<'m> Volume<'m> {
    /// A volume of so many free blocks.
    pub fn mount(machine: &'m Machine, total: u64, recovery: Recovery) -> Volume<'m> {
        let extents = [const { None }; EXTENTS_MAX];
        Volume { machine, total, free: total, extents, logged: None, down: None, recovery }
    }

    /// Writes `data` into blocks of its own; the first of them.
    ///
    /// # Errors
    /// [`Error::NoMemory`] and [`Error::Full`], while nothing was begun; [`Error::ReadOnly`] then and ever after.
    pub fn write(&mut self, data: &[u8]) -> Result<u64, Error> {
        if let Some(why) = self.down {
            return Err(Error::ReadOnly(why));
        }
        // The data has to lie in pages of the cache, and a caller can be told if there are none.
        let order = Order::for_layout(data.len(), 1);
        let mut cache = self.machine.alloc_pages(order, Gfp::NOFS | Gfp::RETRY_MAYFAIL).map_err(Error::NoMemory)?;
        cache.bytes_mut()[..data.len()].copy_from_slice(data);
        let blocks = data.len().div_ceil(PAGE_SIZE) as u64;
        #[cfg_attr(test, firsthit::untested(reason = "a full volume is no failure of memory; a test fills one"))]
        let (first, place) = self.begin(blocks)?;
        match self.add_extent(place, first, blocks) {
            Ok(()) => {
                self.logged = None;
                Ok(first)
            }
            // The log has the blocks as taken, and nothing takes a log back.
            Err(why) if self.recovery == Recovery::GoOn => Err(Error::NoMemory(why)),
            Err(why) => {
                self.shutdown(why);
                Err(Error::ReadOnly(why))
            }
        }
    }

    /// Begins a transaction: the blocks are taken, in memory and in the log.
    fn begin(&mut self, blocks: u64) -> Result<(u64, usize), Error> {
        let place = self.extents.iter().position(Option::is_none).ok_or(Error::Full)?;
        let rest = self.free.checked_sub(blocks).ok_or(Error::Full)?;
        self.logged = Some(self.free);
        let first = self.total - self.free;
        self.free = rest;
        Ok((first, place))
    }

    /// Puts an extent into the tree, which needs a node.
    fn add_extent(&mut self, place: usize, first: u64, blocks: u64) -> Result<(), AllocError> {
        let mut node = self.machine.alloc_pages(Order::ZERO, Gfp::NOFS | Gfp::ZERO)?;
        node.bytes_mut()[..8].copy_from_slice(&first.to_le_bytes());
        self.extents[place] = Some(Extent { first, blocks, node });
        Ok(())
    }

    /// Reads where an extent begins, as its node in the tree has it.
    pub fn read(&self, first: u64) -> Option<u64> {
        let extent = self.extents.iter().flatten().find(|extent| extent.first == first)?;
        let mut bytes = [0; 8];
        bytes.copy_from_slice(extent.node.bytes().get(..8)?);
        Some(u64::from_le_bytes(bytes))
    }

    /// Why the volume was shut down, if it was.
    pub fn is_down(&self) -> Option<AllocError> {
        self.down
    }

    /// Counts what is there, as a check of the file system would.
    pub fn check(&self) -> Summary {
        let extents = || self.extents.iter().flatten();
        let used = extents().map(|extent| extent.blocks).sum();
        Summary { total: self.total, free: self.free, used, extents: extents().count() }
    }
}
