//! What threads need to share a machine: locks, and values of which each processor has its own.

pub(crate) mod apart;
pub(crate) mod asymmetric;
pub(crate) mod cpu_local;
pub(crate) mod cpus;
pub(crate) mod growing;
pub(crate) mod inside;
pub(crate) mod lock;
pub(crate) mod mark;
#[cfg(feature = "std")]
pub(crate) mod numbers;
pub(crate) mod read_write;
#[cfg(feature = "std")]
pub(crate) mod signal;
/// The model checkers put their own in the place of these two: see `tests/interleavings.rs`, and the folder `schedules`.
#[cfg(not(alloc_core_shuttle))]
pub(crate) mod steps;
#[cfg(all(feature = "std", target_os = "linux"))]
pub(crate) mod still;
#[cfg(all(feature = "std", not(alloc_core_shuttle)))]
mod threads;

#[cfg(alloc_core_shuttle)]
#[path = "scheduled.rs"]
pub(crate) mod steps;
#[cfg(alloc_core_shuttle)]
use steps::threads;
