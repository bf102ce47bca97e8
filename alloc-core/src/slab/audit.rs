//! The slab audit: every slab and every object is looked at, and the first thing that is not as it must be is named.
#![expect(unsafe_code, reason = "reads the bytes around objects")]

use alloc::vec::Vec;
use core::fmt;

use super::cache_core::CacheCore;
use super::guard::Guards;
use super::lists::Lists;
use super::object::ObjectState;
use crate::machine::Machine;
use crate::page::frame::State;
use crate::task::TaskId;
use crate::units::{FrameNumber, PAGE_SIZE};

/// What an audit of the slabs found wrong: memory was written that was not the writer's, or the machine has a bug.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SlabAuditError {
    /// The cache, if it is one's.
    pub cache: Option<&'static str>,
    /// Where it was seen, in bytes from the start of the machine's memory: the object, or the slab.
    pub at: usize,
    /// What is wrong.
    pub what: &'static str,
    /// Who last took the object, if the cache remembers it.
    pub taken_by: Option<TaskId>,
    /// Who last gave it back.
    pub freed_by: Option<TaskId>,
}

impl SlabAuditError {
    pub(crate) fn frame(&self) -> FrameNumber {
        FrameNumber((self.at / PAGE_SIZE) as u32)
    }
}

impl fmt::Display for SlabAuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cache {}, {:#x}: {}", self.cache.unwrap_or("?"), self.at, self.what)?;
        if let Some(task) = self.taken_by {
            write!(f, "; last taken by task {}", task.0)?;
        }
        self.freed_by.map_or(Ok(()), |task| write!(f, "; last given back by task {}", task.0))
    }
}

impl core::error::Error for SlabAuditError {}

fn wrong(cache: Option<&'static str>, at: usize, what: &'static str) -> SlabAuditError {
    SlabAuditError { cache, at, what, taken_by: None, freed_by: None }
}

/// What the slabs of a cache add up to.
#[derive(Default, PartialEq, Eq)]
struct Sum {
    slabs: usize,
    objects: usize,
    free: usize,
}

impl Machine {
    /// Looks at every slab of the machine, and at every object. Nobody else may use the machine meanwhile.
    ///
    /// # Errors
    /// The first thing that is not as it must be.
    pub fn audit_slabs(&self) -> Result<(), SlabAuditError> {
        let books = &self.slabs.books;
        for frame in (0..books.table.len()).filter(|frame| books.table.cache(*frame as u32).is_none()) {
            if books.objects.count(frame * PAGE_SIZE, PAGE_SIZE) > 0 {
                return Err(wrong(None, frame * PAGE_SIZE, "an object where no slab is"));
            }
        }
        self.audit_known_slabs()
    }

