//! Fails every allocation that a test reaches, once per call chain, on its first hit.

mod chain;
mod explore;
mod global_alloc;
mod inject;
mod libc_symbol;
mod memory;
mod mode;
mod outcome;
mod scope;

pub use global_alloc::Alloc;
pub use mode::{Mode, UnknownWord};
pub use outcome::Outcome;
pub use scope::handle::Handle;
