//! Results told to people and programs.

mod finding;
mod findings;
pub(crate) mod look;
pub(crate) mod passage;
pub(crate) mod report;
pub(crate) mod shown;
mod sources;
mod summary;
pub(crate) mod tell;
