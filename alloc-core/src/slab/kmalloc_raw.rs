//! The kmalloc family by bare pointers, as kernel code has it. Nothing about a pointer is believed.
#![expect(unsafe_code, reason = "takes memory back, and moves it, by pointer")]

use core::ptr::NonNull;

use super::kmalloc_box::ZERO_SIZE_PTR;
use super::object::ObjectState;
use crate::error::{AllocError, FreeError};
use crate::gfp::Gfp;
use crate::machine::Machine;
use crate::page::frame::State;
use crate::units::{FrameNumber, Order, PAGE_SIZE};

/// What a pointer is that kmalloc is said to have given.
enum Found {
    /// Null, or memory of no bytes.
    Nothing,
    /// An object, so many bytes behind the start of memory.
    Object(usize),
    /// A whole block.
    Block(FrameNumber, Order),
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Machine {
    /// Memory of `size` bytes as a bare pointer; otherwise as [`Machine::kmalloc`]. It comes back through [`Machine::kfree`].
    ///
    /// # Errors
    /// Those of [`Machine::kmalloc`].
    #[inline]
    pub fn kmalloc_raw(&self, size: usize, flags: Gfp) -> Result<NonNull<u8>, AllocError> {
        if let Some((_, core)) = self.slabs.class(size)
            && let Some(at) = self.quick_object(core, flags)
        {
            self.slabs.books.objects.set(at, ObjectState::Raw);
            // SAFETY: the object lies within a slab of the machine.
            return Ok(unsafe { self.arena.at(at) });
        }
        self.kmalloc_raw_slowly(size, flags)
    }

    #[cold]
    #[inline(never)]
    fn kmalloc_raw_slowly(&self, size: usize, flags: Gfp) -> Result<NonNull<u8>, AllocError> {
        Ok(self.kmalloc_on(None, size, 1, flags)?.into_raw())
    }

    /// Takes memory back that was handed out as a pointer by kmalloc or by any cache. Null, and memory of no bytes, are
    /// nothing to take back.
    ///
    /// # Errors
    /// What the pointer is instead: see [`FreeError`] and [`Cache::free`](crate::Cache::free). Nothing has changed then.
    ///
    /// # Safety
    /// If the pointer is that of memory in use, nobody uses the memory any more.
    #[inline]
    pub unsafe fn kfree(&self, pointer: *mut u8) -> Result<(), FreeError> {
        let at = self.arena.distance(pointer.addr());
        let books = &self.slabs.books;
        // An object in use lies in a slab, whose frames say whose it is.
        if books.objects.get(at) == ObjectState::Raw
            && let Some(id) = books.table.cache((at / PAGE_SIZE) as u32)
            && let Some(class) = self.slabs.class_at(id as usize)
            && self.keep_at_hand(class, at, ObjectState::Raw)
        {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        unsafe { self.kfree_other(pointer) }
    }

    /// Takes back what is no object of a class in use, or cannot be kept at hand.
    #[cold]
    #[inline(never)]
    unsafe fn kfree_other(&self, pointer: *mut u8) -> Result<(), FreeError> {
        match self.found(pointer)? {
            Found::Nothing => Ok(()),
            // SAFETY: the caller's promise.
            Found::Object(at) => unsafe { self.give_any_object(at) },
            Found::Block(frame, order) => {
                let noted = {
                    let mut state = self.raw();
                    let entry = state.frames.at(frame.0);
                    debug_assert_eq!(entry.state, State::Kmalloc, "nobody else gives the block back");
                    entry.state = State::Owned;
                    entry.is_noted()
                };
                let freed = self.free(self.token_of_number(frame, order, noted));
                debug_assert!(freed.is_ok(), "the block is this machine's");
                Ok(())
            }
        }
    }

    /// How many bytes behind a pointer may be used: at least those that were asked for.
    ///
    /// # Errors
    /// What the pointer is instead.
    pub fn ksize(&self, pointer: *mut u8) -> Result<usize, FreeError> {
        match self.found(pointer)? {
            Found::Nothing => Ok(0),
            Found::Block(_, order) => Ok(order.bytes()),
            Found::Object(at) => {
                let books = &self.slabs.books;
                match books.objects.get(at) {
                    ObjectState::Raw => {
                        let id = books.table.cache((at / PAGE_SIZE) as u32);
                        let size = id.and_then(|id| self.slabs.with(id, |core| core.shape.usable));
                        size.ok_or(FreeError::NotAnObject)
                    }
                    found => Err(self.what_is(at, found)),
                }
            }
        }
    }

    /// Makes memory larger or smaller, in place if it has room, and says where it is now. Null is new memory; no bytes are
    /// no memory. With ZERO, bytes that are gained are zero if all requests for this memory said ZERO: how many bytes were
    /// asked for is not remembered.
    ///
    /// # Errors
    /// Those of [`Machine::kmalloc`], and [`AllocError::NotAnObject`] for a pointer that [`Machine::kfree`] would not take. The
    /// memory is as it was then, and still its owner's.
    ///
    /// # Safety
    /// If the pointer is that of memory in use, nobody else uses the memory during the call, and after a success nobody
    /// uses the old pointer any more.
    pub unsafe fn krealloc(&self, pointer: *mut u8, size: usize, flags: Gfp) -> Result<NonNull<u8>, AllocError> {
        let have = self.ksize(pointer).map_err(|_| AllocError::NotAnObject)?;
        let old = self.arena.offset(pointer.addr()).and_then(|at| self.arena.range(at, have));
        if let Some(old) = old.filter(|_| size > 0 && size <= have) {
            if flags.contains(Gfp::ZERO) {
                // SAFETY: the memory has `have` bytes, and is the caller's alone.
                unsafe { old.cast::<u8>().add(size).write_bytes(0, have - size) };
            }
            return Ok(old.cast());
        }
        let moved = self.kmalloc_raw(size, flags)?;
        if let Some(old) = old.filter(|_| size > 0) {
            // SAFETY: both have `have.min(size)` bytes at least, and are the caller's alone. They do not overlap: the new memory
            // was nobody's.
            unsafe { moved.copy_from_nonoverlapping(old.cast(), have.min(size)) };
        }
        // SAFETY: the caller gives the old memory up.
        let freed = unsafe { self.kfree(pointer) };
        if freed.is_err() {
            // Its red zone is damaged: the old memory is withheld, and the event says so.
            debug_assert_eq!(freed, Err(FreeError::RedZone));
        }
        Ok(moved)
    }

    fn found(&self, pointer: *mut u8) -> Result<Found, FreeError> {
        let address = pointer.addr();
        if address == 0 || address == ZERO_SIZE_PTR.addr().get() {
            return Ok(Found::Nothing);
        }
        let at = self.arena.offset(address).ok_or(FreeError::Foreign)?;
        if at.is_multiple_of(PAGE_SIZE) && self.slabs.books.table.cache((at / PAGE_SIZE) as u32).is_none() {
            let frame = (at / PAGE_SIZE) as u32;
            let block = self.raw().frames.get(frame).map(|entry| (entry.state, entry.order));
            if let Some((State::Kmalloc, order)) = block {
                return Ok(Found::Block(FrameNumber(frame), order));
            }
        }
        Ok(Found::Object(at))
    }
}
