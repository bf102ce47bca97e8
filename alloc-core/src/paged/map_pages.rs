//! The pages of a mapped slice: which are in memory and which in swap, and how they change places.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::map_error::{MapError, PageInFailure};
use super::map_window::bytes_of;
use super::swap::{Slot, Swap};
use super::swap_error::SwapWay;
use super::uffd::Uffd;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::page::pages::Pages;
use crate::units::{Order, PAGE_SIZE, TaskId};

/// Where a page is.
#[derive(Debug)]
pub(super) enum Place {
    /// Nowhere: it was never touched, and is zero.
    Nowhere,
    Swap(Slot),
    /// In memory, in this page of the machine or in its stead.
    Memory(Pages),
    /// In memory, and not before its users: there was no mapping to be had.
    Unmapped(Pages),
    /// It could not be brought in. It is where it was, but whoever touches it finds poison.
    Poisoned(Option<Slot>),
    /// As above, and SIGBUS.
    Broken(Option<Slot>),
}

/// How pages are put before their users.
pub(super) enum Way {
    /// In the window of the machine's host, from this page on.
    Window(usize),
    /// In a range of their own.
    Uffd(Arc<Uffd>),
}

/// What came of a touch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Touched {
    /// The thread can go on.
    There,
    /// It gets SIGBUS.
    Signal,
}

/// What a map has done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct MapUsage {
    /// Pages in all.
    pub pages: usize,
    /// Pages in memory.
    pub resident: usize,
    /// Pages in swap.
    pub out: usize,
    /// Touches of pages that were not in memory.
    pub faults: u64,
    /// Pages that were read from swap.
    pub pages_in: u64,
    /// Pages that were written to swap.
    pub pages_out: u64,
    /// Touches of pages that could not be brought in.
    pub failures: u64,
}

/// The pages of one map.
///
/// # Invariants
/// `resident` has the numbers of the pages that are in memory, those that came first first; it has room for all that may be.
pub(super) struct MapPages {
    pub(super) machine: Machine,
    swap: Arc<Swap>,
    task: TaskId,
    pub(super) way: Way,
    pub(super) places: Vec<Place>,
    resident: VecDeque<u32>,
    resident_max: usize,
    pub(super) on_failure: PageInFailure,
    /// Whether a guard is at work, and the first error that it is to tell.
    pub(super) guarded: bool,
    pub(super) error: Option<MapError>,
    /// A page of the machine for those that cannot be brought in.
    pub(super) spare: Option<Pages>,
    coming: Box<[u8; PAGE_SIZE]>,
    pub(super) going: Box<[u8; PAGE_SIZE]>,
    pub(super) usage: MapUsage,
}

