//! One processor's free pages: what it takes and gives without asking anybody, as long as memory is plentiful.
//!
//! Blocks at hand are free, and the free lists do not know them. Requests that need to know collect them first, so they see
//! the machine as if nothing had been at hand. See `quick` for why what is taken here would have been served there.

use alloc::boxed::Box;

use super::course::Course;
use crate::gfp::Gfp;
use crate::stack::Stack;
use crate::stats::{Stats, Tally};
use crate::task::TaskId;
use crate::units::{FrameNumber, NodeId, Order};

/// Orders that are kept at hand: up to 4 MiB.
pub(crate) const ORDERS: usize = Order::LARGEST.index() + 1;

/// Lists are numbered by zone and order, with so many numbers for a zone: a number has room for any order, and the
/// lists of those beyond `ORDERS` stay closed.
const NUMBERS: u32 = 32;
const _: () = assert!(Order::LIMIT.get() < NUMBERS);

/// Pages that are fetched at once, and given back at once where there are too many; but no fewer blocks than the second
/// number, as far as blocks are small.
const BATCH_PAGES: usize = 63;
const BATCH_BLOCKS: usize = 8;

/// Pages of one zone and order that one processor has at hand at most: 2 MiB, or so many small or large blocks if that is
/// more; but no more than its share of an eighth of the zone.
const PAGES_MAX: u64 = 512;
const BLOCKS_SMALL: u64 = 128;
const BLOCKS_LARGE: u64 = 16;

/// Answers that one processor remembers.
const ANSWERS: usize = 8;

/// What was asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    /// Flags, order and node.
    request: u64,
    /// How often the task had changed; see [`Epochs`](crate::task::Epochs).
    epoch: u64,
    task: TaskId,
}

impl Asked {
    /// What nobody asks: it has flags that there are not.
    const NOTHING: Asked = Asked { request: u64::MAX, epoch: 0, task: TaskId(0) };

    #[inline(always)]
    pub(crate) fn new(task: TaskId, epoch: u64, node: Option<NodeId>, order: Order, flags: Gfp) -> Asked {
        let node = node.map_or(0, |node| u64::from(node.0) + 1);
        Asked { request: u64::from(flags.bits()) << 32 | (order.index() as u64) << 16 | node, epoch, task }
    }

    /// The answer's place.
    #[inline(always)]
    fn place(&self) -> usize {
        (self.request.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 61) as usize % ANSWERS
    }

    fn flags(&self) -> Gfp {
        Gfp::of_bits((self.request >> 32) as u32)
    }

    fn order(&self) -> Order {
        Order::new((self.request >> 16) as u32 & 0xffff)
    }
}

/// What the engine answered to a request: from where it was served, and whether it had to be.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Answer {
    asked: Asked,
    list: u32,
    /// How often it was given since it was last counted.
    served: u64,
    certain: bool,
    /// Where it was made, and how long the engine took.
    tally: Tally,
    /// The flags as scopes and policy left them.
    flags: Gfp,
}

/// The blocks of one zone and order.
#[derive(Debug)]
struct List {
    blocks: Stack<u32>,
    /// Blocks that were given since they were last counted.
    given: u64,
}

/// One processor's free pages.
#[derive(Debug)]
pub(crate) struct PerCpu {
    answers: [Answer; ANSWERS],
    /// By number.
    lists: Box<[List]>,
}

impl PerCpu {
    /// Nothing at hand. There are zones of so many pages, and so many processors.
    pub(crate) fn new(zones: impl Iterator<Item = u64>, cpus: usize) -> PerCpu {
        let lists = zones.flat_map(|managed| {
            let rooms = (0..NUMBERS).map(move |order| PerCpu::room(managed, cpus, Order::new(order)));
            rooms.map(|room| List { blocks: Stack::closed(room), given: 0 })
        });
        PerCpu { answers: [Answer::NONE; ANSWERS], lists: lists.collect() }
    }

    /// How many blocks of an order each of so many processors can have at hand of a zone of so many pages.
    pub(crate) fn room(managed: u64, cpus: usize, order: Order) -> usize {
        let share = managed / 8 / cpus as u64;
        let blocks = if order <= Order::COSTLY { BLOCKS_SMALL } else { BLOCKS_LARGE };
        let most = if order.index() < ORDERS { PAGES_MAX.max(blocks << order.get()) } else { 0 };
        (share.min(most) >> order.get()) as usize
    }

    /// The number of the list of a zone and an order.
    pub(crate) const fn list(zone: usize, order: Order) -> u32 {
        zone as u32 * NUMBERS + order.get()
    }

