//! Which findings get a second opinion: each cause once, every chain, or none.

use clap::ValueEnum;
use serde::Deserialize;

/// What is failed once more, in a fresh process, before it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Confirm {
    /// One call chain of each finding that is told.
    #[default]
    Groups,
    /// Every call chain that is a finding.
    All,
    /// Nothing.
    None,
}
