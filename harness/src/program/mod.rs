//! Sweeps of whole programs that know nothing of it: the door of the preloaded library and of the tool that follows it.
//!
//! No part of the interface.

mod director;
pub mod door;
mod ending;
pub mod entry;
mod execs;
pub mod followed;
mod mains;
pub mod raised;
mod reach;
mod real;

pub use ending::abort;

/// Threads that a sweep's threads spawn.
pub mod threads {
    pub use crate::scope::spawn::{Start, firsthit_pthread_create as create};
}
