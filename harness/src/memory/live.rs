//! Who allocated what is still alive: the exact account that an attempt is repeated under when its balance was off.
#![expect(unsafe_code, reason = "keeps its table in memory of the system allocator, below the one it accounts for")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use super::record::Leak;
use super::spin::Spin;

/// One live allocation; `address` 0 is a free place.
#[derive(Clone, Copy)]
struct Entry {
    address: usize,
    size: usize,
    chain: u32,
}

/// One live block.
#[cfg(all(feature = "preload", not(firsthit_portable)))]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) address: usize,
    /// In bytes, as it was asked for.
    pub(crate) size: usize,
    pub(crate) chain: u32,
}

struct Table {
    entries: *mut Entry,
    /// A power of two, or 0 before the first entry.
    capacity: usize,
    /// Places that are not free.
    used: usize,
}

/// The live allocations of this process's scope while an account is kept.
///
/// All threads of the process meet here, so a short spin lock guards the table: an account is kept for a few
/// runs of one chain, never on the ordinary path.
pub(crate) struct Live {
    open: AtomicBool,
    table: Spin<Table>,
}

// SAFETY: the entries are the table's own, whichever thread has it.
unsafe impl Send for Table {}

/// The account of this process; a forked child has its own copy.
pub(crate) static LIVE: Live = Live {
    open: AtomicBool::new(false),
    table: Spin::new(Table { entries: std::ptr::null_mut(), capacity: 0, used: 0 }),
};

impl Live {
    /// Whether an account is kept.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Relaxed)
    }

    /// Starts an empty account.
    pub(crate) fn open(&self) {
        self.table.with(Table::clear);
        self.open.store(true, Relaxed);
    }

    /// Ends the account: what is still alive, as [`kept`](Live::kept) has it.
    pub(crate) fn close(&self) -> Vec<Leak> {
        self.open.store(false, Relaxed);
        self.kept()
    }

    /// What is alive now, summed up by chain, in the order of the chains' numbers.
    pub(crate) fn kept(&self) -> Vec<Leak> {
        let mut leaks: Vec<Leak> = Vec::new();
        // Room is made outside of the lock: making it may free a block, which the account is asked about.
        loop {
            let used = self.table.with(|table| {
                if table.used <= leaks.capacity() {
                    let alive = table.entries().iter().filter(|entry| entry.address != 0);
                    leaks.extend(alive.map(|entry| Leak { chain: entry.chain, count: 1, bytes: entry.size as u64 }));
                }
                table.used
            });
            if used <= leaks.capacity() {
                break;
            }
            leaks.reserve(used);
        }
        leaks.sort_unstable_by_key(|leak| leak.chain);
        leaks.dedup_by(|next, sum| {
            let same = next.chain == sum.chain;
            if same {
                sum.count += next.count;
                sum.bytes += next.bytes;
            }
            same
        });
        leaks
    }

    /// What is alive now of the chains that `wanted` names, block by block.
    #[cfg(all(feature = "preload", not(firsthit_portable)))]
    pub(crate) fn blocks(&self, wanted: impl Fn(u32) -> bool) -> Vec<Block> {
        let mut blocks = Vec::new();
        blocks.reserve_exact(self.table.with(|table| table.used));
        self.table.with(|table| {
            let alive = table.entries().iter().filter(|entry| entry.address != 0 && wanted(entry.chain));
            let room = blocks.capacity();
            blocks.extend(alive.take(room).map(|entry| Block {
                address: entry.address,
                size: entry.size,
                chain: entry.chain,
            }));
        });
        blocks
    }

    /// Where the account itself lies, from its first byte to behind its last.
    #[cfg(all(feature = "preload", not(firsthit_portable)))]
    pub(crate) fn own_memory(&self) -> (usize, usize) {
        self.table.with(|table| (table.entries.addr(), table.entries.addr() + table.capacity * size_of::<Entry>()))
    }

    /// Notes an allocation.
    pub(crate) fn add(&self, address: usize, size: usize, chain: u32) {
        self.table.with(|table| table.add(Entry { address, size, chain }));
    }

    /// Notes that an address was freed; the size and chain of what was there.
    pub(crate) fn remove(&self, address: usize) -> Option<(usize, u32)> {
        self.table.with(|table| table.remove(address))
    }
}

impl Table {
    fn entries(&mut self) -> &mut [Entry] {
        if self.capacity == 0 {
            return &mut [];
        }
        // SAFETY: `entries` is an allocation of `capacity` entries, all initialised, that this table owns.
        unsafe { std::slice::from_raw_parts_mut(self.entries, self.capacity) }
    }

