//! How results are shown: form, colour, and how much.

use clap::{Args, ValueEnum};

/// What every command takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputOptions {
    /// When to use colours.
    #[arg(long, global = true, value_enum, env = "CARGO_TERM_COLOR", default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Say more; twice for what Cargo and each run are called with.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Say only what was found and what went wrong.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// When colours are used.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Even into files and pipes.
    Always,
    /// Nowhere.
    Never,
}

impl Color {
    /// What Cargo takes for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Color::Auto => "auto",
            Color::Always => "always",
            Color::Never => "never",
        }
    }
}

/// The form of what stands on standard output.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum MessageFormat {
    /// For people.
    #[default]
    Human,
    /// For programs: one JSON object a line.
    Json,
}
