//! Judged findings in calm words, for people.

mod chain;
mod escape;
pub(crate) mod finding;
mod frames;
mod name;
#[cfg(test)]
mod sample;
