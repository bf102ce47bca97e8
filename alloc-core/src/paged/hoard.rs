//! Swap made scarce on demand: slots, really taken, until a guard gives them back.

use alloc::vec::Vec;

use super::swap::{Slot, Swap};

/// Slots of a [`Swap`] that nobody can have; given back on drop.
#[derive(Debug)]
pub struct SwapHoard<'s> {
    swap: &'s Swap,
    slots: Vec<Slot>,
}

impl SwapHoard<'_> {
    /// How many slots it has.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }
}

impl Drop for SwapHoard<'_> {
    fn drop(&mut self) {
        self.slots.drain(..).for_each(|slot| self.swap.free(slot));
    }
}

impl Swap {
    /// Takes slots until `leave` pages can be written and no more. What files keep and could do without is taken, too.
    ///
    /// ```
    /// use alloc_core::{Machine, NodePages, PAGE_SIZE, Swap, SwapError};
    /// let machine = Machine::builder().node(NodePages::new(64)).build()?;
    /// let swap = Swap::temporary(100)?;
    /// let hoard = swap.exhaust(0);
    /// assert_eq!(swap.write(&machine, &[7; PAGE_SIZE]).unwrap_err(), SwapError::NoSpace);
    /// assert_eq!(hoard.slots(), 100);
    /// drop(hoard);
    /// assert_eq!(swap.available(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn exhaust(&self, leave: u32) -> SwapHoard<'_> {
        let mut slots = Vec::with_capacity(self.available().saturating_sub(leave) as usize);
        while self.available() > leave {
            let Some(slot) = self.take() else { break };
            slots.push(slot);
        }
        SwapHoard { swap: self, slots }
    }
}
