//! The swap: pages in slots of a real file, each known again by its sum.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use super::slots::Slots;
use super::sum::sum;
use super::swap_error::{SwapError, SwapWay};
use crate::fault::source::Capability;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::sync::lock::Lock;
use crate::units::PAGE_SIZE;

/// Room for pages in a file: so many slots of a page each, which the file grows to as they are used.
///
/// A write that has no slot fails with [`SwapError::NoSpace`] when it is made, never later. Short transfers are gone on with, or told.
/// What was written is known again by a sum that stays in memory: a byte that was changed in the file is an error when it is read,
/// and so is a page that lies in another's slot.
///
/// Fault sources are asked about every transfer, as [`Capability::SwapIo`] (`fail_swap_io`).
///
/// In a forked child every transfer fails with [`SwapError::Forked`], as the file would be shared.
///
/// ```
/// use alloc_core::{Machine, NodePages, PAGE_SIZE, Swap, SwapError};
/// let machine = Machine::builder().node(NodePages::new(64)).build()?;
/// let swap = Swap::temporary(1)?;
/// let slot = swap.write(&machine, &[7; PAGE_SIZE])?;
/// assert_eq!(swap.write(&machine, &[8; PAGE_SIZE]).unwrap_err(), SwapError::NoSpace);
/// let mut page = [0; PAGE_SIZE];
/// swap.read(&machine, &slot, &mut page)?;
/// assert_eq!(page, [7; PAGE_SIZE]);
/// swap.free(slot);
/// assert_eq!(swap.used(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Swap {
    /// None for a swap without slots.
    file: Option<File>,
    /// The process that made it.
    process: u32,
    slots: Lock<Slots>,
    pub(super) outs: AtomicU64,
    pub(super) ins: AtomicU64,
}

/// A slot of a [`Swap`] with a page in it. One that is dropped without [`Swap::free`] is lost to its swap.
#[derive(PartialEq, Eq, Debug)]
#[must_use = "a slot that is dropped is lost"]
pub struct Slot(pub(super) u32);

impl Slot {
    /// Its number: its page lies at so many pages in the file.
    pub fn number(&self) -> u32 {
        self.0
    }
}

