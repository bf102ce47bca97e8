//! What begins at each eight bytes of memory: nothing, or an object, and whose it is.

use alloc::boxed::Box;
use core::sync::atomic::Ordering::Relaxed;

use super::shape::GRAIN;
use super::zeroed::zeroed;
use crate::sync::steps::AtomicU8;

/// What begins at a place in memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum ObjectState {
    /// No object.
    None,
    /// A free object of a slab.
    Free,
    /// An object with a safe owner, or a free one that a processor has at hand. Which of the two is known when what is at
    /// hand was collected: neither who takes it from there nor who puts it there has to write this down.
    Held,
    /// An object that was handed out as a pointer.
    Raw,
}

/// The states of all places of a machine's memory, one byte for every eight. Nothing that an owner writes can reach them.
///
/// # Invariants
/// An object's state is changed by whoever has the right to it: its owner, the processor whose array it is in, and for
/// free objects of slabs whoever has the lock of the cache.
#[derive(Debug)]
pub(crate) struct Objects(Box<[AtomicU8]>);

impl Objects {
    /// No objects, in a memory of so many bytes; or `None` if the surrounding process has no memory for the table.
    pub(crate) fn new(bytes: usize) -> Option<Objects> {
        zeroed(bytes / GRAIN).map(Objects)
    }

    /// What begins `at` bytes behind the start of memory; outside of it, and between grains, nothing does.
    #[inline(always)]
    pub(crate) fn get(&self, at: usize) -> ObjectState {
        // Between grains the low bits are not zero; as the highest ones, they make the place one behind the end.
        let place = at.rotate_right(GRAIN.trailing_zeros());
        match self.0.get(place).map_or(0, |state| state.load(Relaxed)) {
            1 => ObjectState::Free,
            2 => ObjectState::Held,
            3 => ObjectState::Raw,
            _ => ObjectState::None,
        }
    }

    /// How many objects begin in a range of bytes.
    pub(crate) fn count(&self, at: usize, len: usize) -> usize {
        let states = self.0.get(at / GRAIN..(at + len) / GRAIN).unwrap_or(&[]);
        states.iter().filter(|state| state.load(Relaxed) != 0).count()
    }

    /// Changes what begins at a place in memory that is known to be one.
    #[inline(always)]
    pub(crate) fn set(&self, at: usize, state: ObjectState) {
        self.0[at / GRAIN].store(state as u8, Relaxed);
    }
}
