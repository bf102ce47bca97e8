//! Pageable memory beyond the arena: what lies in it may be out, in a swap file, when there is no page for it.
//!
//! It stands on files, so it is there with the feature `std` on Unix only: without them there is nothing to page out to.

#[cfg(target_os = "linux")]
pub(crate) mod map_error;
#[cfg(target_os = "linux")]
pub(crate) mod map_pages;
#[cfg(target_os = "linux")]
mod map_thread;
mod slots;
mod sum;
pub(crate) mod swap;
pub(crate) mod swap_error;
#[cfg(target_os = "linux")]
pub(crate) mod swap_map;
#[cfg(target_os = "linux")]
mod traps;
#[cfg(target_os = "linux")]
mod uffd;
