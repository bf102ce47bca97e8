//! Boxes: one value in memory of an allocator's.

mod boxed;
mod foreign;
mod in_place;
mod traits;

pub use boxed::{Box, KBox, KVBox, VBox};
