//! Results told to people and programs.

pub(crate) mod findings;
pub(crate) mod passage;
pub(crate) mod report;
pub(crate) mod shown;
pub(crate) mod summary;
pub(crate) mod tell;
