//! How vectors grow: what may ask for memory, and leaves everything as it was where there is none.
#![expect(unsafe_code, reason = "moves values to other memory")]

use super::vector::Vec;
use crate::alloc::alloc_error::AllocError;
use crate::alloc::contract::Allocator;
use crate::alloc::gfp_flags::Flags;
use crate::alloc::layout::ArrayLayout;
use crate::alloc::numa_node::NumaNode;

impl<T, A: Allocator> Vec<T, A> {
    /// A vector without values, and with room for `capacity` at least.
    ///
    /// ```
    /// use alloc_core_rfl as kernel;
    /// use kernel::prelude::*;
    /// let numbers = KVec::<u32>::with_capacity(20, GFP_KERNEL)?;
    /// assert!(numbers.capacity() >= 20);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`AllocError`] if the memory was not to be had.
    pub fn with_capacity(capacity: usize, flags: Flags) -> Result<Self, AllocError> {
        let mut vector = Vec::new();
        vector.reserve(capacity, flags)?;
        Ok(vector)
    }

    /// Makes room for `additional` more values at least, and for twice as many as there was room for if it has to grow.
    ///
    /// # Errors
    /// [`AllocError`] if the memory was not to be had, or so many values cannot be counted. Nothing has changed then.
    pub fn reserve(&mut self, additional: usize, flags: Flags) -> Result<(), AllocError> {
        if additional <= self.capacity() - self.len() {
            return Ok(());
        }
        // Values of no bytes are as many as can be counted already.
        let needed = self.len().checked_add(additional).filter(|_| !Self::NO_BYTES).ok_or(AllocError)?;
        let layout = ArrayLayout::new(needed.max(self.capacity().saturating_mul(2))).or(ArrayLayout::new(needed));
        self.set_capacity(layout.map_err(|_| AllocError)?, flags)
    }

    /// Makes the memory that of another layout, which has room for all values.
    pub(super) fn set_capacity(&mut self, layout: ArrayLayout<T>, flags: Flags) -> Result<(), AllocError> {
        debug_assert!(layout.len() >= self.len(), "the values have room");
        let old = Some(self.memory().cast()).filter(|_| !self.layout.is_empty());
        // SAFETY: by the vector's invariants the memory was given by `A` for its layout; it holds the values afterwards.
        unsafe {
            let memory = A::realloc(old, layout.into(), self.layout.into(), flags, NumaNode::NO_NODE)?;
            self.set_memory(memory, layout);
        }
        Ok(())
    }

    /// Adds a value.
    ///
    /// # Errors
    /// [`AllocError`] if memory was needed and not to be had; the value is dropped, and nothing has changed then.
    pub fn push(&mut self, v: T, flags: Flags) -> Result<(), AllocError> {
        self.reserve(1, flags)?;
        self.push_within_capacity(v).map_err(|_| AllocError)
    }

    /// Adds `n` times the same value.
    ///
    /// # Errors
    /// As [`Vec::push`].
    pub fn extend_with(&mut self, n: usize, value: T, flags: Flags) -> Result<(), AllocError>
    where
        T: Clone,
    {
        let Some(clones) = n.checked_sub(1) else { return Ok(()) };
        self.reserve(n, flags)?;
        for _ in 0..clones {
            self.push_within_capacity(value.clone()).map_err(|_| AllocError)?;
        }
        self.push_within_capacity(value).map_err(|_| AllocError)
    }

    /// Adds clones of values.
    ///
    /// # Errors
    /// As [`Vec::push`].
    pub fn extend_from_slice(&mut self, other: &[T], flags: Flags) -> Result<(), AllocError>
    where
        T: Clone,
    {
        self.reserve(other.len(), flags)?;
        other.iter().try_for_each(|value| self.push_within_capacity(value.clone()).map_err(|_| AllocError))
    }

    /// A vector of `n` times the same value.
    ///
    /// # Errors
    /// [`AllocError`] if the memory was not to be had.
    pub fn from_elem(value: T, n: usize, flags: Flags) -> Result<Self, AllocError>
    where
        T: Clone,
    {
        let mut vector = Vec::with_capacity(n, flags)?;
        vector.extend_with(n, value, flags)?;
        Ok(vector)
    }

    /// Makes it have `new_len` values: drops the last ones, or adds clones of `value`.
    ///
    /// # Errors
    /// As [`Vec::push`].
    pub fn resize(&mut self, new_len: usize, value: T, flags: Flags) -> Result<(), AllocError>
    where
        T: Clone,
    {
        match new_len.checked_sub(self.len()) {
            Some(more) => self.extend_with(more, value, flags),
            None => {
                self.truncate(new_len);
                Ok(())
            }
        }
    }
}