    /// The same, but for frames that are not known as parts of slabs.
    pub(crate) fn audit_known_slabs(&self) -> Result<(), SlabAuditError> {
        // What is noted here is not taken from what is looked at.
        #[cfg(feature = "std")]
        let _aside = crate::sync::inside::stands_aside();
        let books = &self.slabs.books;
        for id in self.slabs.ids() {
            self.slabs.with(id, |core| drop(self.collect_sheaves(core)));
        }
        let mut sums: Vec<Sum> = self.slabs.ids().map(|_| Sum::default()).collect();
        for frame in 0..books.table.len() as u32 {
            let at = frame as usize * PAGE_SIZE;
            let cache = books.table.cache(frame);
            let begins = cache.is_some() && books.table.head(frame) == frame;
            let state = self.state().frames.get(frame).map(|entry| entry.state);
            if begins != (state == Some(State::Slab)) {
                return Err(wrong(None, at, "the frame and the table of slabs disagree"));
            }
            if let Some(id) = cache.filter(|_| begins) {
                let found = self.slabs.with(id, |core| self.audit_slab(core, frame));
                let (objects, free) = found.unwrap_or(Err(wrong(None, at, "the slab belongs to no cache")))?;
                if let Some(sum) = sums.get_mut(id as usize) {
                    *sum = Sum { slabs: sum.slabs + 1, objects: sum.objects + objects, free: sum.free + free };
                }
            }
        }
        for (id, sum) in (0..).zip(sums) {
            self.slabs.with(id, |core| self.audit_cache(core, &sum)).unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    fn audit_cache(&self, core: &CacheCore, sum: &Sum) -> Result<(), SlabAuditError> {
        let name = Some(core.options.name);
        let lists = core.lists.lock();
        if *sum != (Sum { slabs: lists.slabs, objects: lists.objects, free: lists.free }) {
            return Err(wrong(name, 0, "the cache counts its slabs or objects wrongly"));
        }
        if lists.reserved > lists.free {
            return Err(wrong(name, 0, "more objects are promised than are free"));
        }
        self.audit_lists(core, &lists, sum.free)
    }

    /// The lists hold the slabs with free objects, each once.
    fn audit_lists(&self, core: &CacheCore, lists: &Lists, free: usize) -> Result<(), SlabAuditError> {
        let (name, table) = (Some(core.options.name), &self.slabs.books.table);
        let mut listed = 0;
        for node in 0..lists.nodes() {
            let mut length = 0;
            for slab in lists.partial(&self.slabs.books, node) {
                let at = slab as usize * PAGE_SIZE;
                length += 1;
                if length > lists.partial_len(node) {
                    return Err(wrong(name, at, "the list of a node's slabs has no end"));
                }
                let ours = table.cache(slab) == Some(core.id) && usize::from(table.node(slab).0) == node;
                if !ours || table.free(slab) == 0 {
                    return Err(wrong(name, at, "a list holds what is not a slab with free objects"));
                }
                listed += table.free(slab) as usize;
            }
            if length != lists.partial_len(node) {
                return Err(wrong(name, 0, "a list does not hold as many slabs as it says"));
            }
        }
        if listed == free { Ok(()) } else { Err(wrong(name, 0, "a slab with free objects is on no list")) }
    }

    /// One slab; the numbers of its objects and of the free ones.
    fn audit_slab(&self, core: &CacheCore, slab: u32) -> Result<(usize, usize), SlabAuditError> {
        let (name, books) = (Some(core.options.name), &self.slabs.books);
        let (order, begin) = (books.table.order(slab), slab as usize * PAGE_SIZE);
        let pages = 0..order.pages() as u32;
        if !pages
            .clone()
            .all(|page| books.table.cache(slab + page) == Some(core.id) && books.table.head(slab + page) == slab)
        {
            return Err(wrong(name, begin, "a frame of the slab belongs to another"));
        }
        let guards = Guards::of(&self.arena, &core.shape, &core.options);
        let mut free = 0;
        for at in core.shape.begins(order).map(|object| begin + object) {
            let found = books.objects.get(at);
            if found == ObjectState::None {
                return Err(wrong(name, at, "an object that is neither free nor in use"));
            }
            if found == ObjectState::Free {
                free += 1;
                if at - begin < books.table.hint(slab) {
                    return Err(wrong(name, at, "a free object that nobody looks for"));
                }
            }
            let is_free = found == ObjectState::Free;
            if let Some(guards) = &guards {
                // SAFETY: the object is the cache's; and by its state nobody's, if it is looked at as a free one.
                if let Err(broken) = unsafe { guards.check(at, is_free) } {
                    let (taken_by, freed_by) = (guards.noted(at, true), guards.noted(at, false));
                    return Err(SlabAuditError { taken_by, freed_by, ..wrong(name, at, broken.what()) });
                }
            }
        }
        if books.objects.count(begin, pages.len() * PAGE_SIZE) != core.shape.objects(order) {
            return Err(wrong(name, begin, "an object begins inside of another"));
        }
        if free != books.table.free(slab) as usize {
            return Err(wrong(name, begin, "the slab counts its free objects wrongly"));
        }
        Ok((core.shape.objects(order), free))
    }
}
