//! What lies in the folder of a run: plan, outcomes, tests, and lists to read.

pub(crate) mod error;
pub(crate) mod folder;
pub(crate) mod json_lines;
pub(crate) mod line;
pub(crate) mod lists;
