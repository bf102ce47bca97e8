//! What runs set out to do and come to, as it is kept.

pub(crate) mod origin;
pub(crate) mod outcome;
pub(crate) mod plan;
pub(crate) mod run_result;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod second_opinion;
pub(crate) mod swept;
mod verdict_word;
