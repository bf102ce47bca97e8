//! The caches of a machine: the size classes of kmalloc, and those that were made.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::cache_core::CacheCore;
use super::lists::Books;
use super::object::Objects;
use super::options::{CacheError, CacheOptions, SlabDebug};
use super::table::SlabTable;
use crate::sync::cpus::Cpus;
use crate::sync::lock::Lock;
#[cfg(all(feature = "std", target_os = "linux"))]
use crate::sync::still::Deadline;
use crate::units::{Order, PAGE_SIZE};

/// Names and sizes of kmalloc's classes.
pub(crate) const CLASSES: [(&str, usize); 13] = [
    ("kmalloc-8", 8),
    ("kmalloc-16", 16),
    ("kmalloc-32", 32),
    ("kmalloc-64", 64),
    ("kmalloc-96", 96),
    ("kmalloc-128", 128),
    ("kmalloc-192", 192),
    ("kmalloc-256", 256),
    ("kmalloc-512", 512),
    ("kmalloc-1k", 1024),
    ("kmalloc-2k", 2048),
    ("kmalloc-4k", 4096),
    ("kmalloc-8k", 8192),
];

/// Bytes of the largest class.
pub(crate) const OBJECT_MAX: usize = CLASSES[CLASSES.len() - 1].1;

/// The class of each size up to 192, by eights.
const SMALL: [u8; 24] = [0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6];

/// The place of the first class in `CLASSES` that holds `size` bytes; behind the last one if none does, as for no bytes.
#[inline(always)]
fn class_of(size: usize) -> usize {
    let last = size.wrapping_sub(1);
    match SMALL.get(last / 8) {
        Some(class) => usize::from(*class),
        None if size > OBJECT_MAX || size == 0 => CLASSES.len(),
        None => last.ilog2() as usize,
    }
}

/// All that the slab layer knows.
pub(crate) struct Slabs {
    pub(crate) books: Books,
    classes: Box<[CacheCore]>,
    /// By number, less the number of classes. Freed places are used again.
    others: Lock<Vec<Option<Arc<CacheCore>>>>,
    debug: SlabDebug,
    nodes: usize,
    largest: Order,
}

impl Slabs {
    /// The layer of a machine with so many pages; `None` if the surrounding process has no memory for its tables.
    pub(crate) fn new(pages: usize, nodes: usize, largest: Order, debug: SlabDebug, cpus: &Cpus) -> Option<Slabs> {
        let objects = Objects::new(pages.checked_mul(PAGE_SIZE)?)?;
        let books = Books { objects, table: SlabTable::new(pages)? };
        // On a machine of small blocks the large classes do not exist, and their sizes are served by whole blocks.
        let classes = (0..).zip(CLASSES).map_while(|(id, (name, size))| {
            let align = 1 << size.trailing_zeros();
            let options = CacheOptions { align, debug, failslab: true, ..CacheOptions::new(name, size) };
            CacheCore::new(id, options, largest, (nodes, pages), cpus).ok()
        });
        let classes = classes.collect();
        Some(Slabs { books, classes, others: Lock::default(), debug, nodes, largest })
    }

    /// The class that serves a size, and its number, if one does.
    #[inline(always)]
    pub(crate) fn class(&self, size: usize) -> Option<(usize, &CacheCore)> {
        let number = class_of(size);
        Some((number, self.classes.get(number)?))
    }

    /// The class that serves a size and an alignment, and its number, if one does.
    pub(crate) fn class_aligned(&self, size: usize, align: usize) -> Option<(usize, &CacheCore)> {
        let mut classes = self.classes.iter().enumerate().skip(class_of(size));
        classes.find(|(_, class)| class.options.align >= align)
    }

    /// The class of a number, if it is one's.
    #[inline(always)]
    pub(crate) fn class_at(&self, number: usize) -> Option<&CacheCore> {
        self.classes.get(number)
    }

