//! Pageable memory beyond the arena: what lies in it may be out, in a swap file, when there is no page for it.
//!
//! It stands on files, so it is there with the feature `std` on Unix only: without them there is nothing to page out to.

mod slots;
mod sum;
pub(crate) mod swap;
pub(crate) mod swap_error;
