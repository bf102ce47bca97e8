//! Memory that processes share, and what is kept in it.

#[cfg(all(feature = "preload", not(firsthit_portable)))]
pub(crate) mod bell;
pub(crate) mod campaign;
pub(crate) mod counts;
pub(crate) mod freed;
pub(crate) mod header;
pub(crate) mod live;
#[cfg_attr(firsthit_portable, path = "../portable/map.rs")]
pub(crate) mod map;
pub(crate) mod record;
pub(crate) mod seen;
pub(crate) mod spin;

#[cfg(test)]
mod tests;

/// What the seen set is made of; the model checker puts its own in this place.
pub(crate) mod atomic {
    pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64};
}
