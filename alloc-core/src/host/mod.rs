//! What the machine stands on: memory, and nothing else of the outside world.

pub(crate) mod arena;
pub(crate) mod contract;
#[cfg(all(feature = "std", target_os = "linux"))]
pub(crate) mod forked;
#[cfg(all(feature = "std", target_os = "linux"))]
pub(crate) mod memfd;
pub(crate) mod plain;
#[cfg(all(feature = "std", target_os = "linux"))]
mod processors;
#[cfg(all(feature = "std", target_os = "linux"))]
mod window;
