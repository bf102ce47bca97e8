//! One allocator on one path: how a chunk of it is run, and how long it took.

use std::cell::RefCell;
use std::time::Instant;

use crate::path::{BATCH, BATCH_LARGE, Isolated, Shuffles, batches, consume, pairs, produce};
use crate::peer::{Begin, Meeting, Peer};
use crate::rival::Rival;
use crate::thread::preemptions;

/// What is done with the allocator.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// One block at a time.
    Pair,
    /// Many blocks at a time, given back in random order.
    Batch,
    /// One thread asks, the other gives back.
    Cross,
    /// Single pages, while so many lie alone.
    Isolated(usize),
}

/// Nanoseconds a pair of one thread's chunk, and whether the thread was disturbed.
pub(crate) type Chunk = (f64, bool);

/// One allocator on one path.
pub(crate) trait Case {
    /// Runs `count` pairs on this thread.
    fn alone(&self, count: u64) -> Chunk;

    /// Runs `count` pairs on this thread and on the peer at the same time.
    fn both(&self, peer: &Peer, count: u64) -> [Chunk; 2];
}

/// Runs `work`, which makes `count` pairs.
fn timed(count: u64, work: impl FnOnce()) -> Chunk {
    let (before, begin) = (preemptions(), Instant::now());
    work();
    let taken = begin.elapsed();
    (taken.as_nanos() as f64 / count as f64, preemptions() != before)
}

/// Runs `work` together with another thread that does so, too, and goes on until that one has finished, so that neither
/// is ever measured alone.
fn together(begin: &Begin, end: &Meeting, count: u64, work: impl Fn(u64)) -> Chunk {
    let before = begin.wait();
    let (time, _) = timed(count, || work(count));
    end.arrive();
    while !end.is_complete() {
        work(count.div_ceil(64));
    }
    (time, preemptions() != before)
}

/// An allocator whose pairs or batches are measured.
pub(crate) struct Repeated<R: Rival + 'static> {
    rival: &'static R,
    want: R::Want,
    shuffles: Option<Shuffles>,
}

impl<R: Rival> Repeated<R> {
    /// `rival` with blocks of `size` bytes, in batches or one by one.
    pub(crate) fn new(rival: &'static R, size: usize, in_batches: bool) -> Repeated<R> {
        let blocks = if size > 512 << 10 { BATCH_LARGE } else { BATCH };
        Repeated { rival, want: R::want(size), shuffles: in_batches.then(|| Shuffles::new(blocks)) }
    }

    fn work(&self, count: u64) {
        match &self.shuffles {
            Some(shuffles) => batches(self.rival, self.want, shuffles, count),
            None => pairs(self.rival, self.want, count),
        }
    }
}

impl<R: Rival> Case for Repeated<R> {
    fn alone(&self, count: u64) -> Chunk {
        timed(count, || self.work(count))
    }

    fn both(&self, peer: &Peer, count: u64) -> [Chunk; 2] {
        let (begin, end) = (Begin::default(), Meeting::default());
        let part = || together(&begin, &end, count, |count| self.work(count));
        let (theirs, ours) = peer.both(part, part);
        [ours, theirs]
    }
}

/// An allocator whose blocks another thread gives back.
pub(crate) struct Crossing<R: Rival + 'static> {
    rival: &'static R,
    want: R::Want,
}

impl<R: Rival> Crossing<R> {
    /// `rival` with blocks of `size` bytes.
    pub(crate) fn new(rival: &'static R, size: usize) -> Crossing<R> {
        Crossing { rival, want: R::want(size) }
    }
}

impl<R: Rival> Case for Crossing<R> {
    fn alone(&self, count: u64) -> Chunk {
        timed(count, || pairs(self.rival, self.want, count))
    }

    /// The time from the first block's being asked for to the last one's being given back.
    fn both(&self, peer: &Peer, count: u64) -> [Chunk; 2] {
        let (mut full, mut empty) = rtrb::RingBuffer::new(1024);
        let begin = Begin::default();
        let (theirs, ours) = peer.both(
            || {
                let before = begin.wait();
                let (time, _) = timed(count, || consume(self.rival, self.want, &mut empty, count));
                (time, preemptions() != before)
            },
            || {
                let before = begin.wait();
                let (time, _) = timed(count, || produce(self.rival, self.want, &mut full, count));
                (time, preemptions() != before)
            },
        );
        let slower = theirs.0.max(ours.0);
        [(slower, theirs.1 || ours.1); 2]
    }
}

/// An allocator with isolated free pages.
pub(crate) struct Scarce<R: Rival + 'static> {
    rival: &'static R,
    want: R::Want,
    free: usize,
    pages: RefCell<Option<Isolated<R>>>,
}

impl<R: Rival> Scarce<R> {
    /// `rival` with `free` free pages that lie alone, from the first chunk on.
    pub(crate) fn new(rival: &'static R, free: usize) -> Scarce<R> {
        Scarce { rival, want: R::want(4096), free, pages: RefCell::new(None) }
    }
}

impl<R: Rival> Case for Scarce<R> {
    fn alone(&self, count: u64) -> Chunk {
        let mut pages = self.pages.borrow_mut();
        let pages = pages.get_or_insert_with(|| Isolated::new(self.rival, self.want, self.free));
        timed(count, || pages.run(self.rival, self.want, count))
    }

    fn both(&self, _: &Peer, count: u64) -> [Chunk; 2] {
        [self.alone(count); 2]
    }
}

impl<R: Rival> Drop for Scarce<R> {
    fn drop(&mut self) {
        if let Some(pages) = self.pages.take() {
            pages.end(self.rival, self.want);
        }
    }
}
