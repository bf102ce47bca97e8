//! What is known of all chains, from run to run: an SQLite file that many processes write at once.

pub(crate) mod error;
pub(crate) mod find;
pub(crate) mod history;
pub(crate) mod merge;
pub(crate) mod open;
pub(crate) mod read;
pub(crate) mod schema;
pub(crate) mod write;

#[cfg(test)]
mod tests;
