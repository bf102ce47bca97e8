//! Blocks that can be moved: who has one knows the number of a place in a table, which says where the block is at the moment.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::frame::NIL;

/// A block's place in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PlaceId(pub(super) u32);

/// Where a block is, or the next place that is nobody's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The frame that it begins at; none of a place that is nobody's.
    pub(super) frame: u32,
    /// How many have its address at the moment; of a place that is nobody's, the next such place.
    pub(super) pins: u32,
    /// What the block is marked with: its frame's entry says its place instead.
    pub(super) mark: u32,
}

/// The blocks of a machine that can be moved.
///
/// # Invariants
/// A place that is somebody's has the frame of a block in the state `Movable`, whose entry says the place; and there are no other such
/// blocks. Nobody but those who are counted in `pins` has the address of the block.
#[derive(Debug)]
pub(crate) struct Movables {
    pub(super) places: Box<[Place]>,
    /// The first place that is nobody's.
    pub(super) vacant: u32,
    pub(super) used: u32,
}

impl Movables {
    /// No block, and no table yet: most machines need none.
    pub(crate) fn new() -> Movables {
        Movables { places: Box::default(), vacant: NIL, used: 0 }
    }

    /// Whether there is any.
    pub(crate) fn any(&self) -> bool {
        self.used > 0
    }

    /// Makes the table, once: a place for each frame.
    pub(super) fn make(&mut self, frames: usize) -> bool {
        if !self.places.is_empty() {
            return true;
        }
        let mut places = Vec::new();
        if places.try_reserve_exact(frames).is_err() {
            return false;
        }
        places.extend((1..=frames as u32).map(|next| Place { frame: NIL, pins: next, mark: 0 }));
        if let Some(last) = places.last_mut() {
            last.pins = NIL;
        }
        (self.places, self.vacant) = (places.into_boxed_slice(), 0);
        true
    }

    pub(super) fn at(&mut self, id: PlaceId) -> &mut Place {
        &mut self.places[id.0 as usize]
    }

    /// The mark of the block at a place.
    pub(crate) fn mark(&self, place: u32) -> u32 {
        self.places.get(place as usize).map_or(0, |place| place.mark)
    }

    /// Whether nobody has the address of the block that a frame's entry says the place of.
    pub(crate) fn is_unpinned(&self, place: u32) -> bool {
        self.places.get(place as usize).is_some_and(|place| place.pins == 0)
    }
}
