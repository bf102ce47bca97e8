//! alloc-core: kmalloc, by the door that its users go through.

use alloc_core::{Gfp, KmallocBox, Machine};

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
