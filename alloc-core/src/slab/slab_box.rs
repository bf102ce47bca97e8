//! An object of a cache that gives itself back.
#![expect(unsafe_code, reason = "hands out the bytes of an object")]

use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::cache_core::CacheCore;
use super::object::ObjectState;
use crate::machine::Machine;

/// An object of a cache, given back on drop.
///
/// # Invariants
/// The object at `at` is one of `core`'s, its state is `Owned`, and this is the only owner.
pub struct SlabBox<'c> {
    machine: &'c Machine,
    core: &'c CacheCore,
    at: usize,
}

impl<'c> SlabBox<'c> {
    /// The owner of an object that has just been taken from `core`, in state `Owned`.
    #[inline]
    pub(crate) fn new(machine: &'c Machine, core: &'c CacheCore, at: usize) -> SlabBox<'c> {
        // INVARIANT: the caller took the object, and makes no other owner of it.
        SlabBox { machine, core, at }
    }

    /// Bytes of the object that may be used: at least those that the cache was made for.
    pub fn ksize(&self) -> usize {
        self.core.shape.usable
    }

    /// The object's bytes, as many as the cache was made for. Unless they were asked for with ZERO, they are what their
    /// last owner or the constructor left.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.prefix(self.core.options.size)
    }

    /// The object's bytes, to write.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.prefix_mut(self.core.options.size)
    }

    /// The first `len` bytes, or all that may be used if they are fewer.
    #[inline]
    pub(crate) fn prefix(&self, len: usize) -> &[u8] {
        let Some(bytes) = self.machine.arena.range(self.at, len.min(self.ksize())) else { return &[] };
        // SAFETY: 1. The range lies within the host's pages, which are initialised and live as long as the machine. 2. By the
        // invariant this is the only owner, and the machine touches no object that has one; so nobody writes while `self`
        // is borrowed.
        unsafe { bytes.as_ref() }
    }

    /// The first `len` bytes, to write.
    #[inline]
    pub(crate) fn prefix_mut(&mut self, len: usize) -> &mut [u8] {
        let Some(mut bytes) = self.machine.arena.range(self.at, len.min(self.ksize())) else { return &mut [] };
        // SAFETY: as in `prefix`, and `self` is borrowed exclusively.
        unsafe { bytes.as_mut() }
    }

    /// Where the object is.
    #[inline]
    pub fn as_ptr(&self) -> NonNull<u8> {
        self.machine.arena.range(self.at, 0).map_or(NonNull::dangling(), NonNull::cast)
    }

    /// Turns the object into a bare pointer, as kernel code passes it around. It comes back through
    /// [`Cache::free`](crate::Cache::free) or [`Machine::kfree`].
    pub fn into_raw(self) -> NonNull<u8> {
        let object = ManuallyDrop::new(self);
        object.machine.slabs.books.objects.set(object.at, ObjectState::Raw);
        object.as_ptr()
    }
}

impl fmt::Debug for SlabBox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SlabBox({} bytes of {} at {:#x})", self.core.options.size, self.core.options.name, self.at)
    }
}

impl Drop for SlabBox<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: by the invariant this was the only owner, and it ends here.
        let given = unsafe { self.machine.give_object(self.core, self.at, ObjectState::Owned) };
        debug_assert!(given != Err(crate::FreeError::AlreadyFree), "an object has one owner");
    }
}
