//! Memory made scarce on demand: real pages, really taken, until a guard gives them back.

use alloc::vec::Vec;

use crate::machine::Machine;
use crate::page::frame::{FrameList, State};
use crate::page::zone::Zone;
use crate::random::Random;
use crate::units::{FrameNumber, NodeId, Order};

/// Which pages of all free ones stay taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fragments {
    /// One page of each so many: every block of that size loses its first page. 0 and 1 take every page.
    KeepOneIn(u32),
    /// Each page with a chance, so that about this many of a thousand are free.
    Random {
        /// Free pages in a thousand.
        free_permille: u32,
        /// The same seed takes the same pages.
        seed: u64,
    },
}

/// Pages set aside; given back on drop.
#[derive(Debug)]
#[must_use = "the memory is given back when the guard is dropped"]
pub struct Hoard<'m> {
    machine: &'m Machine,
    blocks: FrameList,
}

impl Hoard<'_> {
    /// How many blocks are set aside.
    pub fn blocks(&self) -> u32 {
        self.blocks.len()
    }

    /// Gives up to `count` blocks back.
    pub fn give_back(&mut self, count: u32) {
        let mut state = self.machine.state();
        for _ in 0..count {
            let Some(frame) = self.blocks.pop(&mut state.frames) else { return };
            state.give(frame);
        }
    }
}

impl Drop for Hoard<'_> {
    fn drop(&mut self) {
        self.give_back(u32::MAX);
    }
}

impl Machine {
    /// Takes pages off a node's free lists, without regard to levels and rights, until `leave` are free.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodeId, NodePages, Order};
    /// let machine = Machine::builder().node(NodePages::new(1024)).build()?;
    /// let hoard = machine.exhaust(NodeId(0), 0);
    /// assert!(machine.alloc_pages(Order::ZERO, Gfp::ATOMIC).is_err());
    /// drop(hoard);
    /// assert!(machine.alloc_pages(Order::ZERO, Gfp::ATOMIC).is_ok());
    /// # Ok::<(), alloc_core::BuildError>(())
    /// ```
    pub fn exhaust(&self, node: NodeId, leave: u64) -> Hoard<'_> {
        let mut state = self.state();
        let mut blocks = FrameList::EMPTY;
        while let Some(excess) = state.free(Some(node)).checked_sub(leave).filter(|excess| *excess > 0) {
            let state = &mut *state;
            let largest = Order::new(excess.ilog2()).min(state.policy.largest);
            let frames = &mut state.frames;
            let mut zones = state.zones.iter_mut().filter(|zone| zone.node == node);
            // Large blocks first: what fits into the excess, down to single pages.
            let taken = zones.find_map(|zone| {
                (0..=largest.get()).rev().find_map(|order| zone.take_any(frames, Order::new(order), State::Hoarded))
            });
            let Some(frame) = taken else { break };
            blocks.push(frames, frame.0);
        }
        drop(state);
        Hoard { machine: self, blocks }
    }

    /// Takes single free pages of the whole machine so that the rest lies in fragments.
    pub fn fragment(&self, fragments: Fragments) -> Hoard<'_> {
        let mut state = self.state();
        let state = &mut *state;
        let mut all = FrameList::EMPTY;
        let mut rooms: Vec<_> = state.zones.iter().map(Zone::free).collect();
        for zone in &mut state.zones {
            while let Some(frame) = zone.buddy.take(&mut state.frames, Order::ZERO, State::Hoarded) {
                all.push(&mut state.frames, frame.0);
            }
        }
        let mut blocks = FrameList::EMPTY;
        // Pages are decided about by number, so that neighbours are as the pattern says, whatever the lists' order is.
        let keeps = |frame: FrameNumber| match fragments {
            Fragments::KeepOneIn(of) => frame.0.is_multiple_of(of.max(1)),
            Fragments::Random { free_permille, seed } => {
                let roll = Random::new(seed ^ u64::from(frame.0).wrapping_mul(0xd134_2543_de82_ef95)).below(1000);
                roll >= u64::from(free_permille)
            }
        };
        while let Some(frame) = all.pop(&mut state.frames) {
            // Those of a zone with a budget end where the budget does.
            let room = &mut rooms[usize::from(state.frames.at(frame.0).zone)];
            if *room > 0 && keeps(frame) {
                *room -= 1;
                blocks.push(&mut state.frames, frame.0);
            } else {
                state.give(frame);
            }
        }
        Hoard { machine: self, blocks }
    }
}
