//! Fails every allocation that a test reaches, once per call chain, on its first hit.
#![cfg_attr(firsthit_portable, allow(dead_code, reason = "the inline explorer needs the least of all"))]

#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod chain;
mod earlier;
mod explain;
mod explore;
mod explorer;
mod global_alloc;
mod inject;
#[cfg(not(firsthit_portable))]
mod libc_symbol;
mod memory;
mod mode;
mod narrator;
mod oracle;
mod outcome;
mod report;
mod scope;
mod settings;
mod sweep;
#[cfg_attr(firsthit_portable, path = "portable/symbols.rs")]
mod symbols;
mod token;
mod trouble;
mod verdict;
mod whose;

pub use explorer::Explorer;
pub use global_alloc::Alloc;
pub use inject_macros::test;
pub use mode::{Mode, UnknownWord};
pub use outcome::Outcome;
pub use report::Report;
pub use scope::handle::Handle;
pub use sweep::{Sweep, invariant, sweep};
pub use trouble::Trouble;
pub use verdict::{UnknownVerdict, Verdict};
