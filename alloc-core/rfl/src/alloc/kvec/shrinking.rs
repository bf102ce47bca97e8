//! How vectors give memory back that they do not need.

use super::vector::Vec;
use crate::alloc::alloc_error::AllocError;
use crate::alloc::allocator::{KVmalloc, Vmalloc};
use crate::alloc::contract::Allocator;
use crate::alloc::gfp_flags::Flags;
use crate::alloc::layout::ArrayLayout;
use alloc_core::PAGE_SIZE;

/// Allocators whose memory is worth making smaller: by the page.
trait ByPages: Allocator {}

impl ByPages for Vmalloc {}
impl ByPages for KVmalloc {}

/// Makes room for the values and for `least` at least, and no more, if that gives a page back.
fn shrink<T, A: ByPages>(vector: &mut Vec<T, A>, least: usize, flags: Flags) -> Result<(), AllocError> {
    let target = vector.len().max(least);
    if Vec::<T, A>::NO_BYTES || target >= vector.capacity() {
        return Ok(());
    }
    let layout = ArrayLayout::new(target).map_err(|_| AllocError)?;
    let pages = |layout: ArrayLayout<T>| layout.size().div_ceil(PAGE_SIZE);
    if pages(layout) == pages(vector.layout) {
        return Ok(());
    }
    vector.set_capacity(layout, flags)
}

impl<T> Vec<T, KVmalloc> {
    /// Makes room for the values and for `min_capacity` at least, and no more, if that gives a page back. Without values and
    /// room, it has no memory any more.
    ///
    /// # Errors
    /// [`AllocError`] if it had to be moved and there was no memory for that. Nothing has changed then.
    pub fn shrink_to(&mut self, min_capacity: usize, flags: Flags) -> Result<(), AllocError> {
        shrink(self, min_capacity, flags)
    }
}

impl<T> Vec<T, Vmalloc> {
    /// Makes room for the values and for `min_capacity` at least, and no more, if that gives a page back. Without values and
    /// room, it has no memory any more.
    ///
    /// # Errors
    /// [`AllocError`] if it had to be moved and there was no memory for that. Nothing has changed then.
    pub fn shrink_to(&mut self, min_capacity: usize, flags: Flags) -> Result<(), AllocError> {
        shrink(self, min_capacity, flags)
    }
}
