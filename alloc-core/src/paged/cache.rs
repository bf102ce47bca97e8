//! The page cache of a file: pages come in when they are used, and go out when the machine asks for memory.

use alloc::sync::{Arc, Weak};

use super::bytes;
use super::cached::{Cached, CachedPages};
use super::index::{Entry, Index, MISSING_MAX};
use super::paged_error::PagedCause;
use super::swap::{Slot, Swap};
use super::swap_error::{SwapError, SwapWay};
use super::usage::PagedUsage;
use crate::block::PageBlock;
use crate::context::Scope;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::{Core, Machine};
use crate::page::pages::Pages;
use crate::page::reclaim::{ReclaimClass, Shrinker};
use crate::sync::lock::{Guard, Lock};
use crate::units::Order;

/// The flags of pages for the index: it tries as long as that is of use, and kills nobody.
const INDEX: Gfp = Gfp::KERNEL.with(Gfp::RETRY_MAYFAIL).with(Gfp::NOWARN);

/// The flags of pages for data.
const DATA: Gfp = INDEX.with(Gfp::HIGHMEM).with(Gfp::MOVABLE);

/// A file's cache. The machine knows it as a shrinker.
///
/// The lock is held for table work and for one transfer at a time. Neither the machine is asked for memory nor the fault
/// source for its opinion while it is: the first may come back as the shrinker, the second is its user's code.
pub(super) struct Cache {
    /// The machine that has the cache among its shrinkers.
    machine: Weak<Core>,
    pub(super) swap: Arc<Swap>,
    inside: Lock<Inside>,
}