    /// Makes a cache.
    ///
    /// # Errors
    /// When there is no such cache.
    pub(crate) fn create(&self, mut options: CacheOptions, cpus: &Cpus) -> Result<Arc<CacheCore>, CacheError> {
        options.debug = options.debug.or(self.debug);
        let mut others = self.others.lock();
        let place = others.iter().position(Option::is_none).unwrap_or(others.len());
        let id = u32::try_from(self.classes.len() + place).map_err(|_| CacheError::TooBig)?;
        let core = Arc::new(CacheCore::new(id, options, self.largest, (self.nodes, self.books.table.len()), cpus)?);
        if place == others.len() {
            others.push(None);
        }
        others[place] = Some(Arc::clone(&core));
        Ok(core)
    }

    /// Forgets a cache that has no slabs.
    pub(crate) fn forget(&self, core: &CacheCore) {
        let place = (core.id as usize).checked_sub(self.classes.len());
        let mut others = self.others.lock();
        let known = place.and_then(|place| others.get_mut(place));
        if let Some(known) =
            known.filter(|known| known.as_ref().is_some_and(|known| core::ptr::eq(&raw const **known, core)))
        {
            *known = None;
        }
    }

    /// Does something with the cache of a number.
    #[inline]
    pub(crate) fn with<R>(&self, id: u32, body: impl FnOnce(&CacheCore) -> R) -> Option<R> {
        if let Some(class) = self.classes.get(id as usize) {
            return Some(body(class));
        }
        let place = (id as usize).checked_sub(self.classes.len())?;
        let core = self.others.lock().get(place)?.clone()?;
        Some(body(&core))
    }

    /// Before a fork: see [`Still`](crate::sync::still::Still).
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(crate) fn stop(&self, cpus: &Cpus, deadline: Deadline) {
        self.others.stop(deadline);
        self.each_stopped(|core| core.stop(cpus, deadline));
    }

    /// Behind it.
    #[cfg(all(feature = "std", target_os = "linux"))]
    pub(crate) fn go_on(&self) {
        self.each_stopped(CacheCore::go_on);
        self.others.go_on();
    }

    /// All caches; if it is the thread that forks which makes or forgets one, those of kmalloc.
    #[cfg(all(feature = "std", target_os = "linux"))]
    #[expect(unsafe_code, reason = "reads what is kept still")]
    fn each_stopped(&self, body: impl Fn(&CacheCore)) {
        self.classes.iter().for_each(&body);
        // SAFETY: called by the thread that forks, and the reference ends here.
        let others = unsafe { self.others.stopped() };
        others.into_iter().flatten().flatten().for_each(|core| body(core));
    }

    /// Numbers of all caches, and perhaps of some that are no more.
    pub(crate) fn ids(&self) -> core::ops::Range<u32> {
        0..(self.classes.len() + self.others.lock().len()) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::plain::PlainHost;

    #[test]
    fn row_126_every_size_has_the_smallest_class_that_holds_it() {
        assert_eq!(class_of(0), CLASSES.len(), "memory of no bytes is no object");
        for size in (1..=8193).step_by(if cfg!(miri) { 117 } else { 1 }) {
            let expected = CLASSES.iter().position(|(_, class)| *class >= size).unwrap_or(CLASSES.len());
            assert_eq!(class_of(size), expected, "{size}");
        }
        for size in [usize::MAX, isize::MAX as usize, 1 << 40] {
            assert_eq!(class_of(size), CLASSES.len());
        }
    }

    #[test]
    fn row_126_an_alignment_is_served_by_a_class_of_that_alignment() {
        let cpus = Cpus::new(Arc::new(PlainHost::new(1).unwrap()), 1, false);
        let slabs = Slabs::new(16, 1, Order::LARGEST, SlabDebug::NONE, &cpus).unwrap();
        let size = |size, align| slabs.class_aligned(size, align).map(|(_, class)| class.options.size);
        assert_eq!((size(90, 8), size(90, 32), size(90, 64)), (Some(96), Some(96), Some(128)));
        assert_eq!((size(1, 4096), size(8192, 8192), size(1, 16384)), (Some(4096), Some(8192), None));
        assert_eq!((size(usize::MAX, 1), size(1, 1 << 30)), (None, None));
        let small = Slabs::new(16, 1, Order::ZERO, SlabDebug::NONE, &cpus).unwrap();
        assert!(small.class(4096).is_some() && small.class(4097).is_none());
    }
}
