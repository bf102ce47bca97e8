//! The slab layer: caches of small objects on top of the page allocator, and the kmalloc family.

pub(crate) mod audit;
pub(crate) mod cache;
mod cache_core;
mod giving;
mod guard;
mod handle;
pub(crate) mod kmalloc;
pub(crate) mod kmalloc_box;
mod kmalloc_raw;
mod kmalloc_word;
mod lists;
mod object;
pub(crate) mod options;
pub(crate) mod prefill;
pub(crate) mod registry;
mod request;
mod shape;
mod sheaf;
mod sheaves;
pub(crate) mod slab_box;
mod table;
pub(crate) mod typed;
mod zeroed;
