//! Other crates' words for memory, said of a machine. Flags have no place in them: the task's scopes say what there is to say.

#[cfg(any(feature = "allocator-api2", feature = "allocator-api2-04", feature = "nightly"))]
mod allocator;
#[cfg(feature = "std")]
pub(crate) mod global;
pub(crate) mod handle;
pub(crate) mod kind;
#[cfg(any(feature = "allocator-api2", feature = "allocator-api2-04", feature = "nightly"))]
mod layouts;
