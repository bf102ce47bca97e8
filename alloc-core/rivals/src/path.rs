//! The paths that are measured: what one chunk of work does with an allocator.

use std::hint::black_box;

use crate::random::Random;
use crate::rival::Rival;

/// Blocks that a batch holds at a time.
pub(crate) const BATCH: usize = 64;
/// The same above 512 KiB.
pub(crate) const BATCH_LARGE: usize = 16;

/// Asks, writes a byte, gives back: `count` times.
pub(crate) fn pairs<R: Rival>(rival: &R, want: R::Want, count: u64) {
    for _ in 0..count {
        let want = black_box(want);
        let mut block = rival.take(want);
        R::touch(&mut block);
        rival.give(block, want);
    }
}

/// The orders in which a batch is given back; a new one for each batch, so that nothing can learn it.
pub(crate) struct Shuffles(Vec<Vec<usize>>);

impl Shuffles {
    /// Sixteen orders of `blocks` blocks.
    pub(crate) fn new(blocks: usize) -> Shuffles {
        let mut random = Random::new(blocks as u64);
        Shuffles((0..16).map(|_| random.shuffled(blocks)).collect())
    }
}

/// Takes a batch and gives it back in random order, until `count` blocks were taken.
pub(crate) fn batches<R: Rival>(rival: &R, want: R::Want, shuffles: &Shuffles, count: u64) {
    let blocks = shuffles.0[0].len();
    let mut held: Vec<Option<R::Block>> = (0..blocks).map(|_| None).collect();
    for batch in 0..count.div_ceil(blocks as u64) {
        for place in &mut held {
            let mut block = rival.take(black_box(want));
            R::touch(&mut block);
            *place = Some(block);
        }
        for at in &shuffles.0[batch as usize % shuffles.0.len()] {
            if let Some(block) = held[*at].take() {
                rival.give(block, black_box(want));
            }
        }
    }
}

/// Memory of which every second page stays taken, so that a page that comes free has nobody to merge with.
pub(crate) struct Isolated<R: Rival> {
    /// Pages that are given back and taken again.
    slots: Vec<Option<R::Block>>,
    random: Random,
    held: Vec<R::Block>,
}

impl<R: Rival> Isolated<R> {
    /// `free` isolated free pages, and as many that take turns with them.
    pub(crate) fn new(rival: &R, want: R::Want, free: usize) -> Isolated<R> {
        let mut blocks: Vec<R::Block> = (0..4 * free).map(|_| rival.take(want)).collect();
        blocks.sort_by_key(R::place);
        let (mut slots, mut held, mut random) = (Vec::new(), Vec::new(), Random::new(free as u64));
        let (mut even, mut given) = (Vec::new(), Vec::new());
        for (at, block) in blocks.into_iter().enumerate() {
            if at % 2 == 0 { even.push(Some(block)) } else { held.push(block) }
        }
        for at in random.shuffled(even.len()) {
            let block = even[at].take().expect("each place comes once");
            if given.len() < free { given.push(block) } else { slots.push(Some(block)) }
        }
        given.into_iter().for_each(|block| rival.give(block, want));
        Isolated { slots, random, held }
    }

    /// Gives a random page back and takes one: `count` times.
    pub(crate) fn run(&mut self, rival: &R, want: R::Want, count: u64) {
        for _ in 0..count {
            let at = self.random.below(self.slots.len() as u64) as usize;
            if let Some(block) = self.slots[at].take() {
                rival.give(block, black_box(want));
            }
            self.slots[at] = Some(rival.take(black_box(want)));
        }
    }

    /// Gives everything back.
    pub(crate) fn end(self, rival: &R, want: R::Want) {
        self.slots.into_iter().flatten().chain(self.held).for_each(|block| rival.give(block, want));
    }
}

/// Takes `count` blocks for another thread to give back.
pub(crate) fn produce<R: Rival>(rival: &R, want: R::Want, ring: &mut rtrb::Producer<R::Block>, count: u64) {
    for _ in 0..count {
        let mut block = rival.take(black_box(want));
        R::touch(&mut block);
        while let Err(rtrb::PushError::Full(refused)) = ring.push(block) {
            block = refused;
            std::hint::spin_loop();
        }
    }
}

/// Gives `count` blocks back that another thread took.
pub(crate) fn consume<R: Rival>(rival: &R, want: R::Want, ring: &mut rtrb::Consumer<R::Block>, count: u64) {
    for _ in 0..count {
        let block = loop {
            match ring.pop() {
                Ok(block) => break block,
                Err(_) => std::hint::spin_loop(),
            }
        };
        rival.give(block, black_box(want));
    }
}
