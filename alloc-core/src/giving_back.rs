//! The tokens of blocks: made for who takes a block, and taken back.

use crate::error::FreeError;
use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::page::frame;
use crate::page::pages::Pages;
use crate::page::per_cpu::PerCpu;
#[cfg(feature = "std")]
use crate::units::PAGE_SIZE;
use crate::units::{FrameNumber, Order};

impl Machine {
    /// The token of a block that a request has just taken, zeroed if its flags say so.
    pub(crate) fn token(&self, frame: FrameNumber, order: Order, flags: Gfp) -> Pages {
        self.token_in(self.zone_of(frame), frame, order, flags)
    }

    /// The token of a block that was known by its number alone for a while, and whose entry says whether it is noted.
    pub(crate) fn token_of_number(&self, frame: FrameNumber, order: Order, noted: bool) -> Pages {
        Pages::new(self.zone_of_token(noted, frame), frame, order, self.number())
    }

    /// The zone that a token says. What is noted of a block goes with it to the free lists, where it is taken off: never to
    /// what is at hand.
    pub(crate) fn zone_of_token(&self, noted: bool, frame: FrameNumber) -> usize {
        if noted { usize::from(frame::NO_ZONE) } else { self.zone_of(frame) }
    }

    /// The number of the zone that a frame lies in.
    pub(crate) fn zone_of(&self, frame: FrameNumber) -> usize {
        self.zone_ends.partition_point(|end| *end <= frame.0)
    }

    /// The token of a block of a zone, as above.
    #[expect(unsafe_code, reason = "zeroes a block that nobody has yet")]
    pub(crate) fn token_in(&self, zone: usize, frame: FrameNumber, order: Order, flags: Gfp) -> Pages {
        if flags.contains(Gfp::ZERO) {
            // SAFETY: the block was taken from what is free for this request, and its token is made only below.
            unsafe { self.arena.zero(frame, order) };
        }
        Pages::new(zone, frame, order, self.number())
    }

    /// Takes a block back.
    ///
    /// # Errors
    /// The block itself, if it is another machine's.
    pub fn free(&self, pages: Pages) -> Result<(), Pages> {
        if pages.machine() != self.number() {
            return Err(pages);
        }
        if !self.give_quickly(PerCpu::list(pages.zone(), pages.order()), pages.frame()) {
            self.give_slowly(&pages);
        }
        Ok(())
    }

    /// Turns a block into a bare number, as kernel code passes it around. It comes back through [`Machine::free_raw`].
    ///
    /// # Errors
    /// The block itself, if it is another machine's.
    pub fn into_raw(&self, pages: Pages) -> Result<FrameNumber, Pages> {
        if pages.machine() != self.number() {
            return Err(pages);
        }
        self.raw().frames.at(pages.frame().0).state = frame::State::Raw;
        Ok(pages.frame())
    }

    /// Takes back a block that was turned into a number. Nothing about the number is believed.
    ///
    /// # Errors
    /// What the number is instead: see [`FreeError`]. Nothing has changed then.
    pub fn free_raw(&self, frame: FrameNumber, order: Order) -> Result<(), FreeError> {
        let mut state = self.raw();
        let given = state.give_checked(frame, order, frame::State::Raw).or_else(|_| {
            // What looks owned may be free, and at hand.
            self.collect(&mut state);
            state.give_checked(frame, order, frame::State::Raw)
        });
        drop(state);
        given.inspect_err(|error| self.note_bad_free(frame, order, *error))
    }

    /// Notes that something was not taken back.
    #[cold]
    pub(crate) fn note_bad_free(&self, frame: FrameNumber, order: Order, error: FreeError) {
        let task = self.current();
        let mut state = self.raw();
        state.stats.bad_frees += 1;
        state.events.note(EventKind::BadFree(frame, error), task, order, Gfp::NONE);
    }

    /// The frame that an address lies in, or one that there is not.
    #[cfg(feature = "std")]
    pub(crate) fn frame_at(&self, address: *const u8) -> FrameNumber {
        let frame = self.arena.offset(address.addr()).map(|at| (at / PAGE_SIZE) as u32);
        FrameNumber(frame.unwrap_or(u32::MAX))
    }

    /// Tells the host that the contents of free memory are not needed: what stands behind it may be given back.
    pub fn release_free_memory(&self) {
        let state = &mut *self.state();
        for frame in 0..state.frames.len() as u32 {
            let entry = state.frames.get(frame);
            if let Some(entry) = entry.filter(|entry| entry.state == frame::State::Free) {
                self.arena.release(FrameNumber(frame), entry.order);
                let zone = state.zones.get_mut(usize::from(entry.zone));
                if let Some(backed) = zone.and_then(|zone| zone.backed.as_mut()) {
                    backed.forget(FrameNumber(frame), entry.order);
                }
            }
        }
    }
}
