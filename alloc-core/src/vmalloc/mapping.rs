//! vmalloc: single frames from anywhere, mapped side by side by the operating system's page tables.
#![expect(unsafe_code, reason = "hands out the bytes of mapped areas")]

use core::alloc::Layout;
use core::fmt;
use core::sync::atomic::Ordering::Relaxed;

use super::tables::COVERED;
use crate::error::AllocError;
use crate::fault::source::Capability;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::misuse::Misuse;
use crate::page::frame::{FrameList, State};
use crate::retries::Retried;
use crate::units::{FrameNumber, NodeId, Order, PAGE_SIZE};

/// The flags that vmalloc knows.
const SUPPORTED: Gfp = Gfp::USER
    .with(Gfp::ATOMIC)
    .with(Gfp::NOWAIT)
    .with(Gfp::NOFAIL)
    .with(Gfp::ZERO)
    .with(Gfp::NORETRY)
    .with(Gfp::RETRY_MAYFAIL)
    .with(Gfp::ACCOUNT)
    .with(Gfp::NOLOCKDEP)
    .with(Gfp::FALLBACK)
    .with(Gfp::CONVERTED);

/// An area of pages that lie side by side, whatever frames they are. Given back on drop.
///
/// The page behind it is nobody's: running over the end faults.
///
/// # Invariants
/// `blocks` are owned by this area, and the window's pages from `at` on are their memory.
pub struct Area<'m> {
    pub(crate) machine: &'m Machine,
    pub(super) at: usize,
    pub(super) pages: usize,
    pub(super) size: usize,
    pub(super) blocks: FrameList,
    pub(super) mappings: usize,
    /// Page tables that it uses, from the one on that its beginning lies in.
    pub(super) tables: usize,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Area<'_> {
    /// The area's bytes, as many as were asked for.
    pub fn bytes(&self) -> &[u8] {
        let Some(bytes) = self.machine.arena.window_bytes(self.at, self.pages) else { return &[] };
        // SAFETY: 1. The range is mapped to frames of this area, which are initialised memory as long as the area lives.
        // 2. Nobody else owns those frames, so nobody writes while `self` is borrowed.
        unsafe { &bytes.as_ref()[..self.size] }
    }

    /// The area's bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        let Some(mut bytes) = self.machine.arena.window_bytes(self.at, self.pages) else { return &mut [] };
        // SAFETY: as in `bytes`, and `self` is borrowed exclusively.
        unsafe { &mut bytes.as_mut()[..self.size] }
    }

    /// How many mappings it took: one for each run of frames that happened to lie side by side.
    pub fn mappings(&self) -> usize {
        self.mappings
    }

    /// The frame behind a byte of the area, or `None` beyond its end.
    pub fn frame_at(&self, byte: usize) -> Option<FrameNumber> {
        let mut skip = (byte < self.pages * PAGE_SIZE).then_some((byte / PAGE_SIZE) as u64)?;
        let state = self.machine.raw();
        // The list has the newest block first, and the newest is the last of the area.
        let mut pages = self.pages as u64;
        self.blocks.iter(&state.frames).find_map(|frame| {
            pages -= state.frames.get(frame)?.order.pages();
            let within = skip.checked_sub(pages)?;
            skip = within;
            Some(FrameNumber(frame + within as u32))
        })
    }

    /// Gets one more block of at most `want` pages. Large ones are nice to have; single ones are what was asked for.
    fn extend(&mut self, node: Option<NodeId>, want: usize, flags: Gfp) -> Result<(FrameNumber, usize), AllocError> {
        let machine = self.machine;
        let largest = Order::new(want.ilog2()).min(machine.raw().policy.largest);
        let cheap = flags.without(Gfp::DIRECT_RECLAIM | Gfp::NOFAIL | Gfp::RETRY_MAYFAIL)
            | Gfp::NOWARN
            | Gfp::NORETRY
            | Gfp::FALLBACK;
        // Blocks that lie side by side share a mapping, so they are taken one by one from the free lists.
        let ask = |order, flags| machine.request(machine.current(), node, order, flags)?.once().finish();
        let large = (1..=largest.get()).rev().find_map(|order| {
            let free = machine.raw().zones.iter().any(|zone| zone.buddy.has(Order::new(order)));
            free.then(|| ask(Order::new(order), cheap).ok()).flatten()
        });
        let block = large.map_or_else(|| ask(Order::ZERO, flags), Ok)?.into_pages();
        let mut state = machine.raw();
        state.frames.at(block.frame().0).state = State::Mapped;
        self.blocks.push(&mut state.frames, block.frame().0);
        Ok((block.frame(), block.order().pages() as usize))
    }

    /// Maps a run of frames behind the pages that are mapped already.
    fn map(&mut self, done: usize, first: FrameNumber, pages: usize, flags: Gfp) -> Result<(), AllocError> {
        let (table, last) = (self.at / COVERED, (self.at + done + pages - 1) / COVERED);
        while table + self.tables <= last {
            self.machine.enter_table(table + self.tables, flags)?;
            self.tables += 1;
        }
        let most = self.machine.raw().policy.mappings_max;
        // The mapping is counted before it is made, and made with no lock held.
        let mut addresses = self.machine.addresses.lock();
        if addresses.mappings >= most {
            return Err(AllocError::NoMappings);
        }
        addresses.mappings += 1;
        self.mappings += 1;
        drop(addresses);
        self.machine.arena.map(self.at + done, first, pages).map_err(|_| {
            self.machine.addresses.lock().mappings -= 1;
            self.mappings -= 1;
            AllocError::NoMappings
        })
    }

    /// Fills the area with frames, those of a node first, run by run.
    fn fill(&mut self, node: Option<NodeId>, flags: Gfp) -> Result<(), AllocError> {
        let (mut done, mut got) = (0, 0);
        // What is at hand may be what is missing to large blocks.
        drop(self.machine.state());
        let mut run: Option<(FrameNumber, usize)> = None;
        while got < self.pages {
            let (frame, pages) = self.extend(node, self.pages - got, flags.without(Gfp::ZERO))?;
            got += pages;
            run = match run {
                Some((first, len)) if first.0 as usize + len == frame.0 as usize => Some((first, len + pages)),
                Some((first, len)) => {
                    self.map(done, first, len, flags)?;
                    done += len;
                    Some((frame, pages))
                }
                None => Some((frame, pages)),
            };
        }
        run.map_or(Ok(()), |(first, len)| self.map(done, first, len, flags))?;
        if flags.contains(Gfp::ZERO) {
            self.bytes_mut().fill(0);
        }
        Ok(())
    }
}

