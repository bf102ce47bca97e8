//! The report as a page: a folder that is opened in a browser, and needs nothing else.

pub(crate) mod clean;
#[cfg(test)]
mod colour;
pub(crate) mod columns;
pub(crate) mod details;
pub(crate) mod folder;
pub(crate) mod index;
pub(crate) mod make;
pub(crate) mod overview;
pub(crate) mod report;
pub(crate) mod rows;
pub(crate) mod script;
pub(crate) mod share;
pub(crate) mod source;
pub(crate) mod subject;
pub(crate) mod tables;
pub(crate) mod tree;
pub(crate) mod write;

/// As many rows of a list are in the page without its script.
const ROWS: usize = 300;
