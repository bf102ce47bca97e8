//! Pageable memory beyond the arena: what lies in it may be out, in a swap file, when there is no page for it.
//!
//! It stands on files, so it is there with the feature `std` on Unix only: without them there is nothing to page out to.

pub(crate) mod array;
pub(crate) mod blob;
mod blob_block;
pub(crate) mod blob_error;
mod bytes;
mod cache;
mod cached;
pub(crate) mod file;
mod heap_sort;
pub(crate) mod hoard;
mod index;
#[cfg(target_os = "linux")]
pub(crate) mod map_error;
#[cfg(target_os = "linux")]
mod map_failure;
#[cfg(target_os = "linux")]
pub(crate) mod map_pages;
#[cfg(target_os = "linux")]
mod map_thread;
#[cfg(target_os = "linux")]
mod map_window;
pub(crate) mod page_ref;
pub(crate) mod paged_error;
pub(crate) mod record;
mod slots;
mod sort;
mod sum;
pub(crate) mod swap;
pub(crate) mod swap_error;
#[cfg(target_os = "linux")]
pub(crate) mod swap_map;
mod table;
#[cfg(target_os = "linux")]
mod traps;
#[cfg(target_os = "linux")]
mod uffd;
pub(crate) mod usage;
