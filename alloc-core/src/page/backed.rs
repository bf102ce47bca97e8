//! Which frames memory of the host may stand behind, in a zone that has more frames than it may use at once.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::frame::{FrameTable, State};
use crate::units::{FrameNumber, Order};

/// One page in so many of a budget may be behind free frames before they are given back.
const SLACK: u64 = 32;

/// The budget of one zone.
///
/// # Invariants
/// `count` frames have their bit set in `words`. Every frame that was given to somebody who may write to it since memory was last given
/// back behind it has its bit set.
#[derive(Debug)]
pub(crate) struct Backed {
    start: u32,
    /// A bit for each frame of the zone.
    words: Box<[u64]>,
    count: u64,
    /// Pages that may be used at once.
    pub(crate) budget: u64,
    /// Where the last round of giving back ended.
    cursor: u32,
}

impl Backed {
    /// No frame of those from `start` to `end` is backed, and `budget` of them may be used at once; `None` if the surrounding process
    /// has no memory for that.
    pub(crate) fn new(start: u32, end: u32, budget: u64) -> Option<Backed> {
        let words = (end - start).div_ceil(u64::BITS) as usize;
        let mut bits = Vec::new();
        bits.try_reserve_exact(words).ok()?;
        bits.resize(words, 0);
        Some(Backed { start, words: bits.into_boxed_slice(), count: 0, budget, cursor: start })
    }

    /// Frames that memory may stand behind.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// How many there may be: the budget, and a share of it beyond.
    pub(crate) fn border(&self) -> u64 {
        self.budget + self.budget / SLACK
    }

    /// The parts of a block that lie in one word each.
    fn parts(&self, frame: FrameNumber, order: Order) -> impl Iterator<Item = (usize, u64)> + use<> {
        let (mut at, end) = (frame.0 - self.start, frame.0 - self.start + order.pages() as u32);
        core::iter::from_fn(move || {
            let (word, bit) = (at / u64::BITS, at % u64::BITS);
            let bits = (end - at).min(u64::BITS - bit);
            at += bits;
            (bits > 0).then(|| (word as usize, (u64::MAX >> (u64::BITS - bits)) << bit))
        })
    }

    /// A block is given to somebody who may write to it.
    pub(crate) fn note(&mut self, frame: FrameNumber, order: Order) {
        for (word, mask) in self.parts(frame, order) {
            self.count += u64::from((mask & !self.words[word]).count_ones());
            self.words[word] |= mask;
        }
    }

    /// The memory behind a block was given back; how many of its frames had any.
    pub(crate) fn forget(&mut self, frame: FrameNumber, order: Order) -> u64 {
        let mut had = 0;
        for (word, mask) in self.parts(frame, order) {
            had += u64::from((mask & self.words[word]).count_ones());
            self.words[word] &= !mask;
        }
        self.count -= had;
        had
    }

    /// Whether every frame of a block, or any, may be backed.
    fn is_backed(&self, frame: FrameNumber, order: Order, all: bool) -> bool {
        let mut parts = self.parts(frame, order);
        if all {
            parts.all(|(word, mask)| self.words[word] & mask == mask)
        } else {
            parts.any(|(word, mask)| self.words[word] & mask != 0)
        }
    }

    /// Gives back what stands behind free blocks, from where the last round ended, until no more than the budget is backed; how many
    /// pages that were. There is enough: no more than the budget is used.
    pub(crate) fn give_back(
        &mut self,
        table: &FrameTable,
        end: u32,
        mut release: impl FnMut(FrameNumber, Order),
    ) -> u64 {
        let (mut given, mut round) = (0, 0);
        let mut frame =
            table.beginning(self.cursor, Order::LIMIT).filter(|begin| *begin >= self.start).unwrap_or(self.start);
        while self.count > self.budget && round < u64::from(end - self.start) * 2 {
            let Some(entry) = table.get(frame).filter(|_| frame < end) else {
                frame = self.start;
                continue;
            };
            if entry.state == State::Free && self.is_backed(FrameNumber(frame), entry.order, false) {
                release(FrameNumber(frame), entry.order);
                given += self.forget(FrameNumber(frame), entry.order);
            }
            frame += entry.order.pages() as u32;
            round += entry.order.pages();
        }
        self.cursor = if frame < end { frame } else { self.start };
        given
    }

    /// What is wrong with it, if `used` pages of the zone are not free.
    pub(crate) fn audit(&self, table: &FrameTable, end: u32, used: u64) -> Result<(), &'static str> {
        if self.words.iter().map(|word| u64::from(word.count_ones())).sum::<u64>() != self.count {
            return Err("the zone counts wrongly behind how many frames memory may stand");
        }
        if used > self.budget {
            return Err("more pages are used than the zone's budget has");
        }
        if self.count > self.border() {
            return Err("memory stands behind more frames than the zone's budget has");
        }
        let mut frame = self.start;
        while let Some(entry) = table.get(frame).filter(|_| frame < end) {
            // What is only set aside, nobody writes to.
            let written = !matches!(entry.state, State::Free | State::Inside | State::Hoarded);
            if written && !self.is_backed(FrameNumber(frame), entry.order, true) {
                return Err("a frame that is used counts as one that nothing stands behind");
            }
            frame += entry.order.pages() as u32;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn bits_are_counted_as_a_set_of_frames_would_be() {
        let mut random = Random::new(3);
        let mut backed = Backed::new(7, 7 + 300, 100).unwrap();
        let mut model = [false; 300];
        for _ in 0..3000 {
            let order = Order::new(random.below(8) as u32);
            let most = 300 - order.pages();
            let at = random.below(most + 1) as u32;
            let here = at as usize..at as usize + order.pages() as usize;
            let frame = FrameNumber(7 + at);
            assert_eq!(backed.is_backed(frame, order, true), model[here.clone()].iter().all(|bit| *bit));
            assert_eq!(backed.is_backed(frame, order, false), model[here.clone()].iter().any(|bit| *bit));
            if random.below(2) == 0 {
                backed.note(frame, order);
                model[here].fill(true);
            } else {
                let had = model[here.clone()].iter().filter(|bit| **bit).count() as u64;
                assert_eq!(backed.forget(frame, order), had);
                model[here].fill(false);
            }
            assert_eq!(backed.count(), model.iter().filter(|bit| **bit).count() as u64);
        }
    }
}
