//! A store of keys and values in one file that is only appended to.
//!
//! Whatever fails, memory or disk, the caller gets an [`Error`], and the store is as it was before the call. That is
//! what every `?` and every `Err` arm in here is for, and what its tests fail them one by one to see.

mod error;
mod log;
mod map;
mod record;
mod store;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use store::Store;
