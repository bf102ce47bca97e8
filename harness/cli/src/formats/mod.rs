//! Reports for other programs, a file for each form.

pub(crate) mod baseline;
pub(crate) mod cobertura;
pub(crate) mod github;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod lcov;
pub(crate) mod markdown;
pub(crate) mod sarif;
pub(crate) mod text;
pub(crate) mod write;

#[cfg(test)]
mod tests;