/// A slot that its owner could do without: what lies there is in memory as well. When nothing else is free it is given to others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct KeptSlot {
    pub(crate) slot: u32,
    pub(crate) turn: u32,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Swap {
    /// Slots that a swap has at most: 8 TiB.
    pub const SLOTS_MAX: u32 = 1 << 31;

    /// A swap of no slots, on which nothing can be written: the limit is the arena.
    pub fn none() -> Swap {
        Swap::over(None, Slots::new(0)).unwrap_or_else(|_| unreachable!("room for one slot"))
    }

    /// A swap of so many slots in a file without a name in [`std::env::temp_dir`]. Where that is memory (a tmpfs) the swap is, too.
    ///
    /// # Errors
    /// As [`Swap::temporary_in`].
    pub fn temporary(slots: u32) -> io::Result<Swap> {
        Swap::temporary_in(&std::env::temp_dir(), slots)
    }

    /// A swap of so many slots in a file without a name, which goes with the swap, on the disk that the folder is on.
    ///
    /// # Errors
    /// Those of making the file, and as [`Swap::in_file`].
    pub fn temporary_in(folder: &Path, slots: u32) -> io::Result<Swap> {
        static FILES: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = FILES.fetch_add(1, Relaxed);
            let path = folder.join(std::format!("alloc-core-swap.{}.{number}", std::process::id()));
            let mut options = OpenOptions::new();
            match options.read(true).write(true).create_new(true).mode(0o600).open(&path) {
                // A file of a process that had the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(file) => {
                    std::fs::remove_file(&path)?;
                    return Swap::in_file(file, slots);
                }
            }
        }
    }

    /// A swap of so many slots in a file, which has to be open for reading and writing, and which nobody else may write to: what is in it is lost.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for more than [`Swap::SLOTS_MAX`] slots, [`io::ErrorKind::OutOfMemory`] if the
    /// process has no memory for the table of slots (12 bytes each), and [`io::ErrorKind::FileTooLarge`] if it may not have a file of that size.
    pub fn in_file(file: File, slots: u32) -> io::Result<Swap> {
        if slots > Swap::SLOTS_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a swap has 2^31 slots at most"));
        }
        #[cfg(all(target_os = "linux", not(miri)))]
        if usize::try_from(position(slots) + PAGE_SIZE as u64)
            .is_ok_and(|len| !crate::host::memfd::is_allowed_file_of(len))
        {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the swap is larger than the process's files may be",
            ));
        }
        Swap::over(Some(file), Slots::new(slots))
    }

    fn over(file: Option<File>, slots: Option<Slots>) -> io::Result<Swap> {
        let slots = slots.ok_or(io::ErrorKind::OutOfMemory)?;
        let (outs, ins) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Swap { file, process: std::process::id(), slots: Lock::new(slots), outs, ins })
    }

    /// Slots in all.
    pub fn capacity(&self) -> u32 {
        self.slots.lock().capacity()
    }

    /// Slots that are taken. Some of them may have to be given up when all others are taken: see [`Swap::available`].
    pub fn used(&self) -> u32 {
        self.slots.lock().used()
    }

    /// Pages that can be written before the swap is full.
    pub fn available(&self) -> u32 {
        self.slots.lock().available()
    }

    /// Whether the slot to spare is taken: somebody brings a page in, or could not.
    pub(crate) fn is_overdrawn(&self) -> bool {
        let slots = self.slots.lock();
        slots.used() > slots.capacity()
    }

    /// Pages that were written so far.
    pub fn pages_out(&self) -> u64 {
        self.outs.load(Relaxed)
    }

    /// Pages that were read so far.
    pub fn pages_in(&self) -> u64 {
        self.ins.load(Relaxed)
    }

    /// Writes a page into a slot of its own. `machine` is the one whose fault source is asked.
    ///
    /// # Errors
    /// See [`SwapError`]. No slot is taken then.
    ///
    /// # Panics
    /// If `page` is not [`PAGE_SIZE`] long.
    pub fn write(&self, machine: &Machine, page: &[u8]) -> Result<Slot, SwapError> {
        if self.available() == 0 {
            // Nobody is asked about what is not done.
            return Err(SwapError::NoSpace);
        }
        Swap::ask(machine, SwapWay::Out)?;
        self.write_unasked(page, false)
    }

    /// Reads the page in a slot, which keeps it.
    ///
    /// # Errors
    /// See [`SwapError`]. What is in `page` then is of no use.
    ///
    /// # Panics
    /// If `page` is not [`PAGE_SIZE`] long.
    pub fn read(&self, machine: &Machine, slot: &Slot, page: &mut [u8]) -> Result<(), SwapError> {
        Swap::ask(machine, SwapWay::In)?;
        self.read_unasked(slot, page)
    }

    /// Asks the machine's fault source about a transfer. It calls the user's code: with no lock.
    pub(crate) fn ask(machine: &Machine, way: SwapWay) -> Result<(), SwapError> {
        machine.ask(Capability::SwapIo, PAGE_SIZE, Gfp::NONE, None).map_err(|_| SwapError::Injected { way })
    }

    /// Writes a page, about which the fault source was asked; with `spare` even if all slots but the one to spare are taken.
    pub(crate) fn write_unasked(&self, page: &[u8], spare: bool) -> Result<Slot, SwapError> {
        let page: &[u8; PAGE_SIZE] =
            page.try_into().unwrap_or_else(|_| panic!("a slot takes a page, not {} bytes", page.len()));
        let file = self.open_file()?;
        let slot = self.slots.lock().take(spare).ok_or(SwapError::NoSpace)?;
        if let Err(error) = file.write_all_at(page, position(slot)) {
            self.slots.lock().free(slot);
            return Err(told(SwapWay::Out, slot, &error));
        }
        let sum = sum(page);
        self.slots.lock().fill(slot, sum);
        self.outs.fetch_add(1, Relaxed);
        Ok(Slot(slot))
    }

    /// Reads a page, about which the fault source was asked.
    pub(crate) fn read_unasked(&self, slot: &Slot, page: &mut [u8]) -> Result<(), SwapError> {
        let len = page.len();
        let page: &mut [u8; PAGE_SIZE] =
            page.try_into().unwrap_or_else(|_| panic!("a slot has a page, not {len} bytes"));
        let slot = slot.0;
        self.open_file()?.read_exact_at(page, position(slot)).map_err(|error| told(SwapWay::In, slot, &error))?;
        self.ins.fetch_add(1, Relaxed);
        let expected = self.slots.lock().sum(slot);
        if sum(page) == expected { Ok(()) } else { Err(SwapError::Corrupted { slot }) }
    }

    /// Takes a slot, with nothing in it that could be read.
    pub(super) fn take(&self) -> Option<Slot> {
        self.slots.lock().take(false).map(Slot)
    }

    /// Gives a slot back.
    pub fn free(&self, slot: Slot) {
        self.slots.lock().free(slot.0);
    }

    /// Gives a slot up to whoever needs it: what lies there is in memory as well.
    pub(crate) fn keep(&self, slot: Slot) -> KeptSlot {
        KeptSlot { slot: slot.0, turn: self.slots.lock().keep(slot.0) }
    }

    /// Takes a slot back that was kept, unless it was given to somebody.
    pub(crate) fn claim(&self, kept: KeptSlot) -> Option<Slot> {
        self.slots.lock().claim(kept.slot, kept.turn).then_some(Slot(kept.slot))
    }

    /// The file, for the process that made the swap.
    fn open_file(&self) -> Result<&File, SwapError> {
        let file = self.file.as_ref().ok_or(SwapError::NoSpace)?;
        if self.process == std::process::id() { Ok(file) } else { Err(SwapError::Forked) }
    }
}

/// Where a slot's page lies in the file.
fn position(slot: u32) -> u64 {
    u64::from(slot) * PAGE_SIZE as u64
}

/// What the operating system says about a transfer.
fn told(way: SwapWay, slot: u32, error: &io::Error) -> SwapError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof | io::ErrorKind::WriteZero => SwapError::Short { way, slot },
        _ => SwapError::Io { way, slot, errno: error.raw_os_error().unwrap_or(0) },
    }
}

impl fmt::Debug for Swap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Swap({} of {} slots taken)", self.used(), self.capacity())
    }
}
