//! The kernel's Rust allocation API, by its names and in its shapes, on a machine of [`alloc_core`].
pub mod alloc;
pub mod error;
mod foreign;
pub mod init;
mod memory;
pub mod prelude;
mod print;
mod serving;

pub use pinned_init::{init, pin_init};
pub use serving::with_machine;

/// Types that kernel code is made of.
pub mod types {
    pub use crate::foreign::ForeignOwnable;
}
