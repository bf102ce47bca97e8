//! Calls of the kmalloc family: by boxes, by bare pointers, and by pointers that are none.
#![expect(unsafe_code, reason = "gives memory back by pointer")]

use alloc_core::{FreeError, Gfp};
use std::alloc::Layout;

use super::operation::Operation;
use super::pointer::Pointer;
use super::run::{Run, place};
use super::things::Thing;

impl Run<'_, '_> {
    /// Memory by size.
    pub(super) fn of_bytes(&mut self, operation: Operation) {
        let machine = self.machine;
        self.has_slabs = true;
        match operation {
            Operation::Kmalloc { task, size, align, flags } => {
                let (size, flags) = (size.bytes(), flags.gfp());
                let layout = Layout::from_size_align(size, 1 << (align % 31));
                let got = machine.run_as(self.task(task), || match layout {
                    Ok(layout) => machine.kmalloc_aligned(layout, flags),
                    Err(_) => machine.kmalloc(size, flags),
                });
                match got {
                    Ok(object) => {
                        let at = object.as_ptr().addr().get();
                        assert!(size == 0 || layout.is_ok_and(|layout| at.is_multiple_of(layout.align())));
                        assert!(object.bytes().len() == size && object.ksize() >= size);
                        assert!(!flags.contains(Gfp::ZERO) || object.bytes().iter().all(|byte| *byte == 0));
                        self.keep(Thing::Object(object));
                    }
                    Err(error) => self.refused(error),
                }
            }
            Operation::KmallocRaw { task, size, flags } => {
                let (len, flags) = (size.bytes(), flags.gfp());
                match machine.run_as(self.task(task), || machine.kmalloc_raw(len, flags)) {
                    Ok(at) => {
                        assert!(machine.ksize(at.as_ptr()).expect("memory of the machine") >= len);
                        self.keep(Thing::Pointer(Pointer { at, len, cache: None }));
                    }
                    Err(error) => self.refused(error),
                }
            }
            Operation::Krealloc { which, size, flags } => self.krealloc(which, size.bytes(), flags.gfp()),
            Operation::Kfree { at } => {
                // Within the memory and a little beyond.
                let pointer = (self.base + at as usize % (600 * alloc_core::PAGE_SIZE)) as *mut u8;
                let is_held = self.pointers().any(|held| held.at.as_ptr().addr() == pointer.addr());
                if !is_held {
                    // SAFETY: what nobody was given as a pointer is not taken back.
                    let freed = unsafe { machine.kfree(pointer) };
                    assert!(freed.is_err_and(|error| error != FreeError::RedZone), "{pointer:?}: {freed:?}");
                    assert!(machine.ksize(pointer).is_err());
                }
            }
            Operation::KfreeTwice { which } => {
                let Some(at) = self.pointer_at(which) else { return };
                let held = self.held.swap_remove(at);
                if let Thing::Pointer(pointer) = held.leave(&mut self.model) {
                    let (at, len) = (pointer.at.as_ptr(), pointer.len);
                    self.kfree(pointer);
                    // SAFETY: the memory is nobody's.
                    assert!(len == 0 || unsafe { machine.kfree(at) }.is_err(), "it was taken back twice");
                }
            }
            Operation::FreeToCache { which, cache } => {
                let Some(at) = self.pointer_at(which) else { return };
                let cache = usize::from(cache) % self.slabs.len();
                if let Thing::Pointer(pointer) = &self.held[at].thing
                    && pointer.cache != Some(cache)
                {
                    // SAFETY: it is no object of the cache, and is not taken.
                    let freed = unsafe { self.slabs[cache].free(pointer.at.as_ptr()) };
                    assert!(freed.is_err(), "a cache took back what it had not given out");
                }
            }
            _ => unreachable!("not a call about memory by size"),
        }
    }

    /// Gives memory back by its pointer.
    pub(super) fn kfree(&self, pointer: Pointer) {
        let from_cache = pointer.cache.filter(|_| pointer.len.is_multiple_of(2));
        // SAFETY: the pointer was the right to the memory, and ends here.
        let freed = unsafe {
            match from_cache {
                Some(cache) => self.slabs[cache].free(pointer.at.as_ptr()),
                None => self.machine.kfree(pointer.at.as_ptr()),
            }
        };
        assert_eq!(freed, Ok(()));
    }

    fn pointers(&self) -> impl Iterator<Item = &Pointer> {
        self.held.iter().filter_map(|held| match &held.thing {
            Thing::Pointer(pointer) => Some(pointer),
            _ => None,
        })
    }

    /// The place of a pointer among all that is held.
    fn pointer_at(&self, which: u8) -> Option<usize> {
        let places = (0..self.held.len()).filter(|at| matches!(self.held[*at].thing, Thing::Pointer(_)));
        let places: Vec<_> = places.collect();
        place(&places, which).map(|at| places[at])
    }

    fn krealloc(&mut self, which: u8, size: usize, flags: Gfp) {
        let Some(at) = place(&self.held, which) else { return };
        if !matches!(self.held[at].thing, Thing::Object(_) | Thing::Pointer(_)) {
            return;
        }
        let thing = match self.held.swap_remove(at).leave(&mut self.model) {
            Thing::Object(mut object) => {
                let before = object.bytes().len();
                match object.krealloc(size, flags) {
                    Ok(()) => assert_eq!(object.bytes().len(), size),
                    Err(_) => assert_eq!(object.bytes().len(), before),
                }
                Thing::Object(object)
            }
            Thing::Pointer(pointer) => {
                let kept: Vec<u8> = pointer.bytes().iter().copied().take(size).collect();
                // SAFETY: the pointer is the right to the memory, and becomes the right to where that is now.
                match unsafe { self.machine.krealloc(pointer.at.as_ptr(), size, flags) } {
                    Ok(at) => {
                        // What stays in place stays its cache's.
                        let cache = pointer.cache.filter(|_| at == pointer.at);
                        let moved = Pointer { at, len: size, cache };
                        assert!(moved.bytes().starts_with(&kept), "bytes were lost");
                        Thing::Pointer(moved)
                    }
                    Err(_) => Thing::Pointer(pointer),
                }
            }
            thing => thing,
        };
        self.keep(thing);
    }
}
