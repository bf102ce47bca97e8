//! Memory in bytes: kmalloc, vmalloc, kvmalloc, as blocks and as bare pointers.

use std::alloc::Layout;

use alloc_core_swept::{Gfp, MemoryKind, PAGE_SIZE};

use firsthit::invariant;

use super::sweep;

#[test]
fn contiguous_memory_is_had_or_not_and_grows_or_stays() {
    sweep(2048, |machine| {
        let mut small = machine.kmalloc(100, Gfp::KERNEL)?;
        small.bytes_mut().fill(7);
        let grown = small.krealloc(3000, Gfp::KERNEL).and_then(|()| small.krealloc(5 * PAGE_SIZE, Gfp::KERNEL));
        invariant("what was written stays", small.bytes()[..100] == [7; 100]);
        grown?;
        let array = machine.kmalloc_array(30, 40, Gfp::KERNEL)?;
        invariant("an array has its bytes", array.bytes().len() == 1200);
        Ok(())
    });
}

#[test]
fn mapped_memory_is_had_whole_or_not_at_all() {
    sweep(2048, |machine| {
        let mut area = machine.vmalloc(10 * PAGE_SIZE, Gfp::KERNEL)?;
        area.bytes_mut().fill(7);
        let grown = area.vrealloc(30 * PAGE_SIZE, Gfp::KERNEL | Gfp::ZERO);
        invariant("what was written stays", area.bytes()[..10 * PAGE_SIZE].iter().all(|byte| *byte == 7));
        grown?;
        Ok(area.vrealloc(PAGE_SIZE, Gfp::KERNEL)?)
    });
}

#[test]
fn large_memory_is_mapped_where_it_cannot_be_contiguous() {
    sweep(2048, |machine| {
        let mut memory = machine.kvmalloc(8 * PAGE_SIZE, Gfp::KERNEL)?;
        memory.bytes_mut().fill(7);
        let grown = memory.kvrealloc(20 * PAGE_SIZE, Gfp::KERNEL);
        invariant("what was written stays", memory.bytes()[..8 * PAGE_SIZE].iter().all(|byte| *byte == 7));
        Ok(grown?)
    });
}

#[test]
fn memory_by_bare_pointers_moves_or_stays() {
    sweep(512, |machine| {
        for kind in [MemoryKind::Contiguous, MemoryKind::Mapped, MemoryKind::Either] {
            let layouts = [100, 3 * PAGE_SIZE, 40 * PAGE_SIZE].map(|size| Layout::from_size_align(size, 64).unwrap());
            let mut memory = kind.alloc(machine, None, layouts[0], Gfp::KERNEL)?;
            // SAFETY: the memory has so many bytes, and is this function's; it is given back once, and moved by its own layout.
            unsafe {
                memory.as_ptr().write_bytes(7, 100);
                let mut failed = None;
                let mut from = layouts[0];
                for to in [layouts[1], layouts[2], layouts[0]] {
                    match kind.realloc(machine, memory, from, to, Gfp::KERNEL) {
                        Ok(moved) => (memory, from) = (moved, to),
                        Err(error) => failed = Some(error),
                    }
                    let written = core::slice::from_raw_parts(memory.as_ptr(), 100);
                    invariant("what was written stays", written == [7; 100]);
                }
                kind.free(machine, memory)?;
                failed.map_or(Ok(()), Err)?;
            }
        }
        Ok(())
    });
}

#[test]
fn numbers_of_memory_find_their_owners_again() {
    sweep(512, |machine| {
        let area = machine.vmalloc(3 * PAGE_SIZE, Gfp::KERNEL)?.into_raw();
        invariant("a mapped area is known", machine.is_vmalloc(area.as_ptr()));
        let small = machine.kmalloc_raw(100, Gfp::KERNEL);
        let grown = small.map(|small| {
            // SAFETY: the memory is this function's alone.
            unsafe { machine.krealloc(small.as_ptr(), 5000, Gfp::KERNEL).map_err(|error| (small, error)) }
        });
        // SAFETY: nobody uses what is given back, and each once.
        unsafe {
            drop(machine.area_at(area.as_ptr())?);
            match grown? {
                Ok(grown) => machine.kfree(grown.as_ptr())?,
                Err((small, error)) => {
                    machine.kfree(small.as_ptr())?;
                    Err(error)?;
                }
            }
        }
        Ok(())
    });
}
