//! What was freed behind a failure: kept back for a while and filled, so that who writes to it or frees it again is found out.
#![expect(unsafe_code, reason = "fills and reads memory that its owner has given up")]

use std::alloc::Layout;
use std::fmt;
use std::ptr;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use super::spin::Spin;

/// As many blocks are kept at most: error paths come directly behind the failure, and so what they free is among them.
const BLOCKS_MAX: usize = 4096;
/// Of open addressing, half empty at least.
const PLACES: usize = 2 * BLOCKS_MAX;
/// As many bytes are kept at most.
const BYTES_MAX: usize = 4 << 20;
/// What kept blocks are filled with: as a pointer no address, as a number seldom a small one.
/// Debug heaps have used it for dead memory for long: <https://en.wikipedia.org/wiki/Magic_number_(programming)#Debug_values>.
const FILL: u8 = 0xdd;

/// Gives a block back to the allocator that it came from.
pub(crate) type GiveBack = unsafe fn(*mut u8, Layout);

/// A block that its owner has freed.
#[derive(Clone, Copy)]
struct Block {
    /// Null in an empty place.
    address: *mut u8,
    size: usize,
    align: usize,
    give_back: Option<GiveBack>,
}

const EMPTY: Block = Block { address: ptr::null_mut(), size: 0, align: 0, give_back: None };

struct Table {
    places: [Block; PLACES],
    bytes: usize,
    /// What a thread did that is not of the sweep.
    by_stranger: Option<Misuse>,
}

/// How a block was used after it was freed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Misuse {
    /// A byte of it was changed.
    Written { size: usize, byte: usize },
    /// It was freed once more.
    FreedAgain { size: usize },
    /// It was to be made larger or smaller.
    Resized { size: usize },
}

/// The blocks that this process keeps back; a forked child has its own copy.
///
/// All threads of the process meet here, so a short spin lock guards the table, which is used behind a failure only.
pub(crate) struct Freed {
    count: AtomicUsize,
    table: Spin<Table>,
}

// SAFETY: the memory of the blocks in it belongs to nobody else, whichever thread looks at it.
unsafe impl Send for Table {}

/// What this process keeps back.
pub(crate) static FREED: Freed = Freed::new();

impl Freed {
    const fn new() -> Freed {
        let table = Table { places: [EMPTY; PLACES], bytes: 0, by_stranger: None };
        Freed { count: AtomicUsize::new(0), table: Spin::new(table) }
    }

    /// Whether any block is kept.
    #[inline(always)]
    pub(crate) fn holds_any(&self) -> bool {
        self.count.load(Relaxed) != 0
    }

    /// Keeps a block and fills it, if there is room; whoever frees it must not go on doing so then.
    ///
    /// # Safety
    /// The block is allocated, of this layout, and its owner has given it up. `give_back` may be called with both, once, at
    /// any time, by any thread.
    pub(crate) unsafe fn keep(&self, address: *mut u8, layout: Layout, give_back: GiveBack) -> bool {
        let block = Block { address, size: layout.size(), align: layout.align(), give_back: Some(give_back) };
        self.table.with(|table| {
            let room = self.count.load(Relaxed) < BLOCKS_MAX && block.size > 0 && table.bytes + block.size <= BYTES_MAX;
            if room {
                table.put(block);
                table.bytes += block.size;
                self.count.fetch_add(1, Relaxed);
                // SAFETY: the caller's promise: as many bytes, that nobody else uses.
                unsafe { ptr::write_bytes(address, FILL, block.size) };
            }
            room
        })
    }

    /// What it is to free this address, if it is kept: nobody may do so.
    pub(crate) fn freed_again(&self, address: *const u8) -> Option<Misuse> {
        let size = self.table.with(|table| table.place_of(address).map(|place| table.places[place].size));
        size.map(|size| Misuse::FreedAgain { size })
    }

    /// Takes out the block of this address, if it is kept, for somebody who goes on with it.
    pub(crate) fn resized(&self, address: *const u8) -> Option<Misuse> {
        let taken = self.table.with(|table| {
            let block = table.take(table.place_of(address)?);
            self.count.fetch_sub(1, Relaxed);
            Some(block)
        });
        taken.map(|block| Misuse::Resized { size: block.size })
    }

    /// Notes what a thread did that is not of the sweep.
    pub(crate) fn by_stranger(&self, misuse: Misuse) {
        self.table.with(|table| table.by_stranger = table.by_stranger.or(Some(misuse)));
    }

    /// What can be seen by now: what strangers did, and blocks that were written to since they were freed.
    pub(crate) fn misuse(&self) -> Option<Misuse> {
        if !self.holds_any() {
            return None;
        }
        self.table.with(|table| table.by_stranger.take().or_else(|| table.places.iter().find_map(Block::written)))
    }

    /// Gives all blocks back.
    pub(crate) fn give_back(&self) {
        if !self.holds_any() {
            return;
        }
        self.table.with(|table| {
            for place in &mut table.places {
                let Block { address, size, align, give_back } = std::mem::replace(place, EMPTY);
                if let Some(give_back) = give_back {
                    // SAFETY: of the layout that it was kept with, and out of the table now: once, as `keep`'s caller allows.
                    unsafe { give_back(address, Layout::from_size_align_unchecked(size, align)) };
                }
            }
            table.bytes = 0;
            self.count.store(0, Relaxed);
        });
    }
}

