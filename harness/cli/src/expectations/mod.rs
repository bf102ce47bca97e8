//! The committed file of known findings: what it says, what it excuses, and what of it is out of date.

pub(crate) mod accept;
pub(crate) mod apply;
pub(crate) mod date;
pub(crate) mod entry;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod function_path;
pub(crate) mod pattern;

#[cfg(test)]
mod tests;
