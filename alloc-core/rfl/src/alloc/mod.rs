//! The kernel's allocators, boxes and vectors (`kernel::alloc`).

mod alloc_error;
pub mod allocator;
mod contract;
mod gfp_flags;
pub mod kbox;
pub mod kvec;
pub mod layout;
mod numa_node;

pub use alloc_error::AllocError;
pub use contract::Allocator;
pub use gfp_flags::{Flags, flags};
pub use kbox::{Box, KBox, KVBox, VBox};
pub use kvec::{IntoIter, KVVec, KVec, VVec, Vec};
pub use numa_node::NumaNode;
