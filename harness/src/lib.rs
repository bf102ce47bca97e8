//! Fails every allocation that a test reaches, once per call chain, on its first hit.

mod chain;
mod explain;
mod symbols;
mod verdict;

pub use verdict::{UnknownVerdict, Verdict};
