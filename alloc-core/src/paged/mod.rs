//! Pageable memory beyond the arena: what lies in it may be out, in a swap file, when there is no page for it.
//!
//! It stands on files, so it is there with the feature `std` on Unix only: without them there is nothing to page out to.

mod bytes;
mod cache;
mod cached;
pub(crate) mod file;
mod index;
pub(crate) mod page_ref;
pub(crate) mod paged_error;
mod slots;
mod sum;
pub(crate) mod swap;
pub(crate) mod swap_error;
mod table;
pub(crate) mod usage;
