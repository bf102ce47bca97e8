//! Memory that processes share, and what is kept in it.

pub(crate) mod campaign;
pub(crate) mod live;
pub(crate) mod map;
pub(crate) mod record;
pub(crate) mod seen;