    /// The order of a list's blocks.
    #[inline(always)]
    pub(crate) const fn order_of_list(list: u32) -> Order {
        Order::known((list % NUMBERS) as u8)
    }

    /// The zone of a list's blocks.
    pub(crate) fn zone_of_list(list: u32) -> usize {
        (list / NUMBERS) as usize
    }

    /// The flags of a request that was answered before, as scopes and policy leave them.
    pub(crate) fn planned(&self, asked: &Asked) -> Option<Gfp> {
        let answer = &self.answers[asked.place()];
        (answer.asked == *asked).then_some(answer.flags)
    }

    /// A block for a request that was answered before, and the number of its list.
    #[inline(always)]
    pub(crate) fn take(&mut self, asked: &Asked) -> Option<(FrameNumber, u32)> {
        let answer = &mut self.answers[asked.place()];
        if answer.asked != *asked {
            return None;
        }
        let frame = self.lists.get_mut(answer.list as usize)?.blocks.pop()?;
        answer.served += 1;
        Some((FrameNumber(frame), answer.list))
    }

    /// Takes a block back; false if the list is full or closed.
    #[inline(always)]
    pub(crate) fn give(&mut self, list: u32, frame: FrameNumber) -> bool {
        let Some(list) = self.lists.get_mut(list as usize) else { return false };
        let given = list.blocks.push(frame.0);
        list.given += u64::from(given);
        given
    }

    /// Remembers an answer, opens the lists of its zone, and fills that of its order from `fetch`.
    pub(crate) fn remember(
        &mut self,
        asked: Asked,
        zone: usize,
        course: &Course,
        stats: &mut Stats,
        fetch: impl FnMut() -> Option<FrameNumber>,
    ) {
        let list = PerCpu::list(zone, asked.order());
        let answer = &mut self.answers[asked.place()];
        if answer.asked != asked {
            answer.forget(stats);
            let (certain, tally, flags) = (course.is_certain(), course.tally(), course.flags());
            *answer = Answer { asked, list, served: 0, certain, tally, flags };
        }
        let first = PerCpu::list(zone, Order::ZERO) as usize;
        self.lists.iter_mut().skip(first).take(ORDERS).for_each(|list| list.blocks.open());
        if let Some(list) = self.lists.get_mut(list as usize) {
            // What was fetched goes in the order that it was fetched in.
            list.blocks.fill(batch(asked.order()), core::iter::from_fn(fetch).map(|frame| frame.0));
        }
    }

    /// Gives some blocks of a full list away: the oldest.
    pub(crate) fn spill(&mut self, list: u32, mut give: impl FnMut(FrameNumber)) {
        let most = batch(PerCpu::order_of_list(list));
        if let Some(list) = self.lists.get_mut(list as usize) {
            list.blocks.spill(most, |frame| give(FrameNumber(frame)));
        }
    }

    /// Forgets all answers, closes all lists, gives what they hold away, and counts what was done with them: blocks that
    /// were given are told to `stats`, and their number is the answer.
    pub(crate) fn close(&mut self, stats: &mut Stats, mut give: impl FnMut(FrameNumber, Order)) -> u64 {
        self.answers.iter_mut().for_each(|answer| answer.forget(stats));
        let mut given = 0;
        for (number, list) in (0..).zip(&mut self.lists).filter(|(_, list)| list.blocks.is_open()) {
            let order = PerCpu::order_of_list(number);
            list.blocks.close(|frame| give(FrameNumber(frame), order));
            stats.freed_pages += list.given * order.pages();
            given += core::mem::take(&mut list.given);
        }
        given
    }
}

/// Blocks that are fetched or given back at once.
fn batch(order: Order) -> usize {
    let least = if order <= Order::COSTLY { BATCH_BLOCKS } else { 1 };
    (BATCH_PAGES >> order.get()).max(least)
}

impl Answer {
    /// No answer.
    const NONE: Answer =
        Answer { asked: Asked::NOTHING, list: 0, served: 0, certain: false, tally: Tally::NONE, flags: Gfp::NONE };

    /// Counts the requests that it served, and is none any more.
    fn forget(&mut self, stats: &mut Stats) {
        let answer = core::mem::replace(self, Answer::NONE);
        if answer.asked == Asked::NOTHING {
            return;
        }
        stats.count(answer.tally.site, answer.asked.order(), answer.asked.flags(), answer.served);
        let served = if answer.certain { &mut stats.served_by_policy } else { &mut stats.served_by_chance };
        *served += answer.served;
        stats.latency.record(answer.tally.class, answer.tally.steps, answer.served);
    }
}
