//! From what was observed to one verdict.

pub(crate) mod judge;
