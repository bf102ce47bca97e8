//! How one injection is isolated, and who runs which.

pub(crate) mod child;
