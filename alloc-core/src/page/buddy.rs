//! The buddy allocator of one zone: blocks of powers of two, split and merged in constant time.

use core::fmt;

use super::frame::{FrameList, FrameTable, State};
use crate::error::FreeError;
use crate::units::{FrameNumber, Order};

const ORDERS: usize = Order::LIMIT.index() + 1;

/// The free blocks of the frames from `start` to `end`.
///
/// # Invariants
/// A free block's entry says `Free` and its order, and is on the list of that order; entries inside of blocks say
/// `Inside`. No free block has a free buddy of its order in the zone. `orders` has a bit for each list that is not empty.
#[derive(Debug)]
pub(crate) struct Buddy {
    start: u32,
    end: u32,
    largest: Order,
    lists: [FrameList; ORDERS],
    orders: u32,
    free: u64,
}

impl Buddy {
    /// All frames from `start` to `end`, free, as members of zone number `zone`.
    pub(crate) fn new(table: &mut FrameTable, zone: u8, start: u32, end: u32, largest: Order) -> Buddy {
        let mut buddy = Buddy { start, end, largest, lists: [FrameList::EMPTY; ORDERS], orders: 0, free: 0 };
        for frame in start..end {
            table.at(frame).zone = zone;
        }
        let mut frame = start;
        while frame < end {
            let aligned = if frame == 0 { largest.get() } else { frame.trailing_zeros().min(largest.get()) };
            let order = Order::new(aligned.min((end - frame).ilog2()));
            buddy.insert(table, frame, order);
            frame += order.pages() as u32;
        }
        buddy
    }

    /// The frame behind the last one.
    pub(crate) fn end(&self) -> u32 {
        self.end
    }

    /// Frames, free or not.
    pub(crate) fn frames(&self) -> u64 {
        u64::from(self.end - self.start)
    }

    /// Free pages.
    pub(crate) fn free(&self) -> u64 {
        self.free
    }

    /// Whether a block of at least `order` is free.
    pub(crate) fn has(&self, order: Order) -> bool {
        self.orders.checked_shr(order.get()).unwrap_or(0) != 0
    }

    /// Free blocks of exactly `order`.
    pub(crate) fn blocks(&self, order: Order) -> u32 {
        self.lists.get(order.index()).map_or(0, FrameList::len)
    }

    /// Takes a block of `order`; the rest of a larger one stays free. The block's entry says `state`.
    pub(crate) fn take(&mut self, table: &mut FrameTable, order: Order, state: State) -> Option<FrameNumber> {
        let found = self.orders.checked_shr(order.get()).filter(|orders| *orders != 0)?;
        let mut have = order.get() + found.trailing_zeros();
        let frame = self.lists[have as usize].pop(table)?;
        self.note(have as usize);
        while have > order.get() {
            have -= 1;
            self.link(table, frame.0 + (1 << have), Order::new(have));
        }
        self.free -= order.pages();
        let entry = table.at(frame.0);
        (entry.state, entry.order, entry.owner) = (state, order, 0);
        Some(frame)
    }

    /// Takes the last pages of a free block, as a block of `order`; what lies before them stays free.
    pub(crate) fn take_top(&mut self, table: &mut FrameTable, block: FrameNumber, order: Order) -> FrameNumber {
        let (mut begin, mut have) = (block.0, table.at(block.0).order);
        self.lists[have.index()].remove(table, begin);
        self.note(have.index());
        while have > order {
            have = Order::new(have.get() - 1);
            self.link(table, begin, have);
            begin += have.pages() as u32;
        }
        self.free -= order.pages();
        let entry = table.at(begin);
        (entry.state, entry.order, entry.owner) = (State::Owned, order, 0);
        FrameNumber(begin)
    }

    /// Gives a block back that begins at `frame` with the order that its entry says, merging it with free neighbours.
    pub(crate) fn give(&mut self, table: &mut FrameTable, frame: FrameNumber) {
        let mut order = table.at(frame.0).order;
        let mut begin = frame.0;
        self.free += order.pages();
        table.at(begin).state = State::Inside;
        while order < self.largest {
            let other = begin ^ (1 << order.get());
            let within = other >= self.start && u64::from(other) + order.pages() <= u64::from(self.end);
            if !within || table.at(other).state != State::Free || table.at(other).order != order {
                break;
            }
            self.lists[order.index()].remove(table, other);
            self.note(order.index());
            table.at(other).state = State::Inside;
            begin &= other;
            order = Order::new(order.get() + 1);
        }
        self.link(table, begin, order);
    }

