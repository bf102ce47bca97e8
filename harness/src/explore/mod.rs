//! How one injection is isolated, and who runs which.

pub(crate) mod child;
pub(crate) mod run;
pub(crate) mod unix;
