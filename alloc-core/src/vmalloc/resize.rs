//! vrealloc: areas that are made smaller where they are, and larger where they are or elsewhere.

use super::mapping::Area;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::page::frame::FrameList;
use crate::units::PAGE_SIZE;

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Area<'_> {
    /// How large the area could be without being moved.
    pub fn room(&self) -> usize {
        self.pages * PAGE_SIZE
    }

    /// Makes the area larger or smaller (`vrealloc`), in place if its pages suffice. With ZERO, the bytes that it gains are
    /// zero.
    ///
    /// Blocks of pages that lie wholly behind its new end are given back. Its addresses stay taken until its end, as do its
    /// page tables.
    ///
    /// # Errors
    /// [`AllocError::ZeroSize`], and those of [`Machine::vmalloc`](crate::Machine::vmalloc) if it has to be moved. The area
    /// is as it was then.
    pub fn vrealloc(&mut self, size: usize, flags: Gfp) -> Result<(), AllocError> {
        let old = self.size;
        if size == 0 {
            return Err(AllocError::ZeroSize);
        }
        if size > self.room() {
            let mut moved = self.machine.vmalloc(size, flags)?;
            moved.bytes_mut()[..old].copy_from_slice(self.bytes());
            *self = moved;
            return Ok(());
        }
        self.size = size;
        if flags.contains(Gfp::ZERO) && size > old {
            self.bytes_mut()[old..].fill(0);
        }
        self.cut(size.div_ceil(PAGE_SIZE));
        Ok(())
    }

    /// Gives back what lies wholly behind the first `pages` pages.
    fn cut(&mut self, pages: usize) {
        let machine = self.machine;
        let (mut kept, mut gone) = (self.pages, FrameList::EMPTY);
        let mut state = machine.raw();
        // The newest block is the last of the area.
        loop {
            let last = self.blocks.iter(&state.frames).next();
            let Some(frame) = last else { break };
            let block = state.frames.at(frame).order.pages() as usize;
            if kept.checked_sub(block).is_none_or(|rest| rest < pages) {
                break;
            }
            kept -= block;
            self.blocks.remove(&mut state.frames, frame);
            gone.push(&mut state.frames, frame);
        }
        let mut behind = None;
        let runs = self.blocks.iter(&state.frames).filter(|frame| {
            let pages = state.frames.get(*frame).map_or(0, |entry| entry.order.pages() as u32);
            behind.replace(*frame) != Some(frame + pages)
        });
        let runs = runs.count();
        drop(state);
        if kept < self.pages {
            // Nobody reaches the frames any more when they are given back.
            machine.arena.unmap(self.at + kept, self.pages - kept);
            machine.addresses.lock().mappings -= self.mappings - runs;
            // INVARIANT: the blocks that are left are the memory of the pages that are left.
            (self.pages, self.mappings) = (kept, runs);
        }
        let mut state = machine.raw();
        while let Some(frame) = gone.pop(&mut state.frames) {
            state.give(frame);
        }
    }
}
