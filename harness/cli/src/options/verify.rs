//! `verify`: what is checked, and by how many runs.

use std::ffi::OsString;

use clap::Args;

use crate::options::cargo::CargoOptions;
use crate::options::filter::FilterOptions;
use crate::options::output::MessageFormat;
use crate::options::sweep::{RunsOptions, SweepOptions};
use crate::options::value::{Jobs, Seconds};
use crate::verify::numbers::Nth;

/// `verify`.
#[derive(Args, Debug)]
pub(crate) struct VerifyCommand {
    #[command(flatten)]
    pub(crate) filter: FilterOptions,
    /// How many requests of a test are failed at most, but for each chain's first; of more an even share is.
    #[arg(long, value_name = "N", default_value_t = 10_000, help_heading = "Check")]
    pub(crate) limit: u64,
    /// Fail this request alone, as a report names it; those of the program's first thread have negative numbers.
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with = "limit", help_heading = "Check")]
    pub(crate) request: Option<Nth>,
    /// Fail the requests of the test runner's own thread, too, on which no code under test was met.
    #[arg(long, conflicts_with = "request", help_heading = "Check")]
    pub(crate) runner: bool,
    /// Tell the chains that end otherwise at a later hit, too.
    #[arg(long, help_heading = "Check")]
    pub(crate) later: bool,
    /// How many runs at a time; by default as many as there are processors.
    #[arg(short, long, value_name = "N", allow_negative_numbers = true, help_heading = "Check")]
    pub(crate) jobs: Option<Jobs>,
    /// Time limit of one run in seconds; by default from how long it takes without a failure.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, help_heading = "Check")]
    pub(crate) timeout: Option<Seconds>,
    /// Crates whose own call chains are compared; by default the workspace's.
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = clap::builder::NonEmptyStringValueParser::new(), help_heading = "Check")]
    pub(crate) crates: Vec<String>,
    /// One JSON object a test, and one of all.
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// The form of what is printed to standard output: `json` is the same as --json.
    #[arg(long, value_enum, default_value_t, value_name = "FORM", help_heading = "Output")]
    pub(crate) message_format: MessageFormat,
    #[command(flatten)]
    pub(crate) cargo: CargoOptions,
    /// Arguments for the test binaries.
    #[arg(last = true, value_name = "TEST-ARGS")]
    pub(crate) test_args: Vec<OsString>,
}

impl VerifyCommand {
    pub(crate) fn is_json(&self) -> bool {
        self.json || self.message_format == MessageFormat::Json
    }

    /// What is asked of the sweep that is checked.
    pub(crate) fn sweep(&self) -> SweepOptions {
        let Self { jobs, timeout, crates, .. } = self;
        let runs = RunsOptions { jobs: *jobs, timeout: *timeout, crates: crates.clone(), ..RunsOptions::default() };
        SweepOptions { runs, ..SweepOptions::default() }
    }
}
