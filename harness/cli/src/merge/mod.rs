//! The results of several runs made into one: of all shards, what one machine would have found.

pub(crate) mod error;
pub(crate) mod join;
pub(crate) mod source;

#[cfg(test)]
mod tests;
