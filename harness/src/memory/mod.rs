//! Memory that processes share, and what is kept in it.

pub(crate) mod campaign;
pub(crate) mod live;
#[cfg_attr(firsthit_portable, path = "../portable/map.rs")]
pub(crate) mod map;
pub(crate) mod record;
pub(crate) mod seen;