    /// Whether `frame` begins a block of `order` in `state` that can be given back.
    ///
    /// # Errors
    /// What it is instead.
    pub(crate) fn check(
        table: &FrameTable,
        frame: FrameNumber,
        order: Order,
        state: State,
        largest: Order,
    ) -> Result<(), FreeError> {
        let entry = table.get(frame.0).filter(|entry| entry.zone != super::frame::NO_ZONE).ok_or(FreeError::Foreign)?;
        let begin = table.beginning(frame.0, largest);
        let block = begin.and_then(|begin| table.get(begin)).map_or(State::Inside, |block| block.state);
        match entry.state {
            _ if block == State::Free => Err(FreeError::AlreadyFree),
            State::Inside => Err(FreeError::NotTheBeginning),
            found if found != state => Err(FreeError::Owned),
            _ if entry.order != order => Err(FreeError::OtherOrder),
            _ => Ok(()),
        }
    }

    fn insert(&mut self, table: &mut FrameTable, frame: u32, order: Order) {
        self.free += order.pages();
        self.link(table, frame, order);
    }

    fn link(&mut self, table: &mut FrameTable, frame: u32, order: Order) {
        let entry = table.at(frame);
        (entry.state, entry.order) = (State::Free, order);
        self.lists[order.index()].push(table, frame);
        self.orders |= 1 << order.get();
    }

    /// Keeps the bit of a list that lost a block.
    fn note(&mut self, order: usize) {
        if self.lists[order].len() == 0 {
            self.orders &= !(1 << order);
        }
    }

    /// Looks at every frame and every list, and counts.
    ///
    /// # Errors
    /// The first thing that is not as it must be, and the frame it was seen at.
    pub(crate) fn audit(&self, table: &FrameTable) -> Result<(), AuditError> {
        let wrong = |frame, what| Err(AuditError { frame: FrameNumber(frame), what });
        let (mut frame, mut free, mut blocks) = (self.start, 0, [0_u32; ORDERS]);
        while frame < self.end {
            let Some(entry) = table.get(frame) else { return wrong(frame, "the frame has no entry") };
            let pages = entry.order.pages();
            let next = u64::from(frame) + pages;
            if entry.state == State::Inside {
                return wrong(frame, "the frame belongs to no block");
            }
            if !u64::from(frame).is_multiple_of(pages) || next > u64::from(self.end) || entry.order > self.largest {
                return wrong(frame, "the block is not aligned to its order, or crosses the zone's end");
            }
            if (frame + 1..next as u32).any(|inner| table.get(inner).is_none_or(|inner| inner.state != State::Inside)) {
                return wrong(frame, "two blocks overlap");
            }
            if entry.state == State::Free {
                free += pages;
                blocks[entry.order.index()] += 1;
                let other = frame ^ (1 << entry.order.get());
                let buddy = table.get(other).filter(|_| other >= self.start && other < self.end);
                let mergeable = entry.order < self.largest;
                if mergeable && buddy.is_some_and(|buddy| buddy.state == State::Free && buddy.order == entry.order) {
                    return wrong(frame, "a free block and its free buddy were not merged");
                }
            }
            frame = next as u32;
        }
        if free != self.free {
            return wrong(self.start, "the zone counts its free pages wrongly");
        }
        for (order, list) in self.lists.iter().enumerate() {
            let listed = list.iter(table).filter(|frame| {
                table.get(*frame).is_some_and(|entry| entry.state == State::Free && entry.order.index() == order)
            });
            let bit = self.orders & (1 << order) != 0;
            let (listed, linked) = (listed.count(), list.iter(table).count());
            if listed != linked || linked != blocks[order] as usize || list.len() != blocks[order] {
                return wrong(self.start, "a free list does not hold the free blocks of its order");
            }
            if bit != (list.len() > 0) {
                return wrong(self.start, "the bits of the lists do not say which are empty");
            }
        }
        Ok(())
    }
}

/// What an audit found wrong: memory was written that was not the writer's, or the machine has a bug.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditError {
    /// Where it was seen.
    pub frame: FrameNumber,
    /// What is wrong.
    pub what: &'static str,
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frame {}: {}", self.frame.0, self.what)
    }
}

