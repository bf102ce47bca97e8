//! alloc-core: kmalloc and a cache of objects, by the doors that their users go through.

use alloc_core::{Cache, CacheOptions, Gfp, KmallocBox, Machine, SlabBox};

use crate::machine::Pages;
use crate::rival::Rival;

/// kmalloc of a machine of 256 MiB.
pub(crate) struct Objects(&'static Machine);

impl Objects {
    /// A machine in live time.
    pub(crate) fn new() -> Objects {
        Objects(Pages::new().machine())
    }
}

impl Rival for Objects {
    type Want = usize;
    type Block = KmallocBox<'static>;

    fn want(size: usize) -> usize {
        size
    }

    #[inline(always)]
    fn take(&self, want: usize) -> KmallocBox<'static> {
        self.0.kmalloc(want, Gfp::KERNEL).expect("out of memory")
    }

    #[inline(always)]
    fn touch(block: &mut KmallocBox<'static>) {
        block.bytes_mut()[0] = 1;
    }

    fn place(block: &KmallocBox<'static>) -> usize {
        block.as_ptr().addr().get()
    }

    #[inline(always)]
    fn give(&self, block: KmallocBox<'static>, _: usize) {
        drop(block);
    }
}

/// Bytes of the cache's objects.
pub(crate) const OBJECT: usize = 64;

/// A cache of a machine of 256 MiB.
pub(crate) struct OneCache(&'static Cache<'static>);

impl OneCache {
    /// A cache of objects of [`OBJECT`] bytes, of a machine in live time.
    pub(crate) fn new() -> OneCache {
        let cache = Pages::new().machine().cache(CacheOptions::new("objects", OBJECT)).expect("a cache");
        OneCache(Box::leak(Box::new(cache)))
    }
}

impl Rival for OneCache {
    type Want = ();
    type Block = SlabBox<'static>;

    fn want(size: usize) {
        assert_eq!(size, OBJECT, "a cache has objects of one size");
    }

    #[inline(always)]
    fn take(&self, (): ()) -> SlabBox<'static> {
        self.0.alloc(Gfp::KERNEL).expect("out of memory")
    }

    #[inline(always)]
    fn touch(block: &mut SlabBox<'static>) {
        block.bytes_mut()[0] = 1;
    }

    fn place(block: &SlabBox<'static>) -> usize {
        block.as_ptr().addr().get()
    }

    #[inline(always)]
    fn give(&self, block: SlabBox<'static>, (): ()) {
        drop(block);
    }
}
