//! One processor's free pages: what it takes and gives without asking anybody, as long as memory is plentiful.
//!
//! Blocks at hand are free, and the free lists do not know them. Requests that need to know collect them first, so they see
//! the machine as if nothing had been at hand. See `quick` for why what is taken here would have been served there.

use alloc::boxed::Box;
use alloc::vec;

use crate::gfp::Gfp;
use crate::stats::{Stats, Tally};
use crate::task::TaskId;
use crate::units::{FrameNumber, NodeId, Order};

/// Orders that are kept at hand: 0 to 3.
pub(crate) const ORDERS: usize = Order::COSTLY.index() + 1;

/// Pages that are fetched at once, and given back at once where there are too many.
const BATCH_PAGES: u64 = 31;

/// Pages of one zone and order that one processor has at hand at most: 2 MiB, or its share of an eighth of the zone.
const PAGES_MAX: u64 = 512;

/// Answers that one processor remembers.
const ANSWERS: usize = 8;

/// What was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    /// Flags, order and node.
    request: u64,
    task: TaskId,
    /// How often the task had changed; see [`Epochs`](crate::task::Epochs).
    epoch: u64,
}

impl Asked {
    #[inline(always)]
    pub(crate) fn new(task: TaskId, epoch: u64, node: Option<NodeId>, order: Order, flags: Gfp) -> Asked {
        let node = node.map_or(0, |node| u64::from(node.0) + 1);
        Asked { request: u64::from(flags.bits()) << 32 | (order.index() as u64) << 16 | node, task, epoch }
    }

    /// The answer's place.
    #[inline(always)]
    fn place(&self) -> usize {
        (self.request.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61) as usize % ANSWERS
    }

    fn order(&self) -> Order {
        Order::new((self.request >> 16) as u32 & 0xffff)
    }
}

/// What the engine answered to a request: from where it was served, and whether it had to be.
#[derive(Clone, Copy, Debug)]
struct Answer {
    asked: Asked,
    list: usize,
    certain: bool,
    /// Where it was made, and how long the engine took.
    tally: Tally,
    /// How often it was given since it was last counted.
    served: u64,
}

/// The blocks of one zone and order.
#[derive(Clone, Copy, Default, Debug)]
struct List {
    /// Where its part of the frames begins.
    begin: usize,
    len: usize,
    /// Blocks that it takes at the moment: none while it is closed.
    most: usize,
    room: usize,
    /// Blocks that were given since they were last counted.
    given: u64,
}

/// One processor's free pages.
#[derive(Debug)]
pub(crate) struct PerCpu {
    answers: [Option<Answer>; ANSWERS],
    /// By zone, and within a zone by order.
    lists: Box<[List]>,
    frames: Box<[u32]>,
}

impl PerCpu {
    /// Nothing at hand. There are zones of so many pages, and so many processors.
    pub(crate) fn new(zones: impl Iterator<Item = u64>, cpus: usize) -> PerCpu {
        let mut end = 0;
        let pages = zones.map(|managed| (managed / 8 / cpus as u64).min(PAGES_MAX));
        let lists = pages.flat_map(|pages| (0..ORDERS).map(move |order| pages as usize >> order)).map(|room| {
            end += room;
            List { begin: end - room, room, ..List::default() }
        });
        let lists = lists.collect();
        PerCpu { answers: [None; ANSWERS], lists, frames: vec![0; end].into_boxed_slice() }
    }

    /// The list of a zone and an order.
    #[inline(always)]
    pub(crate) fn list(zone: usize, order: Order) -> usize {
        zone * ORDERS + order.index()
    }

    /// A block for a request that was answered before, and the number of its zone.
    #[inline(always)]
    pub(crate) fn take(&mut self, asked: Asked) -> Option<(FrameNumber, usize)> {
        let answer = self.answers[asked.place()].as_mut().filter(|answer| answer.asked == asked)?;
        let list = self.lists.get_mut(answer.list)?;
        let len = list.len.checked_sub(1)?;
        let frame = *self.frames.get(list.begin + len)?;
        list.len = len;
        answer.served += 1;
        Some((FrameNumber(frame), answer.list / ORDERS))
    }

