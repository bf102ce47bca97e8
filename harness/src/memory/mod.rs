//! Memory that processes share, and what is kept in it.

pub(crate) mod map;
pub(crate) mod seen;