impl core::error::Error for AuditError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;

    /// The slow, obvious model: a set of free pages; the largest free aligned blocks follow from it.
    struct Model {
        start: u32,
        end: u32,
        largest: u32,
        free: BTreeSet<u32>,
    }

    impl Model {
        fn is_free(&self, begin: u32, order: u32) -> bool {
            let pages = begin..begin + (1 << order);
            begin >= self.start && pages.end <= self.end && pages.into_iter().all(|page| self.free.contains(&page))
        }

        /// Free blocks that are not part of a larger free block.
        fn blocks(&self, order: u32) -> usize {
            let begins = (0..self.end).step_by(1 << order).filter(|begin| self.is_free(*begin, order));
            let whole = |begin: u32| order < self.largest && self.is_free(begin & !((2 << order) - 1), order + 1);
            begins.filter(|begin| !whole(*begin)).count()
        }
    }

    #[test]
    fn blocks_are_split_and_merged_as_the_model_says() {
        for seed in 0..if cfg!(miri) { 2 } else { 40 } {
            let mut random = Random::new(seed);
            let largest = random.below(7) as u32 + 1;
            let start = random.below(9) as u32;
            let end = start + 1 + random.below(if cfg!(miri) { 24 } else { 200 }) as u32;
            let mut table = FrameTable::new(end as usize + 3).unwrap();
            let mut buddy = Buddy::new(&mut table, 0, start, end, Order::new(largest));
            let mut model = Model { start, end, largest, free: (start..end).collect() };
            let mut held: Vec<(u32, u32)> = Vec::new();
            for _ in 0..if cfg!(miri) { 30 } else { 300 } {
                if random.below(2) == 0 {
                    let order = random.below(u64::from(largest) + 2) as u32;
                    let possible = order <= largest && (order..=largest).any(|order| model.blocks(order) > 0);
                    assert_eq!(buddy.has(Order::new(order)), possible);
                    let taken = buddy.take(&mut table, Order::new(order), State::Owned);
                    assert_eq!(taken.is_some(), possible);
                    if let Some(FrameNumber(begin)) = taken {
                        assert!(begin.is_multiple_of(1 << order) && model.is_free(begin, order));
                        (begin..begin + (1 << order)).for_each(|page| assert!(model.free.remove(&page)));
                        held.push((begin, order));
                    }
                } else if !held.is_empty() {
                    let (begin, order) = held.swap_remove(random.below(held.len() as u64) as usize);
                    buddy.give(&mut table, FrameNumber(begin));
                    model.free.extend(begin..begin + (1 << order));
                }
                assert_eq!(buddy.free(), model.free.len() as u64);
            }
            buddy.audit(&table).unwrap();
            for order in 0..=largest {
                assert_eq!(buddy.blocks(Order::new(order)) as usize, model.blocks(order), "order {order}");
            }
        }
    }

    #[test]
    fn row_035_an_adversary_who_keeps_one_page_of_each_block_keeps_the_order() {
        const PAGES: u32 = if cfg!(miri) { 128 } else { 4096 };
        for order in 1..=3_u32 {
            let mut table = FrameTable::new(PAGES as usize).unwrap();
            let mut buddy = Buddy::new(&mut table, 0, 0, PAGES, Order::LARGEST);
            while buddy.take(&mut table, Order::ZERO, State::Owned).is_some() {}
            let kept = |page: u32| page.is_multiple_of(1 << order);
            (0..PAGES).filter(|page| !kept(*page)).for_each(|page| buddy.give(&mut table, FrameNumber(page)));
            // 50, 75 and 87.5 % of all pages are free, and not one block of the order.
            assert_eq!(buddy.free(), u64::from(PAGES - (PAGES >> order)));
            assert!(!buddy.has(Order::new(order)));
            // One page more, whichever it is, and the pigeons are more than the holes.
            buddy.give(&mut table, FrameNumber(PAGES / 4));
            assert!(buddy.has(Order::new(order)));
            buddy.audit(&table).unwrap();
        }
    }

    #[test]
    fn what_cannot_be_given_back_is_named() {
        let mut table = FrameTable::new(64).unwrap();
        let mut buddy = Buddy::new(&mut table, 0, 0, 60, Order::LARGEST);
        let order = Order::new(2);
        let frame = buddy.take(&mut table, order, State::Raw).unwrap();
        let check = |table: &FrameTable, frame, order| Buddy::check(table, frame, order, State::Raw, Order::LARGEST);
        assert_eq!(check(&table, frame, order), Ok(()));
        assert_eq!(check(&table, frame, Order::ZERO), Err(FreeError::OtherOrder));
        assert_eq!(check(&table, FrameNumber(frame.0 + 1), order), Err(FreeError::NotTheBeginning));
        assert_eq!(check(&table, FrameNumber(62), order), Err(FreeError::Foreign));
        assert_eq!(check(&table, FrameNumber(u32::MAX), order), Err(FreeError::Foreign));
        assert_eq!(Buddy::check(&table, frame, order, State::Owned, Order::LARGEST), Err(FreeError::Owned));
        buddy.give(&mut table, frame);
        // The block is free, first as itself and then as part of a larger one.
        assert_eq!(check(&table, frame, order), Err(FreeError::AlreadyFree));
        assert_eq!(check(&table, FrameNumber(frame.0 + 3), order), Err(FreeError::AlreadyFree));
    }

    #[test]
    fn an_audit_sees_what_was_spoilt() {
        let mut table = FrameTable::new(64).unwrap();
        let mut buddy = Buddy::new(&mut table, 0, 0, 64, Order::LARGEST);
        let frame = buddy.take(&mut table, Order::ZERO, State::Raw).unwrap();
        buddy.audit(&table).unwrap();
        table.at(frame.0).state = State::Free;
        assert!(buddy.audit(&table).is_err());
        table.at(frame.0).state = State::Raw;
        table.at(frame.0).order = Order::new(1);
        assert_eq!(buddy.audit(&table).unwrap_err().what, "two blocks overlap");
        table.at(frame.0).order = Order::ZERO;
        buddy.free += 1;
        assert_eq!(buddy.audit(&table).unwrap_err().what, "the zone counts its free pages wrongly");
    }
}
