//! What every form of a report is made from.

pub(crate) mod arms;
pub(crate) mod cause;
pub(crate) mod gather;
pub(crate) mod lines;
pub(crate) mod previous;
pub(crate) mod recovery;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod second_failures;
pub(crate) mod second_opinions;
pub(crate) mod source;
pub(crate) mod summary;