/// What is known of a file.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) index: Index,
    pub(super) cached: CachedPages,
    pub(super) usage: PagedUsage,
    /// Why the last page that was to make room did not go out.
    trouble: Option<SwapError>,
    /// The page of the last access.
    last: u64,
    /// Of the access under way: whether its page came in for it.
    came_in: bool,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Inside {
    /// Counts an access to a page that is there now.
    fn count(&mut self, page: u64) {
        let came_in = core::mem::take(&mut self.came_in);
        let is_next = page == self.last || page == self.last + 1;
        self.last = page;
        let accesses = if is_next { &mut self.usage.sequential } else { &mut self.usage.random };
        accesses.pages += 1;
        accesses.page_ins += u64::from(came_in);
    }

    /// The bytes of a page in memory.
    pub(super) fn bytes<'a>(&'a self, machine: &'a Machine, number: u32) -> &'a [u8] {
        self.cached.get(number).map_or(&[], |cached| bytes::of(machine, &cached.memory))
    }

    /// The bytes of a page in memory, to write.
    pub(super) fn bytes_mut<'a>(&'a mut self, machine: &'a Machine, number: u32) -> &'a mut [u8] {
        self.cached.get_mut(number).map_or(&mut [], |cached| bytes::of_mut(machine, &mut cached.memory))
    }

    /// A page leaves memory, as what is in `slot` is the same.
    fn leave(&mut self, machine: &Machine, number: u32, slot: Slot) -> Option<Pages> {
        let cached = self.cached.take(number)?;
        self.index.set(machine, cached.page, Entry::Out(slot.0), &mut []);
        self.usage.out += 1;
        Some(cached.memory)
    }

    /// The page leaves memory without being written, if it is clean.
    fn drop_clean(&mut self, machine: &Machine, swap: &Swap, number: u32) -> Option<Pages> {
        let slot = self.cached.get_mut(number)?.claim(swap)?;
        self.usage.dropped += 1;
        self.leave(machine, number, slot)
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Cache {
    /// The cache of an empty file, or `None` if the process has no memory for its tables.
    pub(super) fn new(machine: &Machine, swap: Arc<Swap>) -> Option<Cache> {
        let most = machine.arena.pages();
        let (index, cached) = (Index::new(most)?, CachedPages::new(most)?);
        // No page follows the one before the first access.
        let (usage, last) = (PagedUsage::default(), u64::MAX - 1);
        let inside = Inside { index, cached, usage, trouble: None, last, came_in: false };
        Some(Cache { machine: Arc::downgrade(machine.core()), swap, inside: Lock::new(inside) })
    }

    pub(super) fn lock(&self) -> Guard<'_, Inside> {
        self.inside.lock()
    }

    /// The page that was not used longest leaves memory, if any can; its memory. With `spare` it may go to the slot that is kept for who
    /// brings another page in.
    fn evict(&self, machine: &Machine, spare: bool) -> Result<Option<Pages>, SwapError> {
        let mut inside = self.lock();
        let Some(oldest) = inside.cached.oldest() else { return Ok(None) };
        if let Some(memory) = inside.drop_clean(machine, &self.swap, oldest) {
            return Ok(Some(memory));
        }
        drop(inside);
        if !spare && self.swap.available() == 0 {
            return Err(SwapError::NoSpace);
        }
        let written = Swap::ask(machine, SwapWay::Out).and_then(|()| self.write_oldest(machine, spare));
        written.or_else(|error| self.evict_clean(machine).ok_or(error).map(Some))
    }

    fn write_oldest(&self, machine: &Machine, spare: bool) -> Result<Option<Pages>, SwapError> {
        let mut inside = self.lock();
        // Another thread may have come in between.
        let Some(oldest) = inside.cached.oldest() else { return Ok(None) };
        if let Some(memory) = inside.drop_clean(machine, &self.swap, oldest) {
            return Ok(Some(memory));
        }
        let slot = self.swap.write_unasked(inside.bytes(machine, oldest), spare)?;
        inside.usage.page_outs += 1;
        Ok(inside.leave(machine, oldest, slot))
    }

    /// Where nothing can be written: the oldest page that need not be.
    fn evict_clean(&self, machine: &Machine) -> Option<Pages> {
        let mut inside = self.lock();
        let Inside { cached, .. } = &mut *inside;
        let clean = cached.oldest_first().find(|number| cached.get(*number).is_some_and(Cached::may_be_clean));
        clean.and_then(|number| inside.drop_clean(machine, &self.swap, number))
    }

    /// Memory for a page, asked from the machine. With `exchange` a page of this file makes room if nothing else does.
    fn memory<'m>(&self, machine: &'m Machine, flags: Gfp, exchange: bool) -> Result<PageBlock<'m>, PagedCause> {
        let asked = {
            let _scope = machine.scope(Scope::NoFs);
            machine.alloc_pages(Order::ZERO, flags)
        };
        match asked {
            Ok(block) => return Ok(block),
            Err(AllocError::NoMemory) => {}
            Err(error) => return Err(PagedCause::Alloc(error)),
        }
        if exchange {
            match self.evict(machine, true) {
                Ok(Some(memory)) => return Ok(PageBlock::new(machine, memory)),
                Ok(None) => {}
                Err(error) => self.lock().trouble = Some(error),
            }
        }
        Err(match self.lock().trouble.take() {
            Some(SwapError::NoSpace) => PagedCause::NoSpace,
            Some(error) => PagedCause::Swap(error),
            None if self.swap.available() == 0 => PagedCause::NoSpace,
            None => PagedCause::Alloc(AllocError::NoMemory),
        })
    }

    /// Brings a page in from a slot.
    fn bring_in(&self, machine: &Machine, page: u64, slot: u32) -> Result<(), PagedCause> {
        let mut block = self.memory(machine, DATA, true)?;
        Swap::ask(machine, SwapWay::In).map_err(PagedCause::Swap)?;
        let mut inside = self.lock();
        if inside.index.get(machine, page) != Entry::Out(slot) {
            // Another thread was here before.
            return Ok(());
        }
        let slot = Slot(slot);
        self.swap.read_unasked(&slot, block.bytes_mut()).map_err(PagedCause::Swap)?;
        inside.came_in = true;
        inside.usage.out -= 1;
        // What is kept saves a write. In a swap that is half full the room is needed for others.
        let keeps = self.swap.used() <= self.swap.capacity() / 2;
        let kept = if keeps {
            Some(self.swap.keep(slot))
        } else {
            self.swap.free(slot);
            None
        };
        let number = inside.cached.put(block.into_pages(), page, kept);
        let number = number.unwrap_or_else(|_| unreachable!("room for every page of the machine"));
        inside.index.set(machine, page, Entry::Cached(number), &mut []);
        Ok(())
    }

    /// Where a page is in memory, to be read: `None` for a hole. The page stays there as long as the guard.
    pub(super) fn reach(&self, machine: &Machine, page: u64) -> Result<(Guard<'_, Inside>, Option<u32>), PagedCause> {
        let mut inside = self.lock();
        inside.trouble = None;
        loop {
            match inside.index.get(machine, page) {
                Entry::Hole => {
                    inside.count(page);
                    return Ok((inside, None));
                }
                Entry::Cached(number) => {
                    inside.count(page);
                    inside.cached.touch(number);
                    return Ok((inside, Some(number)));
                }
                Entry::Out(slot) => {
                    drop(inside);
                    self.bring_in(machine, page, slot)?;
                    inside = self.lock();
                }
            }
        }
    }

    /// Where a page is in memory, to be written: if it is nowhere it is made, of zeroes, or of anything if `whole` says that all
    /// of it will be written. The caller is the only one who writes to the file.
    pub(super) fn reach_mut(
        &self,
        machine: &Machine,
        page: u64,
        whole: bool,
    ) -> Result<(Guard<'_, Inside>, u32), PagedCause> {
        let mut inside = self.lock();
        inside.trouble = None;
        loop {
            let entry = inside.index.get(machine, page);
            if let Entry::Cached(number) = entry {
                inside.count(page);
                inside.cached.touch(number);
                if let Some(cached) = inside.cached.get_mut(number) {
                    cached.soil(&self.swap);
                }
                return Ok((inside, number));
            }
            let missing = inside.index.missing(machine, page);
            drop(inside);
            if let (Entry::Out(slot), false) = (entry, whole) {
                self.bring_in(machine, page, slot)?;
                inside = self.lock();
                continue;
            }
            let is_out = entry != Entry::Hole;
            if !is_out && self.swap.is_overdrawn() {
                // What is free is the place of a page that went out for one that then could not be read.
                return Err(PagedCause::NoSpace);
            }
            let zero = if whole { Gfp::NONE } else { Gfp::ZERO };
            let mut supply: [Option<PageBlock<'_>>; MISSING_MAX] = [const { None }; MISSING_MAX];
            for node in supply.iter_mut().take(missing) {
                *node = Some(self.memory(machine, INDEX | Gfp::ZERO, false)?);
            }
            let block = self.memory(machine, DATA | zero, is_out)?;
            inside = self.lock();
            if inside.index.get(machine, page) != entry {
                continue;
            }
            let number = inside.cached.put(block.into_pages(), page, None);
            let number = number.unwrap_or_else(|_| unreachable!("room for every page of the machine"));
            let mut supply = supply.map(|block| block.map(PageBlock::into_pages));
            inside.index.set(machine, page, Entry::Cached(number), &mut supply[..missing]);
            if let Entry::Out(slot) = entry {
                self.swap.free(Slot(slot));
                inside.usage.out -= 1;
            }
        }
    }

    /// Makes holes of the pages from `from` on that lie before `end`. None of them is pinned.
    pub(super) fn discard(&self, machine: &Machine, from: u64, end: u64) {
        let mut from = from;
        loop {
            let mut inside = self.lock();
            let next = inside.index.next(machine, from).filter(|(page, _)| *page < end);
            let Some((page, entry)) = next else { return };
            // A page that is given back is the machine's own.
            let mut give = |pages| drop(machine.free(pages));
            inside.index.clear(machine, page, &mut give);
            match entry {
                Entry::Cached(number) => {
                    if let Some(mut cached) = inside.cached.take(number) {
                        cached.soil(&self.swap);
                        give(cached.memory);
                    }
                }
                Entry::Out(slot) => {
                    self.swap.free(Slot(slot));
                    inside.usage.out -= 1;
                }
                Entry::Hole => {}
            }
            from = page + 1;
        }
    }

    /// The numbers, as they are now.
    pub(super) fn usage(&self) -> PagedUsage {
        let inside = self.lock();
        let (cached, pinned) = (inside.cached.len() as u64, inside.cached.pinned() as u64);
        PagedUsage { cached, pinned, index: inside.index.nodes() as u64, ..inside.usage }
    }
}

impl Shrinker for Cache {
    fn class(&self) -> ReclaimClass {
        ReclaimClass::Io
    }

    /// The pages that are not pinned, as far as there is room to write them to. Clean ones have their room.
    fn count(&self) -> u64 {
        let inside = self.lock();
        ((inside.cached.len() - inside.cached.pinned()) as u64).min(u64::from(self.swap.available()))
    }

    fn scan(&self, pages: u64, free: &mut dyn FnMut(Pages)) {
        let Some(machine) = self.machine.upgrade().map(Machine::of_core) else { return };
        for _ in 0..pages {
            match self.evict(&machine, false) {
                Ok(Some(memory)) => free(memory),
                Ok(None) | Err(SwapError::NoSpace) => break,
                Err(error) => {
                    self.lock().trouble = Some(error);
                    break;
                }
            }
        }
    }
}
