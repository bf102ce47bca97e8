//! Compaction: blocks that can be moved are moved to one end of a zone, so that what is free comes together at the other.
//!
//! One cursor goes up the zone and looks for blocks to move, another comes down and looks for free ones to move them to; where they
//! meet, the zone is done. A step moves a few blocks under the state's lock; between two steps anything may happen, and whatever a
//! cursor finds is looked at anew.

use super::course::{Compaction, Course, Move, Stage};
use super::frame::{self, FrameTable};
use super::state::State;
use super::watermark::{Mark, Right};
use super::zone::Zone;
use crate::event::EventKind;
use crate::host::arena::Arena;
use crate::plan::Effort;
use crate::units::{FrameNumber, Order};

/// Blocks that a step moves, and that it looks at, at most.
const MOVES_MAX: u32 = 32;
const LOOKS_MAX: u32 = 1024;

/// What a step came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stepped {
    /// There is more to do in the zone.
    More,
    /// It has a block of the order.
    Served,
    /// The cursors have met, or nothing is left to move to.
    Done,
}

/// The beginning of the block that a frame lies in now.
fn beginning(frames: &FrameTable, frame: u32) -> u32 {
    frames.beginning(frame, Order::LIMIT).unwrap_or(frame)
}

impl Zone {
    /// Whether a request for a block of `order` fails here only because the free pages do not lie side by side.
    fn is_fragmented_for(&self, order: Order, admits: impl Fn(&Zone, u64) -> bool) -> bool {
        !self.buddy.has(order) && self.free() >= order.pages() && admits(self, self.free())
    }
}

impl State {
    /// A free block of `order` behind `above` and before `end`, taken from the top of a larger one if need be, and where the search
    /// for the next one ends.
    fn target(&mut self, zone: usize, order: Order, above: u32, mut end: u32) -> Option<(FrameNumber, u32)> {
        while end > above + 1 {
            let head = beginning(&self.frames, end - 1);
            let entry = *self.frames.at(head);
            if head <= above {
                return None;
            }
            if entry.state == frame::State::Free && entry.order >= order {
                let taken = self.zones[zone].take_top(&mut self.frames, FrameNumber(head), order)?;
                return Some((taken, taken.0));
            }
            end = head;
        }
        None
    }

    /// Moves some blocks of a zone, and says how far the cursors have come.
    fn compact(
        &mut self,
        arena: &Arena,
        zone: usize,
        order: Order,
        cursors: &mut (u32, u32),
        moved: &mut u64,
    ) -> Stepped {
        let (mut moves, mut looks) = (0, 0);
        while moves < MOVES_MAX && looks < LOOKS_MAX {
            if self.zones[zone].buddy.has(order) {
                return Stepped::Served;
            }
            let head = beginning(&self.frames, cursors.0);
            if head >= cursors.1 {
                return Stepped::Done;
            }
            let entry = *self.frames.at(head);
            let pages = entry.order.pages();
            looks += 1;
            // A block as large as what is wanted makes no room by being elsewhere.
            if entry.state == frame::State::Movable && entry.order < order {
                self.stats.scanned += pages;
                if self.movables.is_unpinned(entry.owner) {
                    let Some((to, end)) = self.target(zone, entry.order, head, cursors.1) else { return Stepped::Done };
                    cursors.1 = end;
                    if self.migrate(arena, FrameNumber(head), to) {
                        self.stats.migrated += pages;
                        *moved += pages;
                    }
                    moves += 1;
                } else {
                    self.stats.migrations_failed += pages;
                }
            }
            cursors.0 = head + pages as u32;
        }
        Stepped::More
    }
}

impl Course {
    /// Whether compaction could help: the request asks for several pages, may wait, and some zone that it may use has the pages,
    /// only not side by side, and others that can be moved.
    pub(super) fn wants_compaction(&self, state: &State) -> bool {
        let asks = self.plan.order > Order::ZERO && self.plan.effort != Effort::NoWait && !self.compacted;
        asks && state.movables.any() && self.policy(state).compacts && self.fragmented(state, 0).is_some()
    }

    /// The first place of the zonelist from `at` on whose zone is fragmented for the request.
    fn fragmented(&self, state: &State, at: usize) -> Option<usize> {
        let right = self.right(state);
        let nodes = self.nodes(state, self.keeps_walls(state, right));
        let list = &state.zonelists[usize::from(self.node.0)];
        let admits = |zone: &Zone, free: u64| {
            let kept = zone.kept[self.highest as usize];
            let right = Right { everything: false, ..right };
            right.admits(free, self.plan.order, zone.marks.level(Mark::Min), kept)
        };
        let is_fragmented = |at: &usize| {
            list.at(*at).is_some_and(|index| {
                let zone = &state.zones[index];
                let allowed = zone.kind <= self.highest && nodes.has(zone.node);
                allowed && zone.is_fragmented_for(self.plan.order, admits)
            })
        };
        (at..).take_while(|at| list.at(*at).is_some()).find(is_fragmented)
    }

    /// Has its driver begin a pass.
    pub(super) fn begin_compaction(&mut self, state: &mut State) -> Move {
        state.stats.compactions += 1;
        // Once in each round.
        self.compacted = true;
        self.compaction = Some(Compaction { at: 0, cursors: None, moved: 0 });
        self.stage = Stage::Compacting;
        Move::Compact
    }

    /// Makes one step of the pass that was asked for. Nothing may be at hand.
    pub(crate) fn compact(&mut self, state: &mut State, arena: &Arena) {
        let order = self.plan.order;
        let Some(mut pass) = self.compaction.take() else { return self.stage = Stage::Retry };
        let place = match pass.cursors {
            Some(_) => Some(pass.at),
            None => self.fragmented(state, pass.at),
        };
        let zone = place.and_then(|at| Some((at, state.zonelists[usize::from(self.node.0)].at(at)?)));
        let Some((at, zone)) = zone else {
            state.events.note(EventKind::Compacted(pass.moved), self.task, order, self.plan.flags);
            return self.stage = Stage::Retry;
        };
        let ends = state.zones[zone].buddy.end();
        let begin = ends - state.zones[zone].buddy.frames() as u32;
        let mut cursors = pass.cursors.unwrap_or((begin, ends));
        match state.compact(arena, zone, order, &mut cursors, &mut pass.moved) {
            Stepped::More => {
                self.compaction = Some(Compaction { at, cursors: Some(cursors), ..pass });
            }
            Stepped::Done => self.compaction = Some(Compaction { at: at + 1, cursors: None, ..pass }),
            Stepped::Served => {
                state.stats.compactions_served += 1;
                state.events.note(EventKind::Compacted(pass.moved), self.task, order, self.plan.flags);
                self.stage = Stage::AfterReclaim(0);
            }
        }
    }
}
