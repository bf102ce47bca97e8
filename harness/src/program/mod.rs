//! Sweeps of whole programs that know nothing of it: the door of the preloaded library and of the tool that follows it.
//!
//! No part of the interface.

pub mod annotated;
pub mod by_number;
mod director;
pub mod door;
mod ending;
pub mod entry;
mod execs;
pub mod facts;
pub mod followed;
mod mains;
mod numbered;
pub mod raised;
mod reach;
mod real;
pub mod threads;
pub mod words;

pub use ending::abort;
