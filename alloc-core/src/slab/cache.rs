//! Caches: objects of one kind, made, asked for, given back, and ended.
#![expect(unsafe_code, reason = "takes objects back by pointer")]

use alloc::vec::Vec;
use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::Ordering::Relaxed;

use super::handle::Handle;
use super::object::ObjectState;
use super::options::{CacheError, CacheOptions};
use super::slab_box::SlabBox;
use crate::error::{AllocError, FreeError};
use crate::event::EventKind;
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::units::{NodeId, Order, PAGE_SIZE};

/// A cache of objects of one kind (the kernel's `kmem_cache`).
///
/// ```
/// use alloc_core::{CacheOptions, Gfp, Machine, NodePages};
/// let machine = Machine::builder().node(NodePages::new(256)).build()?;
/// let names = machine.cache(CacheOptions::new("names", 40))?;
/// let mut name = names.alloc(Gfp::KERNEL | Gfp::ZERO)?;
/// name.bytes_mut()[0] = b'x';
/// assert_eq!(names.usage().live, 1);
/// drop(name);
/// names.destroy()?;
/// assert_eq!(machine.free_pages(None), 256);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What a request for an object is promised follows from the page request that it may lead to: see
/// [`Policy::explain`](crate::Policy::explain) for a slab's order. A request that is served from free objects asks nobody,
/// so neither the task's scopes nor a machine that has stopped are noticed by it.
pub struct Cache<'m>(Handle<'m>);

/// How much memory a cache has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CacheUsage {
    /// Slabs.
    pub slabs: usize,
    /// Objects that the slabs have room for.
    pub objects: usize,
    /// Objects that somebody has.
    pub live: usize,
    /// Free objects that are promised to sections that must not wait.
    pub reserved: usize,
}

/// A cache was to end that still has objects: it lives on until the last of them is given back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CacheInUse {
    /// The cache's name.
    pub cache: &'static str,
    /// Where the objects are, in bytes from the start of the machine's memory.
    pub objects: Vec<usize>,
}

impl fmt::Display for CacheInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cache {} still has {} objects: give back those at", self.cache, self.objects.len())?;
        self.objects.iter().try_for_each(|at| write!(f, " {at:#x}"))
    }
}

