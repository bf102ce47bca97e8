//! Shares of a machine: its memory lives as long as any of them, also where no owner can be named but an address.
#![expect(unsafe_code, reason = "takes shares back that stand behind an address")]

use alloc::sync::Arc;

use crate::machine::{Core, Machine};
use crate::places;

impl Machine {
    /// The same machine once more. Its memory lives until all shares are gone.
    ///
    /// A live machine's threads end with the machine that was built: who asks a share behind that does their work itself.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodePages};
    /// let machine = Machine::builder().node(NodePages::new(256)).build()?;
    /// let share = machine.share();
    /// drop(machine);
    /// assert_eq!(share.kmalloc(100, Gfp::KERNEL)?.bytes().len(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn share(&self) -> Machine {
        Machine::of_core(Arc::clone(self.core()))
    }

    /// Takes back a share that was left behind memory: the share of the machine that the address belongs to, in its frames or
    /// in its window of mapped areas. `None` for an address that is no machine's.
    ///
    /// So memory can travel as a bare pointer, and nobody has to know whose it is:
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodePages};
    /// let machine = Machine::builder().node(NodePages::new(256)).build()?;
    /// let pointer = machine.kmalloc_raw(100, Gfp::KERNEL)?;
    /// std::mem::forget(machine.share());
    /// drop(machine);
    /// // SAFETY: a share was left above, and is taken once.
    /// let share = unsafe { Machine::take_share_at(pointer.as_ptr()) }.expect("it is still there");
    /// // SAFETY: nobody uses the memory.
    /// unsafe { share.kfree(pointer.as_ptr()) }?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Safety
    /// If the address is a machine's, a [`Machine::share`] of that machine was given to [`core::mem::forget`], and is taken back
    /// by this call alone.
    pub unsafe fn take_share_at(address: *const u8) -> Option<Machine> {
        let core: *const Core = places::owner_of(address.addr())?.cast_const().cast();
        // SAFETY: 1. By the caller's promise the machine whose address it is lives, so it is in the list, and the pointer is
        // the one that it registered: that of its `Arc`. 2. One count of it is nobody's, by the same promise, and is taken over.
        Some(Machine::of_core(unsafe { Arc::from_raw(core) }))
    }
}
