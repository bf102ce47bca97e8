//! Objects set aside for a section that must not wait: the constructive alternative to NOFAIL under a lock.

use core::fmt;

use super::cache::Cache;
use super::handle::Handle;
use super::lists::Lists;
use super::object::ObjectState;
use super::slab_box::SlabBox;
use crate::error::AllocError;
use crate::gfp::Gfp;
use crate::numa::node_mask::NodeMask;
use crate::units::{NodeId, PAGE_SIZE, array_size};

/// A number of objects that are sure to be there. Those that were not taken are anybody's again on drop.
pub struct Prefilled<'c> {
    cache: &'c Handle<'c>,
    left: usize,
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'c> Prefilled<'c> {
    /// One of the objects, as its last owner or the constructor left it; `None` after the last one.
    ///
    /// It asks nobody and does not wait, whatever becomes of the rest of the machine's memory.
    pub fn take(&mut self) -> Option<SlabBox<'c>> {
        self.left = self.left.checked_sub(1)?;
        let at = {
            let mut lists = self.cache.core.lists.lock();
            lists.reserved -= 1;
            let (books, shape) = (&self.cache.machine.slabs.books, &self.cache.core.shape);
            lists.take_any(books, shape, NodeId(0), NodeMask::ALL, ObjectState::Held)?
        };
        self.cache.machine.hand_out(&self.cache.core, at, Gfp::NONE);
        Some(SlabBox::new(self.cache, at))
    }

    /// Sets aside what is free, up to `objects` in all.
    fn promise(&mut self, lists: &mut Lists, objects: usize) {
        let more = (lists.free - lists.reserved).min(objects - self.left);
        lists.reserved += more;
        self.left += more;
    }

    /// Objects that were not taken yet.
    pub fn left(&self) -> usize {
        self.left
    }
}

impl fmt::Debug for Prefilled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prefilled({} objects of {})", self.left, self.cache.core.options.name)
    }
}

impl Drop for Prefilled<'_> {
    fn drop(&mut self) {
        self.cache.core.lists.lock().reserved -= self.left;
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Cache<'_> {
    /// Sets `objects` objects aside.
    ///
    /// ```
    /// use alloc_core::{CacheOptions, Gfp, Machine, NodeId, NodePages, Scope};
    /// let machine = Machine::builder().node(NodePages::new(256)).build()?;
    /// let nodes = machine.cache(CacheOptions::new("tree nodes", 200))?;
    /// let mut ready = nodes.prefill(3, Gfp::KERNEL)?;
    /// let _nothing_is_left = machine.exhaust(NodeId(0), 0);
    /// let _locked = machine.scope(Scope::Atomic);
    /// let taken: Vec<_> = std::iter::from_fn(|| ready.take()).collect();
    /// assert_eq!(taken.len(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Cache::alloc`]; [`AllocError::Overflow`] and [`AllocError::Impossible`] for more objects than can be. What
    /// was got until then is given back.
    pub fn prefill(&self, objects: usize, flags: Gfp) -> Result<Prefilled<'_>, AllocError> {
        let cache = self.handle();
        let (machine, core) = (cache.machine, &*cache.core);
        let bytes = array_size(objects, core.shape.stride).ok_or(AllocError::Overflow)?;
        if bytes > machine.slabs.books.table.len() * PAGE_SIZE {
            return Err(AllocError::Impossible);
        }
        let flags = machine.begin_object(core, flags)?;
        // What is there is promised at once, or reclaim for the rest would give it back.
        let mut ready = Prefilled { cache, left: 0 };
        ready.promise(&mut machine.collect_sheaves(core), objects);
        while ready.left < objects {
            if let Err(error) = machine.grow_cache(core, None, flags, |lists, _| ready.promise(lists, objects)) {
                drop(ready);
                machine.shrink_cache(core);
                return Err(error);
            }
        }
        Ok(ready)
    }
}
