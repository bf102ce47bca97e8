//! Fails every allocation that a test reaches, once per call chain, on its first hit.

mod chain;
mod explain;
mod explore;
mod global_alloc;
mod inject;
mod libc_symbol;
mod memory;
mod mode;
mod oracle;
mod outcome;
mod scope;
mod settings;
mod symbols;
mod token;
mod verdict;

pub use explore::explorer::Explorer;
pub use global_alloc::Alloc;
pub use mode::{Mode, UnknownWord};
pub use outcome::Outcome;
pub use scope::handle::Handle;
pub use verdict::{UnknownVerdict, Verdict};
