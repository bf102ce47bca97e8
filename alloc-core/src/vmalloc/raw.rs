//! Areas as bare pointers, as kernel code passes them around. Nothing about a pointer is believed.
#![expect(unsafe_code, reason = "takes areas back by pointer")]

use core::mem::ManuallyDrop;
use core::ptr::NonNull;

use super::area::RawArea;
use super::mapping::Area;
use crate::error::FreeError;
use crate::kvmalloc::KvBlock;
use crate::machine::Machine;
use crate::slab::kmalloc_box::ZERO_SIZE_PTR;
use crate::units::PAGE_SIZE;

impl Area<'_> {
    /// Turns the area into a bare pointer. It comes back through [`Machine::vfree`], or [`Machine::area_at`].
    pub fn into_raw(self) -> NonNull<u8> {
        let this = ManuallyDrop::new(self);
        let Area { pages, size, blocks, mappings, tables, .. } = *this;
        // INVARIANT: by becoming a pointer, the owner becomes the entry of the range.
        this.machine.addresses.lock().keep_raw(this.at, RawArea { pages, size, blocks, mappings, tables });
        this.machine.arena.window_bytes(this.at, 0).map_or(NonNull::dangling(), NonNull::cast)
    }
}

impl KvBlock<'_> {
    /// Turns the memory into a bare pointer. It comes back through [`Machine::kvfree`].
    pub fn into_raw(self) -> NonNull<u8> {
        match self {
            KvBlock::Contiguous(memory) => memory.into_raw(),
            KvBlock::Mapped(area) => area.into_raw(),
        }
    }
}

#[cfg_attr(alloc_core_swept, firsthit::instrument)]
impl Machine {
    /// Whether an address lies in the window, where areas are (`is_vmalloc_addr`).
    pub fn is_vmalloc(&self, pointer: *const u8) -> bool {
        self.arena.window_offset(pointer.addr()).is_some()
    }

    /// Whether an address lies in the machine's memory: in its frames, or in its window.
    #[cfg(feature = "std")]
    #[inline(always)]
    pub(crate) fn has(&self, pointer: *const u8) -> bool {
        self.arena.offset(pointer.addr()).is_some() || self.is_vmalloc(pointer)
    }

    /// The area again that [`Area::into_raw`] made a pointer of.
    ///
    /// # Errors
    /// What the pointer is instead: see [`FreeError`]. Nothing has changed then.
    ///
    /// # Safety
    /// If the pointer is that of an area, nobody uses the area's memory in another way as long as the owner lives.
    pub unsafe fn area_at(&self, pointer: *mut u8) -> Result<Area<'_>, FreeError> {
        let at = self.arena.window_offset(pointer.addr()).ok_or(FreeError::Foreign)?;
        let mut addresses = self.addresses.lock();
        let (begin, raw) = addresses.range_of(at / PAGE_SIZE).ok_or(FreeError::AlreadyFree)?;
        if begin * PAGE_SIZE != at {
            return Err(FreeError::NotTheBeginning);
        }
        // INVARIANT: the entry is the owner no more.
        let RawArea { pages, size, blocks, mappings, tables } = raw.take().ok_or(FreeError::Owned)?;
        drop(addresses);
        Ok(Area { machine: self, at: begin, pages, size, blocks, mappings, tables })
    }

    /// Takes an area back that was handed out as a pointer. Null is nothing to take back.
    ///
    /// # Errors
    /// Those of [`Machine::area_at`].
    ///
    /// # Safety
    /// If the pointer is that of an area, nobody uses the area's memory any more.
    pub unsafe fn vfree(&self, pointer: *mut u8) -> Result<(), FreeError> {
        if pointer.is_null() {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        unsafe { self.area_at(pointer) }.map(drop)
    }

    /// Takes memory back that [`KvBlock::into_raw`] made a pointer of. Null, and memory of no bytes, are nothing to take back.
    ///
    /// # Errors
    /// Those of [`Machine::kfree`], and of [`Machine::vfree`] for what is mapped.
    ///
    /// # Safety
    /// If the pointer is that of memory in use, nobody uses the memory any more.
    pub unsafe fn kvfree(&self, pointer: *mut u8) -> Result<(), FreeError> {
        if pointer.addr() == ZERO_SIZE_PTR.addr().get() || !self.is_vmalloc(pointer) {
            // SAFETY: the caller's promise.
            return unsafe { self.kfree(pointer) };
        }
        // SAFETY: the caller's promise.
        unsafe { self.vfree(pointer) }
    }
}
