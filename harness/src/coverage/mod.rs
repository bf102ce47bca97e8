//! Which recovery paths of annotated code were tried: what is counted, kept, merged, and told.

pub mod command;
pub(crate) mod compaction;
#[cfg(not(firsthit_portable))]
pub mod door;
pub(crate) mod entry;
pub(crate) mod file;
pub(crate) mod folder;
pub(crate) mod gathered;
pub(crate) mod id;
pub(crate) mod leaving;
pub(crate) mod listing;
pub(crate) mod model;
pub(crate) mod names;
pub(crate) mod program;
#[cfg(test)]
mod sample;
pub(crate) mod state;
pub(crate) mod sweeps;
pub(crate) mod tally;
pub(crate) mod unlinked;
#[cfg(all(target_os = "linux", not(firsthit_portable), not(miri)))]
pub(crate) mod watched;