/// Asked for in the name of the map's task, and no shrinker is called for it: the map gives up pages of its own instead.
const FLAGS: Gfp = Gfp::NOWAIT;

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl MapPages {
    /// So many pages, all of them zero and nowhere.
    pub(super) fn new(
        machine: &Machine,
        swap: &Arc<Swap>,
        pages: usize,
        way: Way,
        on_failure: PageInFailure,
        resident_max: usize,
    ) -> Result<MapPages, MapError> {
        let (mut places, mut resident) = (Vec::new(), VecDeque::new());
        let most = resident_max.clamp(1, machine.arena.pages()).min(pages);
        places.try_reserve_exact(pages).map_err(|_| MapError::NoMemory)?;
        resident.try_reserve_exact(most).map_err(|_| MapError::NoMemory)?;
        places.resize_with(pages, || Place::Nowhere);
        let mut map = MapPages {
            machine: machine.share(),
            swap: Arc::clone(swap),
            task: machine.current(),
            way,
            places,
            resident,
            resident_max: most,
            on_failure,
            guarded: false,
            error: None,
            spare: None,
            coming: Box::new([0; PAGE_SIZE]),
            going: Box::new([0; PAGE_SIZE]),
            usage: MapUsage { pages, ..MapUsage::default() },
        };
        if on_failure != PageInFailure::Signal && matches!(map.way, Way::Window(_)) {
            map.spare = Some(map.page().map_err(MapError::Alloc)?);
        }
        Ok(map)
    }

    pub(super) fn usage(&self) -> MapUsage {
        let out = self.places.iter().filter(|place| matches!(place, Place::Swap(_))).count();
        MapUsage { resident: self.resident.len(), out, ..self.usage }
    }

    /// Pages in memory.
    pub(super) fn resident(&self) -> usize {
        self.resident.len()
    }

    /// The pages that could not be brought in, and where poison is instead, or a signal.
    pub(super) fn failed(&self) -> Vec<usize> {
        let failed = |place: &Place| matches!(place, Place::Poisoned(_) | Place::Broken(_));
        self.places.iter().enumerate().filter(|(_, place)| failed(place)).map(|(page, _)| page).collect()
    }

    /// Compares the tables with each other.
    pub(super) fn audit(&self) -> Result<(), &'static str> {
        let in_memory = |place: &&Place| matches!(place, Place::Memory(_) | Place::Unmapped(_));
        let known = |page: &u32| self.places.get(*page as usize).is_some_and(|place| in_memory(&place));
        let mut numbers: Vec<u32> = self.resident.iter().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        match () {
            () if !self.resident.iter().all(known) => Err("the list of pages in memory names one that is not"),
            () if numbers.len() != self.resident.len() => Err("the list of pages in memory names one twice"),
            () if self.places.iter().filter(in_memory).count() != numbers.len() => {
                Err("the list of pages in memory does not name them all")
            }
            () => Ok(()),
        }
    }

    /// A page of the machine.
    fn page(&self) -> Result<Pages, AllocError> {
        let ask = || self.machine.alloc_pages(Order::ZERO, FLAGS).map(crate::block::PageBlock::into_pages);
        self.machine.run_as(self.task, ask)
    }

    /// Somebody has touched a page that was not there, or wanted to write to one that was frozen.
    pub(super) fn touch(&mut self, page: usize) -> Touched {
        let slot = match self.places.get_mut(page) {
            None => return Touched::Signal,
            Some(Place::Memory(_) | Place::Poisoned(_)) => {
                // Another thread was faster; or the page was frozen when it wanted to write.
                if let Way::Uffd(uffd) = &self.way {
                    uffd.thaw(page);
                    uffd.wake(page);
                }
                return Touched::There;
            }
            Some(place @ Place::Unmapped(_)) => {
                let (Way::Window(at), Place::Unmapped(pages)) = (&self.way, &*place) else { return Touched::Signal };
                if self.machine.map_one(at + page, pages).is_err() {
                    return Touched::Signal;
                }
                if let Place::Unmapped(pages) = core::mem::replace(place, Place::Nowhere) {
                    *place = Place::Memory(pages);
                }
                return Touched::There;
            }
            // What failed is tried again.
            Some(place) => match core::mem::replace(place, Place::Nowhere) {
                Place::Swap(slot) => Some(slot),
                Place::Broken(slot) => {
                    if let Way::Uffd(uffd) = &self.way {
                        uffd.discard(page);
                    }
                    slot
                }
                Place::Nowhere | Place::Memory(_) | Place::Unmapped(_) | Place::Poisoned(_) => None,
            },
        };
        self.usage.faults += 1;
        match self.bring_in(page, slot.as_ref()) {
            Ok(pages) => {
                self.places[page] = Place::Memory(pages);
                self.resident.push_back(page as u32);
                slot.into_iter().for_each(|slot| self.swap.free(slot));
                Touched::There
            }
            Err(error) => self.fail(page, slot, error),
        }
    }

    /// Puts a page before its users, with what stands in its slot or zeroes, and gives the page of the machine that it takes.
    fn bring_in(&mut self, page: usize, slot: Option<&Slot>) -> Result<Pages, MapError> {
        // What is read is read first: if that fails, nothing has changed.
        match slot {
            Some(slot) => {
                Swap::ask(&self.machine, SwapWay::In).map_err(MapError::Swap)?;
                self.swap.read_unasked(slot, &mut self.coming[..]).map_err(MapError::Swap)?;
                self.usage.pages_in += 1;
            }
            None => self.coming.fill(0),
        }
        let free = if self.resident.len() < self.resident_max { self.page() } else { Err(AllocError::NoMemory) };
        let mut pages = match free {
            Ok(pages) => {
                if let Way::Uffd(_) = &self.way {
                    // It stands for memory elsewhere, and has none of its own.
                    self.machine.arena.release(pages.frame(), Order::ZERO);
                }
                pages
            }
            Err(error) => self.evict(slot.is_some())?.ok_or(MapError::Alloc(error))?,
        };
        let filled = match &self.way {
            Way::Uffd(uffd) => uffd.fill(page, &self.coming).map_err(MapError::System),
            Way::Window(at) => {
                let at = at + page;
                bytes_of(&self.machine, &mut pages).copy_from_slice(&self.coming[..]);
                match self.machine.map_one(at, &pages) {
                    Ok(()) => Ok(()),
                    // A page less in memory is a mapping less, or two.
                    Err(error) => match self.evict(slot.is_some()) {
                        Ok(Some(gone)) => {
                            self.give(gone);
                            self.machine.map_one(at, &pages)
                        }
                        Ok(None) | Err(_) => Err(error),
                    },
                }
            }
        };
        match filled {
            Ok(()) => Ok(pages),
            Err(error) => {
                self.give(pages);
                Err(error)
            }
        }
    }

    /// Writes the page that came first to swap, and gives the page of the machine that it took; `None` if there is none.
    /// With `spare`, a slot will be freed soon.
    pub(super) fn evict(&mut self, spare: bool) -> Result<Option<Pages>, MapError> {
        let Some(page) = self.resident.front().map(|page| *page as usize) else { return Ok(None) };
        Swap::ask(&self.machine, SwapWay::Out).map_err(MapError::Swap)?;
        let is_mapped = matches!(self.places.get(page), Some(Place::Memory(_)));
        let Some(Place::Memory(pages) | Place::Unmapped(pages)) = self.places.get_mut(page) else { return Ok(None) };
        // From here on nobody can write to it.
        let going: &[u8] = match &self.way {
            Way::Uffd(uffd) => {
                uffd.freeze(page, &mut self.going).map_err(MapError::System)?;
                &self.going[..]
            }
            Way::Window(at) => {
                if is_mapped {
                    self.machine.unmap_one(at + page);
                }
                bytes_of(&self.machine, pages)
            }
        };
        let written = self.swap.write_unasked(going, spare);
        let slot = match (written, &self.way) {
            (Ok(slot), Way::Uffd(uffd)) => {
                // Those who wanted to write to it while it was frozen are in the queue, and have it brought in again.
                uffd.discard(page);
                slot
            }
            (Ok(slot), Way::Window(_)) => slot,
            (Err(error), Way::Uffd(uffd)) => {
                uffd.thaw(page);
                return Err(MapError::Swap(error));
            }
            (Err(error), Way::Window(at)) => {
                let mapped = self.machine.map_one(at + page, pages).is_ok();
                if let Place::Memory(pages) | Place::Unmapped(pages) =
                    core::mem::replace(&mut self.places[page], Place::Nowhere)
                {
                    self.places[page] = if mapped { Place::Memory(pages) } else { Place::Unmapped(pages) };
                }
                return Err(MapError::Swap(error));
            }
        };
        self.usage.pages_out += 1;
        self.resident.pop_front();
        match core::mem::replace(&mut self.places[page], Place::Swap(slot)) {
            Place::Memory(pages) | Place::Unmapped(pages) => Ok(Some(pages)),
            other => {
                self.places[page] = other;
                Ok(None)
            }
        }
    }

    fn give(&self, pages: Pages) {
        let given = self.machine.free(pages);
        debug_assert!(given.is_ok(), "the page is the machine's");
    }

    /// Gives everything back: nobody touches the pages any more.
    pub(super) fn clear(&mut self) {
        self.heal();
        self.resident.clear();
        for page in 0..self.places.len() {
            match core::mem::replace(&mut self.places[page], Place::Nowhere) {
                Place::Nowhere | Place::Poisoned(None) | Place::Broken(None) => {}
                Place::Swap(slot) | Place::Poisoned(Some(slot)) | Place::Broken(Some(slot)) => self.swap.free(slot),
                Place::Memory(pages) => {
                    if let Way::Window(at) = &self.way {
                        self.machine.unmap_one(at + page);
                    }
                    self.give(pages);
                }
                Place::Unmapped(pages) => self.give(pages),
            }
        }
        self.spare.take().into_iter().for_each(|spare| self.give(spare));
    }
}
