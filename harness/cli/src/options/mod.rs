//! The command line: what can be asked for, and what is refused.

pub(crate) mod cargo;
pub(crate) mod command;
pub(crate) mod confirm;
pub(crate) mod filter;
pub(crate) mod format;
pub(crate) mod gates;
mod help;
pub(crate) mod output;
pub(crate) mod page;
pub(crate) mod sweep;
pub(crate) mod value;
pub(crate) mod verify;