    /// Takes a block back; false if the list is full or closed.
    #[inline(always)]
    pub(crate) fn give(&mut self, list: usize, frame: FrameNumber) -> bool {
        let Some(list) = self.lists.get_mut(list).filter(|list| list.len < list.most) else { return false };
        let Some(place) = self.frames.get_mut(list.begin + list.len) else { return false };
        *place = frame.0;
        list.len += 1;
        list.given += 1;
        true
    }

    /// Remembers an answer, opens the lists of its zone, and fills that of its order from `fetch`.
    pub(crate) fn remember(
        &mut self,
        asked: Asked,
        zone: usize,
        certain: bool,
        tally: Tally,
        stats: &mut Stats,
        fetch: impl FnMut() -> Option<FrameNumber>,
    ) {
        let list = PerCpu::list(zone, asked.order());
        let place = &mut self.answers[asked.place()];
        if place.is_none_or(|before| before.asked != asked) {
            if let Some(before) = place.take() {
                before.count(stats);
            }
            *place = Some(Answer { asked, list, certain, tally, served: 0 });
        }
        for list in self.lists.iter_mut().skip(PerCpu::list(zone, Order::ZERO)).take(ORDERS) {
            list.most = list.room;
        }
        let Some(list) = self.lists.get_mut(list) else { return };
        let wanted = batch(asked.order()).min(list.most - list.len);
        let before = list.len;
        for frame in core::iter::from_fn(fetch).take(wanted) {
            if let Some(place) = self.frames.get_mut(list.begin + list.len) {
                *place = frame.0;
                list.len += 1;
            }
        }
        // The last one goes first: what was fetched goes in the order that it was fetched in.
        if let Some(fetched) = self.frames.get_mut(list.begin + before..list.begin + list.len) {
            fetched.reverse();
        }
    }

    /// Gives some blocks of a full list away.
    pub(crate) fn spill(&mut self, list: usize, mut give: impl FnMut(FrameNumber)) {
        let order = Order::new((list % ORDERS) as u32);
        let Some(list) = self.lists.get_mut(list) else { return };
        // The oldest go; the newest are still in the processor's cache.
        let count = if list.len < list.most { 0 } else { batch(order).min(list.len) };
        let Some(frames) = self.frames.get_mut(list.begin..list.begin + list.len) else { return };
        frames[..count].iter().for_each(|frame| give(FrameNumber(*frame)));
        frames.copy_within(count.., 0);
        list.len -= count;
    }

    /// Forgets all answers, closes all lists, gives what they hold away, and counts what was done with them: blocks that
    /// were given are told to `stats`, and their number is the answer.
    pub(crate) fn close(&mut self, stats: &mut Stats, mut give: impl FnMut(FrameNumber, Order)) -> u64 {
        for answer in &mut self.answers {
            if let Some(answer) = answer.take() {
                answer.count(stats);
            }
        }
        let mut given = 0;
        for (number, list) in self.lists.iter_mut().enumerate().filter(|(_, list)| list.most > 0) {
            let order = Order::new((number % ORDERS) as u32);
            let frames = self.frames.get(list.begin..list.begin + list.len).unwrap_or(&[]);
            frames.iter().for_each(|frame| give(FrameNumber(*frame), order));
            stats.freed_pages += list.given * order.pages();
            given += list.given;
            (list.len, list.most, list.given) = (0, 0, 0);
        }
        given
    }
}

/// Blocks that are fetched or given back at once.
fn batch(order: Order) -> usize {
    (BATCH_PAGES >> order.get()).max(1) as usize
}

impl Answer {
    /// Counts the requests that it served.
    fn count(&self, stats: &mut Stats) {
        stats.count(self.tally.site, self.asked.order(), self.served);
        let served = if self.certain { &mut stats.served_by_policy } else { &mut stats.served_by_chance };
        *served += self.served;
        stats.latency.record(self.tally.class, self.tally.steps, self.served);
    }
}
