//! Whether anything still refers to a block: the memory of the process is searched for its address.
//!
//! At the end of a run statics, caches and the stacks of living threads hold memory for good, and what they hold differs
//! from run to run. Only what nothing refers to is lost. A word that looks like an address counts as one, and so does
//! what stands in memory that was given back: some losses are not seen, and none is invented.
#![expect(unsafe_code, reason = "reads memory by the kernel's hand, which refuses what is not there")]

use std::ffi::c_void;

use crate::explore::unix;
use crate::memory::live::Block;
use crate::scope::shared::Scope;

/// How much is read at a time, in bytes.
const STEP: usize = 256 << 10;

/// What the search begins with, and what it must not look into.
pub(crate) struct Roots<'a> {
    /// The registers of the code whose end it is.
    pub(crate) registers: &'a [usize],
    /// Memory that holds addresses without referring to anything: the account's, and stacks of the past.
    pub(crate) excluded: &'a [(usize, usize)],
}

/// Those of the blocks that neither other memory of the process nor a block that it refers to refers to.
pub(crate) fn lost(mut blocks: Vec<Block>, roots: &Roots<'_>) -> Vec<Block> {
    blocks.sort_unstable_by_key(|block| block.address);
    let mut room = vec![0_u64; STEP / 8];
    let of = |start: usize, bytes: usize| (start, start + bytes);
    let own = [of(blocks.as_ptr().addr(), size_of_val(&blocks[..])), of(room.as_ptr().addr(), size_of_val(&room[..]))];
    let excluded: Vec<_> = own.iter().chain(roots.excluded).copied().collect();
    let mut search = Search { found: vec![false; blocks.len()], next: Vec::new(), blocks: &blocks };
    roots.registers.iter().for_each(|word| search.word(*word));
    for (begin, end) in writable() {
        search.outside(begin, end, &excluded, &mut room);
    }
    search.follow(&mut room);
    let found = search.found;
    let lost = blocks.iter().zip(found).filter(|(_, found)| !found);
    lost.map(|(block, _)| *block).collect()
}

struct Search<'a> {
    /// By their addresses.
    blocks: &'a [Block],
    found: Vec<bool>,
    /// Blocks that are referred to and have not been looked into.
    next: Vec<usize>,
}

impl Search<'_> {
    /// Looks into every block that something refers to: what it refers to is referred to.
    fn follow(&mut self, room: &mut [u64]) {
        while let Some(block) = self.next.pop() {
            let Block { address, size, .. } = self.blocks[block];
            self.range(address, address + size, room);
        }
    }

    /// Looks into memory but for the blocks themselves and what is excluded.
    fn outside(&mut self, begin: usize, end: usize, excluded: &[(usize, usize)], room: &mut [u64]) {
        let here = self.blocks.iter().map(|block| (block.address, block.address + block.size));
        let mut holes: Vec<_> =
            here.chain(excluded.iter().copied()).filter(|hole| hole.0 < end && hole.1 > begin).collect();
        holes.sort_unstable();
        let mut from = begin;
        for (hole, behind) in holes {
            self.range(from, hole.min(end), room);
            from = from.max(behind);
        }
        self.range(from, end, room);
    }

    /// Looks into all whole words from `begin` to `end`.
    fn range(&mut self, begin: usize, end: usize, room: &mut [u64]) {
        let mut at = begin.next_multiple_of(8);
        while at + 8 <= end {
            let bytes = (end - at).min(size_of_val(room)) & !7;
            let read = read(at, &mut room[..bytes / 8]);
            for word in &room[..read / 8] {
                self.word(*word as usize);
            }
            // What cannot be read was unmapped meanwhile, or is the kernel's: the next page may be there.
            at = if read < 8 { (at + 1).next_multiple_of(4096) } else { at + (read & !7) };
        }
    }

    fn word(&mut self, word: usize) {
        let behind = self.blocks.partition_point(|block| block.address <= word);
        let Some(place) = behind.checked_sub(1) else { return };
        let block = &self.blocks[place];
        let inside = word < block.address + block.size.max(1);
        if inside && !self.found[place] && !begins_next(block, word) {
            self.found[place] = true;
            self.next.push(place);
        }
    }
}

/// Whether an address is where the C library's allocator has the chunk behind this block begin: it lends a block the first
/// word of its neighbour, and knows that by its address.
///
/// A chunk is a word longer than its block, of a multiple of 16 bytes, at least 32, and begins 16 bytes before it:
/// <https://sourceware.org/glibc/wiki/MallocInternals>
fn begins_next(block: &Block, word: usize) -> bool {
    let chunk = (block.size + 8).next_multiple_of(16).max(32);
    word + 16 == block.address + chunk
}

/// The registers that a function keeps for its caller, as they are where this is inlined.
#[inline(always)]
pub(crate) fn callers_registers() -> [usize; 10] {
    let mut registers = [0; 10];
    // SAFETY: the blocks only copy registers.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        core::arch::asm!(
            "mov [{0}], rbx", "mov [{0} + 8], rbp", "mov [{0} + 16], r12", "mov [{0} + 24], r13",
            "mov [{0} + 32], r14", "mov [{0} + 40], r15",
            in(reg) registers.as_mut_ptr(), options(nostack, preserves_flags),
        );
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        core::arch::asm!(
            "stp x19, x20, [{0}]", "stp x21, x22, [{0}, #16]", "stp x23, x24, [{0}, #32]", "stp x25, x26, [{0}, #48]",
            "stp x27, x28, [{0}, #64]",
            in(reg) registers.as_mut_ptr(), options(nostack, preserves_flags),
        );
    }
    registers
}

