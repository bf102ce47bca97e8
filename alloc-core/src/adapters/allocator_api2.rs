//! A machine as an allocator of the crate `allocator-api2`, for boxes, vectors and tables that take one.
#![expect(unsafe_code, reason = "an allocator promises what its users rely on")]

use core::alloc::Layout;
use core::num::NonZero;
use core::ptr::NonNull;

use allocator_api2::alloc::{AllocError, Allocator};

use crate::gfp::Gfp;
use crate::machine::Machine;

/// What is asked for, where nobody can say more: to wait is allowed, and whoever gets an error tells of it himself.
const FLAGS: Gfp = Gfp::KERNEL.with(Gfp::NOWARN);

impl Machine {
    fn layout(&self, layout: Layout, flags: Gfp) -> Result<NonNull<[u8]>, AllocError> {
        if layout.size() == 0 {
            let nowhere = NonZero::new(layout.align()).map_or(NonNull::dangling(), NonNull::without_provenance);
            return Ok(NonNull::slice_from_raw_parts(nowhere, 0));
        }
        let memory = self.kmalloc_aligned(layout, flags).map_err(|_| AllocError)?;
        Ok(NonNull::slice_from_raw_parts(memory.into_raw(), layout.size()))
    }
}

// SAFETY: memory of kmalloc stays where it is until it is given back, and the machine is borrowed as long as an allocator
// lives. All references to one machine are one allocator: kfree takes back whatever any of them gave.
unsafe impl Allocator for &Machine {
    fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.layout(layout, FLAGS)
    }

    fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
        self.layout(layout, FLAGS | Gfp::ZERO)
    }

    unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
        if layout.size() > 0 {
            // SAFETY: the caller's promise: the memory is this allocator's, and nobody uses it any more.
            let freed = unsafe { self.kfree(memory.as_ptr()) };
            // Its red zone may be damaged, and the event says so; what else could be wrong is against the promise.
            debug_assert!(matches!(freed, Ok(()) | Err(crate::error::FreeError::RedZone)), "{freed:?}");
        }
    }
}
