//! The instrumented build, and the test programs that come of it.

pub(crate) mod build_id;
mod built;
mod c_flags;
mod cargo;
mod environment;
mod harness;
mod instrument;
mod listing;
mod nextest;
mod probe;
mod profile;
pub(crate) mod program;
pub(crate) mod programs;
pub(crate) mod refusal;