impl Block {
    fn written(&self) -> Option<Misuse> {
        // SAFETY: the byte is the block's, which stays allocated while it is kept. Volatile, for who writes to it against the
        // rules may do so at any moment.
        let is_filled = |byte: usize| unsafe { self.address.add(byte).read_volatile() == FILL };
        let byte = (0..self.size).find(|byte| !is_filled(*byte))?;
        Some(Misuse::Written { size: self.size, byte })
    }
}

impl Table {
    /// Where an address is looked for first.
    fn home(address: *const u8) -> usize {
        let mixed = (address.addr() as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 32) as usize % PLACES
    }

    fn put(&mut self, block: Block) {
        let mut place = Self::home(block.address);
        while !self.places[place].address.is_null() {
            place = (place + 1) % PLACES;
        }
        self.places[place] = block;
    }

    fn place_of(&self, address: *const u8) -> Option<usize> {
        let mut place = Self::home(address);
        while !self.places[place].address.is_null() {
            if ptr::eq(self.places[place].address, address) {
                return Some(place);
            }
            place = (place + 1) % PLACES;
        }
        None
    }

    /// Empties a place; what stood behind it because it was taken moves up.
    fn take(&mut self, place: usize) -> Block {
        let taken = std::mem::replace(&mut self.places[place], EMPTY);
        self.bytes -= taken.size;
        let mut next = (place + 1) % PLACES;
        while !self.places[next].address.is_null() {
            let moved = std::mem::replace(&mut self.places[next], EMPTY);
            self.put(moved);
            next = (next + 1) % PLACES;
        }
        taken
    }
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let block = |size: &usize| if *size == 1 { "1 byte".to_owned() } else { format!("{size} bytes") };
        match self {
            Misuse::Written { size, byte } => {
                write!(f, "a block of {} was written to after it was freed, at its byte {byte}", block(size))
            }
            Misuse::FreedAgain { size } => write!(f, "a block of {} was freed twice", block(size)),
            Misuse::Resized { size } => write!(f, "a block of {} was resized after it was freed", block(size)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::{GlobalAlloc, System};

    use super::*;

    unsafe fn free(address: *mut u8, layout: Layout) {
        // SAFETY: the tests' blocks are the system's.
        unsafe { System.dealloc(address, layout) };
    }

    fn kept(freed: &Freed, size: usize) -> *mut u8 {
        let layout = Layout::from_size_align(size, 8).unwrap();
        // SAFETY: no test asks for no bytes, and each gives its block up here.
        unsafe {
            let block = System.alloc(layout);
            assert!(freed.keep(block, layout, free));
            block
        }
    }

    #[test]
    fn what_is_written_to_freed_memory_is_seen() {
        let freed = Box::new(Freed::new());
        assert_eq!(freed.misuse(), None);
        let blocks: Vec<_> = (1..100).map(|size| kept(&freed, size)).collect();
        assert_eq!(freed.misuse(), None);
        // SAFETY: the block is kept back, and not given back before the end of the test.
        unsafe { blocks[49].add(30).write(0) };
        let misuse = freed.misuse().unwrap();
        assert_eq!(misuse, Misuse::Written { size: 50, byte: 30 });
        assert_eq!(misuse.to_string(), "a block of 50 bytes was written to after it was freed, at its byte 30");
        freed.give_back();
        assert!(!freed.holds_any() && freed.misuse().is_none());
    }

    #[test]
    fn a_second_free_is_seen_and_a_resized_block_is_nobodys_more() {
        let freed = Box::new(Freed::new());
        let blocks: Vec<_> = (0..1000).map(|_| kept(&freed, 16)).collect();
        // Those that stood in the way of others when they were taken out are found all the same.
        for block in &blocks[..500] {
            assert_eq!(freed.resized(*block), Some(Misuse::Resized { size: 16 }));
        }
        for (number, block) in blocks.iter().enumerate() {
            assert_eq!(freed.freed_again(*block), (number >= 500).then_some(Misuse::FreedAgain { size: 16 }));
        }
        freed.by_stranger(Misuse::FreedAgain { size: 16 });
        assert_eq!(freed.misuse(), Some(Misuse::FreedAgain { size: 16 }));
        freed.give_back();
        // SAFETY: taken out above, and allocated with this layout.
        blocks[..500].iter().for_each(|block| unsafe { free(*block, Layout::from_size_align(16, 8).unwrap()) });
    }

    #[test]
    fn there_is_room_for_so_much_and_what_is_not_kept_is_its_owners_to_free() {
        let freed = Box::new(Freed::new());
        let layout = Layout::from_size_align(BYTES_MAX / 4, 8).unwrap();
        // SAFETY: of a size that is not 0; kept, or freed here.
        let keeps = || unsafe {
            let block = System.alloc(layout);
            let keeps = freed.keep(block, layout, free);
            if !keeps {
                System.dealloc(block, layout);
            }
            keeps
        };
        let keeps: Vec<_> = (0..6).map(|_| keeps()).collect();
        assert_eq!(keeps, [true, true, true, true, false, false]);
        freed.give_back();
        let blocks: Vec<_> = (0..BLOCKS_MAX).map(|_| kept(&freed, 1)).collect();
        assert_eq!(blocks.len(), BLOCKS_MAX);
        let layout = Layout::new::<u8>();
        // SAFETY: allocated here, not kept, and freed.
        unsafe {
            let block = System.alloc(layout);
            assert!(!freed.keep(block, layout, free));
            free(block, layout);
        }
        freed.give_back();
    }
}
