//! How an object is given back, and what it is found to be if it is not one.
#![expect(unsafe_code, reason = "poisons objects that were given back")]

use core::sync::atomic::Ordering::Relaxed;

use super::cache_core::CacheCore;
use super::guard::Guards;
use super::object::ObjectState;
use super::table::SlabList;
use crate::error::FreeError;
use crate::machine::Machine;
use crate::page::frame::State;
use crate::units::{Order, PAGE_SIZE};

impl Machine {
    /// Takes an object back that was handed out as a pointer.
    ///
    /// # Errors
    /// What it is instead. Nothing has changed then.
    ///
    /// # Safety
    /// If there is such an object, nobody uses it any more.
    #[inline(always)]
    pub(crate) unsafe fn give_object(&self, core: &CacheCore, at: usize) -> Result<(), FreeError> {
        let books = &self.slabs.books;
        let found = books.objects.get(at);
        if found != ObjectState::Raw {
            return Err(self.what_is(at, found));
        }
        if books.table.cache((at / PAGE_SIZE) as u32) != Some(core.id) {
            return Err(FreeError::OtherCache);
        }
        if self.keep_at_hand(core, at, ObjectState::Raw) {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        unsafe { self.give_slowly_to(core, at, ObjectState::Raw) }
    }

    /// Takes an object back from its safe owner.
    ///
    /// # Safety
    /// The object is the cache's, its state is `Held`, the caller was its only owner, and nobody uses it any more.
    #[inline(always)]
    pub(crate) unsafe fn give_owned(&self, core: &CacheCore, at: usize) {
        if !self.keep_at_hand(core, at, ObjectState::Held) {
            // SAFETY: the caller's promise.
            let given = unsafe { self.give_slowly_to(core, at, ObjectState::Held) };
            debug_assert!(matches!(given, Ok(()) | Err(FreeError::RedZone)), "an object has one owner");
        }
    }

    /// Takes an object back that is the cache's and in use.
    #[cold]
    #[inline(never)]
    unsafe fn give_slowly_to(&self, core: &CacheCore, at: usize, state: ObjectState) -> Result<(), FreeError> {
        debug_assert_eq!(self.slabs.books.objects.get(at), state, "nobody else changes it");
        if self.claim_and_keep(core, at, state) {
            return Ok(());
        }
        let books = &self.slabs.books;
        if let Some(guards) = Guards::of(&self.arena, &core.shape, &core.options) {
            // SAFETY: by its state it is an object of the cache.
            if let Err(broken) = unsafe { guards.check(at, false) } {
                self.note_broken(core, at, broken);
                return Err(FreeError::RedZone);
            }
            let taker = guards.noted(at, true);
            // SAFETY: the caller vouches that nobody uses the object, and it is on no list yet.
            unsafe { guards.begin(at) };
            if let Some(taker) = taker {
                guards.note(at, taker, true);
            }
            guards.note(at, self.current(), false);
        }
        let mut leaving = SlabList::EMPTY;
        {
            let mut lists = core.lists.lock();
            lists.put(books, &core.shape, at, &mut leaving);
            self.spill(core, &mut lists, &mut leaving);
            self.slabs_leave(&leaving);
        }
        self.give_slabs(leaving);
        if core.orphan.load(Relaxed) {
            self.end_orphan(core);
        }
        Ok(())
    }

    /// Takes an object of any cache back.
    ///
    /// # Errors
    /// What it is instead.
    ///
    /// # Safety
    /// As [`Machine::give_object`].
    pub(crate) unsafe fn give_any_object(&self, at: usize) -> Result<(), FreeError> {
        let id = self.slabs.books.table.cache((at / PAGE_SIZE) as u32);
        // SAFETY: the caller's promise.
        let given = id.and_then(|id| self.slabs.with(id, |core| unsafe { self.give_object(core, at) }));
        given.unwrap_or_else(|| Err(self.what_is(at, ObjectState::None)))
    }

    /// What is at a place where an object was to be.
    #[cold]
    #[inline(never)]
    pub(crate) fn what_is(&self, at: usize, found: ObjectState) -> FreeError {
        match found {
            ObjectState::Free => return FreeError::AlreadyFree,
            ObjectState::Held => return self.what_is_held(at),
            ObjectState::Raw => return FreeError::Owned,
            ObjectState::None => {}
        }
        let frame = match u32::try_from(at / PAGE_SIZE) {
            Ok(frame) if at / PAGE_SIZE < self.arena.pages() => frame,
            _ => return FreeError::Foreign,
        };
        if self.slabs.books.table.cache(frame).is_some() {
            return FreeError::NotTheBeginning;
        }
        let state = self.state();
        let block = state.frames.beginning(frame, Order::LIMIT).and_then(|begin| state.frames.get(begin));
        match block.map(|block| block.state) {
            Some(State::Free) => FreeError::AlreadyFree,
            Some(State::Kmalloc) => FreeError::NotTheBeginning,
            Some(_) => FreeError::NotAnObject,
            None => FreeError::Foreign,
        }
    }

    /// What a held object is: one with an owner, unless it is at hand.
    fn what_is_held(&self, at: usize) -> FreeError {
        let books = &self.slabs.books;
        let id = books.table.cache((at / PAGE_SIZE) as u32);
        let found = id.and_then(|id| {
            self.slabs.with(id, |core| {
                let _lists = self.collect_sheaves(core);
                books.objects.get(at)
            })
        });
        if found == Some(ObjectState::Held) { FreeError::Owned } else { FreeError::AlreadyFree }
    }

    /// Gives the slabs of a cache back that are wholly free, and says how many pages they were.
    pub(crate) fn shrink_cache(&self, core: &CacheCore) -> u64 {
        let mut leaving = SlabList::EMPTY;
        {
            let mut lists = self.collect_sheaves(core);
            lists.shrink(&self.slabs.books, &core.shape, &mut leaving);
            self.slabs_leave(&leaving);
        }
        self.give_slabs(leaving)
    }

    /// Ends a cache without a handle, if it has no objects left.
    pub(crate) fn end_orphan(&self, core: &CacheCore) {
        self.shrink_cache(core);
        if self.collect_sheaves(core).slabs == 0 {
            self.slabs.forget(core);
        }
    }

    /// Gives all slabs of all caches back that are wholly free, and says how many pages they were. Passes of reclaim do so
    /// first of all.
    ///
    /// ```
    /// use alloc_core::{Gfp, Machine, NodePages};
    /// let machine = Machine::builder().node(NodePages::new(256)).build()?;
    /// drop(machine.kmalloc(100, Gfp::KERNEL)?);
    /// assert!(machine.free_pages(None) < 256, "the slab is kept");
    /// machine.shrink_slabs();
    /// assert_eq!(machine.free_pages(None), 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shrink_slabs(&self) -> u64 {
        self.slabs.ids().filter_map(|id| self.slabs.with(id, |core| self.shrink_cache(core))).sum()
    }
}
