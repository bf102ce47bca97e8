//! Pages that can be moved: whoever has them gets their address while they are pinned, and only then.
#![expect(unsafe_code, reason = "hands out the bytes of pinned blocks")]

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::page::movable::PlaceId;
use crate::units::{FrameNumber, Order};

/// A block of pages that the machine may move while nobody has its address. Given back on drop.
///
/// Its contents stay what they are, wherever it lies; the address is had by [`MovablePages::pin`] and [`MovablePages::pin_mut`], and
/// stays the same as long as a pin lives. So free pages can be brought together (compaction) for a request of several pages
/// that finds none side by side: see [`Policy::compacts`](crate::Policy::compacts).
///
/// ```
/// use alloc_core::{Gfp, Machine, NodePages, Order};
/// let machine = Machine::builder().node(NodePages::new(64)).min_free_pages(0).build()?;
/// let mut pages: Vec<_> = (0..64).map_while(|_| machine.alloc_movable(Order::ZERO, Gfp::USER_MOVABLE).ok()).collect();
/// pages[5].pin_mut().fill(7);
/// // Every second page is free: no two of them lie side by side, until the others are moved.
/// let kept: Vec<_> = pages.into_iter().enumerate().filter(|(n, _)| n % 2 == 1).map(|(_, page)| page).collect();
/// let block = machine.alloc_pages(Order::new(3), Gfp::KERNEL)?;
/// assert!(machine.stats().migrated > 0);
/// assert!(kept[2].pin().iter().all(|byte| *byte == 7));
/// # drop(block);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Invariants
/// `place` is the place of a block of `order` that nobody else owns.
pub struct MovablePages<'m> {
    machine: &'m Machine,
    place: PlaceId,
    order: Order,
}

/// A block's bytes, where they stay as long as this lives.
pub struct Pinned<'p> {
    machine: &'p Machine,
    place: PlaceId,
    bytes: NonNull<[u8]>,
}

/// The same, to write.
pub struct PinnedMut<'p>(Pinned<'p>);

// SAFETY: it gives shared references to bytes that nobody writes to as long as it lives; unpinning takes the machine's lock.
unsafe impl Send for Pinned<'_> {}
// SAFETY: as above.
unsafe impl Sync for Pinned<'_> {}
// SAFETY: as above; the bytes are its alone.
unsafe impl Send for PinnedMut<'_> {}
// SAFETY: as above.
unsafe impl Sync for PinnedMut<'_> {}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Machine {
    /// A block of pages that can be moved, for the current task. The request says MOVABLE whatever `flags` do. The machine's first one
    /// has a table made: the surrounding process is asked for memory, once.
    ///
    /// # Errors
    /// Those of [`Machine::alloc_pages`], and [`AllocError::NoMemory`] if the process has no memory for the table.
    pub fn alloc_movable(&self, order: Order, flags: Gfp) -> Result<MovablePages<'_>, AllocError> {
        let frame = self.alloc_pages(order, flags | Gfp::MOVABLE)?.into_pages().frame();
        let place = self.movable(frame)?;
        Ok(MovablePages { machine: self, place, order })
    }

    /// Makes a block movable whose token is gone.
    ///
    /// # Errors
    /// `NoMemory`, and the block is given back.
    pub(crate) fn movable(&self, frame: FrameNumber) -> Result<PlaceId, AllocError> {
        let mut state = self.raw();
        let place = state.make_movable(frame);
        place.ok_or_else(|| {
            state.give(frame);
            AllocError::NoMemory
        })
    }

    /// The bytes of a block that can be moved, pinned.
    pub(crate) fn pin(&self, place: PlaceId, order: Order) -> Pinned<'_> {
        let frame = self.raw().pin(place);
        let bytes = self.arena.bytes(frame, order).unwrap_or_else(|| unreachable!("blocks lie within the arena"));
        Pinned { machine: self, place, bytes }
    }

    /// The same, to write.
    ///
    /// # Safety
    /// Nobody else reads or writes the block's bytes while the pin lives.
    pub(crate) unsafe fn pin_mut(&self, place: PlaceId, order: Order) -> PinnedMut<'_> {
        PinnedMut(self.pin(place, order))
    }
}

impl MovablePages<'_> {
    /// The order.
    pub fn order(&self) -> Order {
        self.order
    }

    /// The first frame at the moment. It may be another one at the next, unless it is pinned.
    pub fn frame(&self) -> FrameNumber {
        self.machine.raw().movable_at(self.place)
    }

    /// The block's bytes, to read; it is not moved as long as any pin lives.
    pub fn pin(&self) -> Pinned<'_> {
        self.machine.pin(self.place, self.order)
    }

    /// The block's bytes, to write; it is not moved as long as the pin lives.
    pub fn pin_mut(&mut self) -> PinnedMut<'_> {
        // SAFETY: by the invariant the block is this owner's alone, who is borrowed exclusively.
        unsafe { self.machine.pin_mut(self.place, self.order) }
    }
}

impl Drop for MovablePages<'_> {
    fn drop(&mut self) {
        self.machine.raw().give_movable(self.place);
    }
}

impl fmt::Debug for MovablePages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MovablePages(order {} at frame {})", self.order, self.frame().0)
    }
}

impl Deref for Pinned<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: 1. The range lies within the host's pages, which are initialised and live as long as the machine. 2. The block is
        // pinned, so the machine does not touch it. 3. Whoever made the pin has the block borrowed, so nobody writes meanwhile but a
        // `PinnedMut` that this one is inside of.
        unsafe { self.bytes.as_ref() }
    }
}

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        self.machine.raw().unpin(self.place);
    }
}

impl fmt::Debug for Pinned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pinned({} bytes)", self.bytes.len())
    }
}

impl Deref for PinnedMut<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for PinnedMut<'_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as for `Pinned`, and the block is this pin's alone.
        unsafe { self.0.bytes.as_mut() }
    }
}

impl fmt::Debug for PinnedMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
