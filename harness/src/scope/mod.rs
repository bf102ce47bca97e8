//! Where and for whom injection is on: the scope of one sweep, and the threads that belong to it.

pub(crate) mod armed;
pub(crate) mod balance;
pub(crate) mod discover;
pub(crate) mod frames;
pub(crate) mod handle;
pub(crate) mod pairs;
pub(crate) mod passing;
pub(crate) mod shared;
pub(crate) mod sites;
#[cfg(not(firsthit_portable))]
pub(crate) mod spawn;
pub(crate) mod thread;
pub(crate) mod tip;