    /// The place where the search for an address begins.
    fn home(address: usize, mask: usize) -> usize {
        let hash = (address as u64 >> 3).wrapping_mul(crate::chain::id::LANE_LO) >> 20;
        hash as usize & mask
    }

    fn place(&mut self, address: usize) -> Option<usize> {
        let mask = self.capacity.checked_sub(1)?;
        let home = Table::home(address, mask);
        let entries = self.entries();
        let mut places = (0..=mask).map(|step| (home + step) & mask);
        places.find(|place| entries[*place].address == address || entries[*place].address == 0)
    }

    fn add(&mut self, entry: Entry) {
        if (self.used + 1) * 2 > self.capacity && !self.grow() {
            return;
        }
        if let Some(place) = self.place(entry.address) {
            self.used += usize::from(self.entries()[place].address == 0);
            self.entries()[place] = entry;
        }
    }

    /// Frees the entry's place and moves those behind it up, so that no search meets a place of the past: addresses
    /// come back from the allocator at once, and would each time find a longer row of them.
    fn remove(&mut self, address: usize) -> Option<(usize, u32)> {
        let mut free = self.place(address)?;
        let mask = self.capacity - 1;
        let entries = self.entries();
        let removed = entries[free];
        if removed.address != address || address == 0 {
            return None;
        }
        let mut next = (free + 1) & mask;
        while entries[next].address != 0 {
            // An entry may move up unless its search begins behind the free place.
            let home = Table::home(entries[next].address, mask);
            if next.wrapping_sub(home) & mask >= next.wrapping_sub(free) & mask {
                entries[free] = entries[next];
                free = next;
            }
            next = (next + 1) & mask;
        }
        entries[free].address = 0;
        self.used -= 1;
        Some((removed.size, removed.chain))
    }

    fn grow(&mut self) -> bool {
        let capacity = (self.capacity * 2).max(4096);
        let Ok(layout) = Layout::array::<Entry>(capacity) else { return false };
        // SAFETY: the layout is not empty. Zeroed entries are free places.
        let entries = unsafe { System.alloc_zeroed(layout) }.cast::<Entry>();
        if entries.is_null() {
            return false;
        }
        let mut larger = Table { entries, capacity, used: 0 };
        for entry in self.entries().iter().filter(|entry| entry.address != 0) {
            larger.add(*entry);
        }
        let mut smaller = std::mem::replace(self, larger);
        smaller.release();
        true
    }

    fn clear(&mut self) {
        self.release();
        *self = Table { entries: std::ptr::null_mut(), capacity: 0, used: 0 };
    }

    fn release(&mut self) {
        if let (true, Ok(layout)) = (self.capacity > 0, Layout::array::<Entry>(self.capacity)) {
            // Whoever searches the process for the addresses must not find them here.
            self.entries().fill(Entry { address: 0, size: 0, chain: 0 });
            // SAFETY: `grow` allocated the entries with this layout, and the table is given up.
            unsafe { System.dealloc(self.entries.cast(), layout) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many blocks a test takes and gives back; Miri is slow.
    const MANY: usize = if cfg!(miri) { 400 } else { 20_000 };

    #[test]
    fn what_is_not_removed_is_summed_up_by_chain() {
        let live = Live {
            open: AtomicBool::new(false),
            table: Spin::new(Table { entries: std::ptr::null_mut(), capacity: 0, used: 0 }),
        };
        live.open();
        for n in 1..=MANY {
            live.add(n * 16, 10, (n % 2) as u32);
        }
        for n in 4..=MANY {
            live.remove(n * 16);
        }
        live.remove(64);
        live.remove(999_999);
        let leaks: Vec<_> = live.close().iter().map(|leak| (leak.chain, leak.count, leak.bytes)).collect();
        assert_eq!(leaks, [(0, 1, 10), (1, 2, 20)]);
        live.open();
        assert!(live.close().is_empty());
    }

    #[test]
    fn addresses_that_come_and_go_leave_no_row_behind() {
        let mut table = Table { entries: std::ptr::null_mut(), capacity: 0, used: 0 };
        let mut kept = std::collections::BTreeMap::new();
        let mut state = 1_u64;
        for n in 0..5 * MANY {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let address = ((state >> 33) as usize % 1500 + 1) * 16;
            if kept.remove(&address).is_some() {
                assert!(table.remove(address).is_some());
            } else {
                table.add(Entry { address, size: n, chain: 0 });
                kept.insert(address, n);
            }
            assert_eq!(table.used, kept.len());
        }
        assert_eq!(table.capacity, 4096);
        for (address, size) in kept {
            assert_eq!(table.remove(address), Some((size, 0)));
        }
        table.release();
    }
}
