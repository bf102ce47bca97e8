//! The traits `Allocator`: of the crate allocator-api2 in two versions, and of the standard library. They say the same.
#![expect(unsafe_code, reason = "an allocator promises what its users rely on")]

/// Implements a trait `Allocator`, and its error, for all handles.
macro_rules! allocator {
    (of $($api:ident)::+) => {
        use core::alloc::Layout;
        use core::ptr::NonNull;

        use $($api)::+::{AllocError, Allocator};

        use crate::adapters::handle::{KVmalloc, Kmalloc, Vmalloc, WithFlags};
        use crate::adapters::layouts::{allocate, deallocate, reallocate};
        use crate::gfp::Gfp;
        use crate::machine::Machine;

        allocator!(for &Machine);
        allocator!(for Kmalloc<'_>);
        allocator!(for Vmalloc<'_>);
        allocator!(for KVmalloc<'_>);
        allocator!(for WithFlags<A, FLAGS>, A: crate::adapters::handle::Handle, const FLAGS: u32);
    };
    (for $handle:ty $(, $($generics:tt)+)?) => {
        // SAFETY: 1. Memory of a machine stays where it is until it is given back, and the machine is borrowed as long as a
        // handle lives. 2. All handles of one kind and machine are one allocator: a machine takes back whatever any of them gave,
        // and copies of a handle are of its kind. 3. What moves keeps its bytes, and what cannot move is as it was.
        unsafe impl$(<$($generics)+>)? Allocator for $handle {
            #[inline]
            fn allocate(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
                allocate(self, layout, Gfp::NONE).ok_or(AllocError)
            }

            #[inline]
            fn allocate_zeroed(&self, layout: Layout) -> Result<NonNull<[u8]>, AllocError> {
                allocate(self, layout, Gfp::ZERO).ok_or(AllocError)
            }

            #[inline]
            unsafe fn deallocate(&self, memory: NonNull<u8>, layout: Layout) {
                // SAFETY: the caller's promise.
                unsafe { deallocate(self, memory, layout) }
            }

            #[inline]
            unsafe fn grow(&self, memory: NonNull<u8>, from: Layout, to: Layout) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's promise.
                unsafe { reallocate(self, memory, from, to, Gfp::NONE) }.ok_or(AllocError)
            }

            #[inline]
            unsafe fn grow_zeroed(
                &self,
                memory: NonNull<u8>,
                from: Layout,
                to: Layout,
            ) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's promise.
                unsafe { reallocate(self, memory, from, to, Gfp::ZERO) }.ok_or(AllocError)
            }

            #[inline]
            unsafe fn shrink(&self, memory: NonNull<u8>, from: Layout, to: Layout) -> Result<NonNull<[u8]>, AllocError> {
                // SAFETY: the caller's promise.
                unsafe { reallocate(self, memory, from, to, Gfp::NONE) }.ok_or(AllocError)
            }
        }
    };
}

#[cfg(feature = "allocator-api2")]
mod api2_02 {
    allocator!(of allocator_api2::alloc);
}

#[cfg(feature = "allocator-api2-04")]
mod api2_04 {
    allocator!(of allocator_api2_04::alloc);
}

#[cfg(feature = "nightly")]
mod standard {
    allocator!(of core::alloc);
}
