//! Fails every allocation, and every fail point, that a test reaches, once per call chain, on its first hit.
//!
//! A sweep records the call chains of a body that allocate, then runs the body again for each of them with that
//! one allocation refused, each in isolation, and judges what came of it: a [`Verdict`] with its evidence.
//!
//! ```no_run
//! # use std::collections::TryReserveError;
//! #[global_allocator]
//! static ALLOC: firsthit::Alloc = firsthit::Alloc::system();
//!
//! fn squares(count: usize) -> Result<Vec<usize>, TryReserveError> {
//!     let mut squares = Vec::new();
//!     squares.try_reserve_exact(count)?;
//!     squares.extend((0..count).map(|n| n * n));
//!     Ok(squares)
//! }
//!
//! # mod tests {
//! # use super::*;
//! #[firsthit::test]
//! fn squares_survive_every_failure() -> Result<Vec<usize>, TryReserveError> {
//!     squares(100)
//! }
//! # }
//! # fn main() {}
//! ```
//!
//! - [`test`] makes a function whose body is swept; [`Sweep`] is the same as a builder, for any place in a test.
//! - [`Alloc`] has to be the program's allocator. Outside of a sweep it adds a load and a branch.
//! - [`fail_point!`] and [`injectable`] are failures beyond memory, which sweeps inject likewise.
//! - [`Outcome`] says what of a body's result is compared; [`invariant`] tells what must hold.
//! - [`Handle`] takes a sweep along to thread pools and tasks; spawned threads belong to it by themselves.
//! - [`Explorer`] and [`Mode`] say how failures are isolated, and what happens behind them.
//!
//! What it does not find: paths that no test reaches, failures at later hits of a chain, failures of anything but Rust's
//! global allocator and fail points, and damage without a symptom.
#![cfg_attr(firsthit_portable, allow(dead_code, reason = "the inline explorer needs the least of all"))]

#[cfg(feature = "alloc-core")]
pub mod alloc_core;
#[doc(hidden)]
pub mod annotation;
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod bench;
mod chain;
#[doc(hidden)]
pub mod coverage;
mod earlier;
mod explain;
mod explore;
mod explorer;
mod fail_point;
mod global_alloc;
mod inject;
#[cfg(not(firsthit_portable))]
mod libc_symbol;
mod memory;
mod mode;
mod narrator;
mod oracle;
mod outcome;
#[cfg(all(feature = "preload", not(firsthit_portable)))]
#[doc(hidden)]
pub mod program;
mod report;
mod scope;
mod second_failures;
mod settings;
mod sweep;
#[cfg_attr(firsthit_portable, path = "portable/symbols.rs")]
mod symbols;
mod token;
mod trouble;
mod unswept;
mod verdict;
mod whose;

#[doc(hidden)]
pub use annotation as __private;
pub use explorer::Explorer;
pub use global_alloc::Alloc;
pub use inject_macros::{benign, injectable, instrument, test, untested};
pub use mode::{Mode, UnknownWord};
pub use outcome::Outcome;
pub use report::Report;
pub use scope::handle::Handle;
pub use second_failures::SecondFailures;
pub use sweep::{Sweep, invariant, sweep};
pub use trouble::Trouble;
pub use unswept::unswept;
pub use verdict::{UnknownVerdict, Verdict};