impl core::error::Error for CacheInUse {}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl<'m> Cache<'m> {
    /// An object, for the current task.
    ///
    /// # Errors
    /// [`AllocError::Injected`]; [`AllocError::InvalidFlags`] for flags that ask for zones, under a strict policy (otherwise
    /// they are noted and stripped); and, if no object is free, those of [`Machine::alloc_pages`].
    #[inline]
    pub fn alloc(&self, flags: Gfp) -> Result<SlabBox<'_>, AllocError> {
        self.alloc_on(None, flags)
    }

    /// An object from a node's slabs first (`kmem_cache_alloc_node`).
    ///
    /// # Errors
    /// As [`Cache::alloc`], and [`AllocError::NoSuchNode`].
    pub fn alloc_node(&self, node: NodeId, flags: Gfp) -> Result<SlabBox<'_>, AllocError> {
        self.alloc_on(Some(node), flags)
    }

    #[inline(always)]
    fn alloc_on(&self, node: Option<NodeId>, flags: Gfp) -> Result<SlabBox<'_>, AllocError> {
        let at = self.0.machine.object(&self.0.core, node, flags, ObjectState::Held)?;
        Ok(SlabBox::new(&self.0, at))
    }

    /// An object as a bare pointer (`kmem_cache_alloc`). It comes back through [`Cache::free`] or [`Machine::kfree`].
    ///
    /// # Errors
    /// As [`Cache::alloc`].
    #[inline]
    pub fn alloc_raw(&self, flags: Gfp) -> Result<NonNull<u8>, AllocError> {
        let at = self.0.machine.object(&self.0.core, None, flags, ObjectState::Raw)?;
        // SAFETY: the object lies within a slab of the machine.
        Ok(unsafe { self.0.machine.arena.at(at) })
    }

    /// Takes an object back that was handed out as a pointer (`kmem_cache_free`). Nothing about the pointer is believed.
    ///
    /// An object that was freed and has been handed out anew in between is another owner's object: that it was freed twice
    /// cannot be seen then, nor if two threads do it at the same instant.
    ///
    /// # Errors
    /// What the pointer is instead: see [`FreeError`]. Nothing has changed then.
    ///
    /// # Safety
    /// If the pointer is that of an object in use, nobody uses the object any more.
    #[inline]
    pub unsafe fn free(&self, object: *mut u8) -> Result<(), FreeError> {
        let at = self.0.machine.arena.distance(object.addr());
        // SAFETY: the caller's promise.
        unsafe { self.0.machine.give_object(&self.0.core, at) }
    }

    /// Gives the slabs back that are wholly free, and says how many pages they were (`kmem_cache_shrink`).
    pub fn shrink(&self) -> u64 {
        self.0.machine.shrink_cache(&self.0.core)
    }

    /// How much memory the cache has.
    pub fn usage(&self) -> CacheUsage {
        let lists = self.0.machine.collect_sheaves(&self.0.core);
        let (slabs, objects, reserved) = (lists.slabs, lists.objects, lists.reserved);
        CacheUsage { slabs, objects, live: objects - lists.free, reserved }
    }

    /// Where the objects are that somebody has, in bytes from the start of the machine's memory.
    pub fn live_objects(&self) -> Vec<usize> {
        // What is held and not at hand has an owner; nobody takes anything from the slabs meanwhile.
        let _lists = self.0.machine.collect_sheaves(&self.0.core);
        let books = &self.0.machine.slabs.books;
        let slabs = (0..books.table.len() as u32).filter(|frame| books.table.cache(*frame) == Some(self.0.core.id));
        let heads = slabs.filter(|frame| books.table.head(*frame) == *frame);
        let objects = heads.flat_map(|slab| {
            let begins = self.0.core.shape.begins(books.table.order(slab));
            begins.map(move |begin| slab as usize * PAGE_SIZE + begin)
        });
        let live = |at: &usize| matches!(books.objects.get(*at), ObjectState::Held | ObjectState::Raw);
        objects.filter(live).collect()
    }

    /// Ends the cache (`kmem_cache_destroy`).
    ///
    /// # Errors
    /// [`CacheInUse`] with the objects that were not given back. The cache lives on without a handle until they are; a
    /// handle that is simply dropped does the same, and notes [`EventKind::CacheInUse`].
    pub fn destroy(self) -> Result<(), CacheInUse> {
        match self.usage().live {
            0 => Ok(()),
            _ => Err(CacheInUse { cache: self.0.core.options.name, objects: self.live_objects() }),
        }
    }

    pub(crate) fn handle(&self) -> &Handle<'m> {
        &self.0
    }
}

impl fmt::Debug for Cache<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({}, {} bytes)", self.0.core.options.name, self.0.core.options.size)
    }
}

impl Drop for Cache<'_> {
    fn drop(&mut self) {
        let live = self.usage().live;
        if live > 0 {
            let kind = EventKind::CacheInUse { cache: self.0.core.options.name, live };
            let task = self.0.machine.current();
            let mut state = self.0.machine.raw();
            state.stats.warnings += 1;
            state.events.note(kind, task, Order::ZERO, Gfp::NONE);
        }
        self.0.core.orphan.store(true, Relaxed);
        self.0.machine.end_orphan(&self.0.core);
    }
}

impl Machine {
    /// Makes a cache (`kmem_cache_create`).
    ///
    /// # Errors
    /// When there is no such cache: see [`CacheError`].
    pub fn cache(&self, options: CacheOptions) -> Result<Cache<'_>, CacheError> {
        Ok(Cache(Handle { machine: self, core: self.slabs.create(options, &self.cpus)? }))
    }
}
