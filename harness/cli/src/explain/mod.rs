//! `explain`: what a word in a report means, and what to do next.

mod example;
pub(crate) mod word;
