//! An object of a cache that gives itself back.
#![expect(unsafe_code, reason = "hands out the bytes of an object")]

use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::handle::Handle;
use super::object::ObjectState;

/// An object of a cache, given back on drop.
///
/// It is two words, so that it travels in registers.
///
/// # Invariants
/// The object at `at` is one of the cache's, whose slabs lie within the machine's memory; its state is `Held`, and this is the
/// only owner.
pub struct SlabBox<'c> {
    cache: &'c Handle<'c>,
    at: usize,
}

impl<'c> SlabBox<'c> {
    /// The owner of an object that has just been taken from a cache, in state `Held`.
    #[inline(always)]
    pub(super) fn new(cache: &'c Handle<'c>, at: usize) -> SlabBox<'c> {
        // INVARIANT: the caller took the object, and makes no other owner of it.
        SlabBox { cache, at }
    }

    /// Bytes of the object that may be used: at least those that the cache was made for.
    #[inline]
    pub fn ksize(&self) -> usize {
        self.cache.core.shape.usable
    }

    /// The object's bytes, as many as the cache was made for. Unless they were asked for with ZERO, they are what their
    /// last owner or the constructor left.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: 1. By the invariant the object lies within the host's pages, which are initialised and live as long as the
        // machine. 2. By the invariant this is the only owner, and the machine touches no object that has one; so nobody writes
        // while `self` is borrowed.
        unsafe { self.memory().as_ref() }
    }

    /// The object's bytes, to write.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `self` is borrowed exclusively.
        unsafe { self.memory().as_mut() }
    }

    #[inline(always)]
    fn memory(&self) -> NonNull<[u8]> {
        NonNull::slice_from_raw_parts(self.as_ptr(), self.cache.core.options.size)
    }

    /// Where the object is.
    #[inline]
    pub fn as_ptr(&self) -> NonNull<u8> {
        // SAFETY: by the invariant the object lies within the host's pages.
        unsafe { self.cache.machine.arena.at(self.at) }
    }

    /// Turns the object into a bare pointer, as kernel code passes it around. It comes back through
    /// [`Cache::free`](crate::Cache::free) or [`Machine::kfree`](crate::Machine::kfree).
    pub fn into_raw(self) -> NonNull<u8> {
        let object = ManuallyDrop::new(self);
        object.cache.machine.slabs.books.objects.set(object.at, ObjectState::Raw);
        object.as_ptr()
    }
}

impl fmt::Debug for SlabBox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SlabBox({} bytes of {} at {:#x})",
            self.cache.core.options.size, self.cache.core.options.name, self.at
        )
    }
}

impl Drop for SlabBox<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the invariant, and that this owner ends here.
        unsafe { self.cache.machine.give_owned(&self.cache.core, self.at) };
    }
}