/// The stacks that hold nothing but the past: of this thread what lies below `here`, and those of threads that have ended.
pub(crate) fn past_stacks(scope: &Scope, here: usize) -> Vec<(usize, usize)> {
    let living: Vec<u32> = unix::thread_ids().into_iter().flatten().collect();
    let maps = writable();
    let range = |address: usize| maps.iter().find(|(begin, end)| (*begin..*end).contains(&address)).copied();
    let mut past: Vec<_> = range(here).map(|(begin, _)| (begin, here)).into_iter().collect();
    let frames = |alive: bool| {
        let of_scope = scope.threads().filter(move |thread| living.contains(&thread.kernel_id.get()) == alive);
        of_scope.map(|thread| thread.place.get().boundary.fp).filter_map(range).collect::<Vec<_>>()
    };
    let (mut ended, alive) = (frames.clone()(false), frames(true));
    // A stack that another thread was given is in use.
    ended.retain(|stack| !alive.contains(stack));
    past.extend(ended);
    past
}

/// Copies this process's own memory; how many bytes could be.
fn read(from: usize, room: &mut [u64]) -> usize {
    let local = libc::iovec { iov_base: room.as_mut_ptr().cast::<c_void>(), iov_len: size_of_val(room) };
    let remote = libc::iovec { iov_base: std::ptr::without_provenance_mut(from), iov_len: size_of_val(room) };
    // SAFETY: writes into the room, of this length; what is read is the kernel's to judge.
    let read = unsafe { libc::process_vm_readv(libc::getpid(), &raw const local, 1, &raw const remote, 1, 0) };
    usize::try_from(read).unwrap_or(0)
}

/// The writable memory of the process, but for what is shared with the sweep's others.
pub(crate) fn writable() -> Vec<(usize, usize)> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let ranges = maps.lines().filter_map(|line| {
        let (range, rest) = line.split_once(' ')?;
        let meant = rest.starts_with("rw") && !rest.contains("/memfd:firsthit");
        let (begin, end) = range.split_once('-').filter(|_| meant)?;
        Some((usize::from_str_radix(begin, 16).ok()?, usize::from_str_radix(end, 16).ok()?))
    });
    ranges.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(words: &[usize]) -> Block {
        Block { address: words.as_ptr().addr(), size: size_of_val(words), chain: 0 }
    }

    #[test]
    fn what_only_lost_blocks_refer_to_is_lost() {
        let leaf = vec![0_usize; 8];
        let held = vec![leaf.as_ptr().addr() + 8; 8];
        let cycle = [const { std::cell::Cell::new(0) }; 2].map(|cell| vec![cell; 4]);
        cycle[0][1].set(cycle[1].as_ptr().addr());
        cycle[1][2].set(cycle[0].as_ptr().addr());
        let of_cells =
            |cells: &Vec<std::cell::Cell<usize>>| Block { address: cells.as_ptr().addr(), size: 32, chain: 0 };
        let mut blocks = vec![block(&leaf), block(&held), of_cells(&cycle[0]), of_cells(&cycle[1])];
        blocks.sort_unstable_by_key(|block| block.address);
        let found = |roots: &[usize]| {
            let mut search = Search { found: vec![false; blocks.len()], next: Vec::new(), blocks: &blocks };
            let mut room = vec![0; 4];
            let root = block(roots);
            search.range(root.address, root.address + root.size, &mut room);
            search.follow(&mut room);
            let by_address: Vec<_> =
                blocks.iter().zip(search.found).map(|(block, found)| (block.address, found)).collect();
            [leaf.as_ptr().addr(), held.as_ptr().addr(), cycle[0].as_ptr().addr(), cycle[1].as_ptr().addr()]
                .map(|address| by_address.contains(&(address, true)))
        };
        assert_eq!(found(&[1, 2, 3]), [false; 4]);
        assert_eq!(found(&[0, held.as_ptr().addr()]), [true, true, false, false]);
        assert_eq!(found(&[leaf.as_ptr().addr()]), [true, false, false, false]);
        assert_eq!(found(&[cycle[0].as_ptr().addr() + 16]), [false, false, true, true], "inside of a block, too");
    }

    #[test]
    fn memory_that_is_not_there_ends_nothing() {
        let mut room = [0; 8];
        assert_eq!(read(8, &mut room), 0);
        let words = [7_u64; 8];
        assert_eq!((read(words.as_ptr().addr(), &mut room), room), (64, words));
    }

    #[test]
    fn this_programs_memory_is_listed() {
        let (on_heap, on_stack) = (vec![0_u8; 1 << 20], 0_u8);
        let holds = |address: usize| writable().iter().any(|(begin, end)| (*begin..*end).contains(&address));
        assert!(holds(on_heap.as_ptr().addr()) && holds((&raw const on_stack).addr()));
    }
}
