//! Vectors: values side by side in memory of an allocator's, which grows when it is told to, and may not get it.

mod compared;
mod drained;
mod errors;
mod growing;
mod into_iter;
mod literal;
mod shrinking;
mod vector;

pub use drained::DrainAll;
pub use errors::{InsertError, PushError, RemoveError};
pub use into_iter::IntoIter;
pub use vector::{KVVec, KVec, VVec, Vec};