impl fmt::Debug for Area<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Area({} bytes in {} mappings)", self.size, self.mappings)
    }
}

impl Drop for Area<'_> {
    fn drop(&mut self) {
        self.machine.arena.unmap(self.at, self.pages);
        let mut addresses = self.machine.addresses.lock();
        addresses.mappings -= self.mappings;
        addresses.give(self.at);
        drop(addresses);
        let table = self.at / COVERED;
        (table..table + self.tables).for_each(|table| self.machine.leave_table(table));
        let mut state = self.machine.raw();
        while let Some(frame) = self.blocks.pop(&mut state.frames) {
            state.give(frame);
        }
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Machine {
    /// An area of `size` bytes whose pages lie side by side for whoever reads them, and need not in the machine.
    ///
    /// The frames are asked for one by one with the caller's flags, so small-order rules hold for any size. Flags that
    /// vmalloc does not know are noted and left out ([`Misuse::VmallocUnknown`]). For each stretch of 512 pages that an
    /// area lies in, a page more is asked for, as a page table, as [`Policy::vmalloc_inner`](crate::Policy::vmalloc_inner)
    /// says; it is given back with the last area there.
    ///
    /// # Errors
    /// [`AllocError::InvalidFlags`] for such flags if the policy is strict; [`AllocError::ZeroSize`]; [`AllocError::Impossible`] for more than the machine has; [`AllocError::NoAddresses`] and
    /// [`AllocError::NoMappings`], the latter also where the host cannot map; and those of a request for a page. Whatever
    /// the reason, nothing is kept.
    pub fn vmalloc(&self, size: usize, flags: Gfp) -> Result<Area<'_>, AllocError> {
        self.vmalloc_on(None, size, 1, flags)
    }

    /// An area from a node's zones first, at an address that is aligned as asked for: also beyond a page.
    ///
    /// # Errors
    /// Those of [`Machine::vmalloc`], and [`AllocError::NoSuchNode`].
    pub fn vmalloc_aligned(&self, node: Option<NodeId>, layout: Layout, flags: Gfp) -> Result<Area<'_>, AllocError> {
        self.vmalloc_on(node, layout.size(), layout.align(), flags)
    }

    fn vmalloc_on(&self, node: Option<NodeId>, size: usize, align: usize, flags: Gfp) -> Result<Area<'_>, AllocError> {
        if size == 0 {
            return Err(AllocError::ZeroSize);
        }
        let known = flags.without(flags.without(SUPPORTED));
        if known != flags {
            let mut state = self.state();
            state.note_misuse(Misuse::VmallocUnknown, self.current(), Order::for_layout(size, 1), flags);
            if state.policies.at(state.policy_of(self.current())).strict {
                return Err(AllocError::InvalidFlags);
            }
        }
        self.area(node, size, align, known)
    }

    /// An area, whatever the flags are.
    pub(crate) fn area(
        &self,
        node: Option<NodeId>,
        size: usize,
        align: usize,
        flags: Gfp,
    ) -> Result<Area<'_>, AllocError> {
        self.note_bytes(size);
        if size.div_ceil(PAGE_SIZE) as u64 > self.raw().managed() {
            return Err(self.impossible(AllocError::Impossible, size, flags));
        }
        let made = self.make_area(node, size, align, flags);
        if made.is_err() || self.retries_watched.load(Relaxed) {
            self.watch_area(size, flags, made.is_ok());
        }
        made
    }

    /// An area was made or could not be: ends the row of failures of its size, or makes it longer. What its pages count in
    /// rows of their own is part of the area's.
    #[cold]
    fn watch_area(&self, size: usize, flags: Gfp, made: bool) {
        let (task, state) = (self.current(), &mut *self.raw());
        let site = state.site_of(task);
        let area = Retried { site, bytes: size, area: true };
        state.retries.served(task, if made { area } else { Retried { site, bytes: PAGE_SIZE, area: false } });
        if !made && !flags.contains(Gfp::NOWARN) {
            state.watch_failure(task, area, Order::for_layout(size, 1), flags);
        }
    }

    fn make_area(&self, node: Option<NodeId>, size: usize, align: usize, flags: Gfp) -> Result<Area<'_>, AllocError> {
        let pages = size.div_ceil(PAGE_SIZE);
        self.ask(Capability::Vmalloc, size, flags, None)?;
        let mut addresses = self.addresses.lock();
        let room = addresses.room(flags.may_wait());
        let at = match align / PAGE_SIZE {
            0 | 1 => addresses.take(pages, room),
            align => addresses.take_where(pages, room, |page| self.arena.window_aligned(page, align)),
        };
        let at = at.ok_or(AllocError::NoAddresses)?;
        drop(addresses);
        let mut area = Area { machine: self, at, pages, size, blocks: FrameList::EMPTY, mappings: 0, tables: 0 };
        area.fill(node, flags)?;
        Ok(area)
    }
}
