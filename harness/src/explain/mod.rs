//! Judged findings in calm words, for people.

mod chain;
pub(crate) mod escape;
pub(crate) mod finding;
pub(crate) mod frames;
mod group;
mod leaks;
pub(crate) mod name;
pub(crate) mod report;
#[cfg(test)]
mod sample;
mod summary;
mod what;
