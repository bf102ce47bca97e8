//! `explain`: what a word in a report means, and what to do next.

pub(crate) mod chain;
mod example;
pub(crate) mod word;
