//! How a sweep is done, and what of it counts as a finding.

use camino::Utf8PathBuf;
use clap::Args;
use firsthit::Verdict;

use crate::options::confirm::Confirm;
use crate::options::format::ReportFile;
use crate::options::gates::GateOptions;
use crate::options::output::MessageFormat;
use crate::options::page::PageOptions;
use crate::options::value::{Depth, Jobs, Seconds};
use crate::shard::Shard;

/// What is asked of a sweep, whatever is swept.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Sweep")]
pub(crate) struct SweepOptions {
    /// Only the k-th of n parts of the call chains, counted from 1.
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<Shard>,
    /// Only call chains through lines that this unified diff changes.
    #[arg(long, value_name = "FILE")]
    pub(crate) in_diff: Option<Utf8PathBuf>,
    /// Only call chains that no earlier sweep has failed.
    #[arg(long, conflicts_with = "all")]
    pub(crate) new: bool,
    /// All call chains, known or not; this is the default.
    #[arg(long)]
    pub(crate) all: bool,
    /// Go on where the last sweep was stopped.
    #[arg(long)]
    pub(crate) resume: bool,
    /// How many allocations fail in a run: 1, or 2. At 2 each call chain that only recovery code makes fails, too, once behind each
    /// first failure that leads to it.
    #[arg(long, value_name = "N")]
    pub(crate) depth: Option<Depth>,
    /// At depth 2, how many pairs of failures each test gets at the most, 10000 by default. How many were left is told.
    #[arg(long, value_name = "N")]
    pub(crate) pairs_max: Option<u32>,
    /// Which findings are failed once more, in a fresh process of the test that shares nothing with the sweep: one call chain of
    /// each finding, by default; all of them; or none.
    ///
    /// A finding that ends in another way there, or is not met, is told as unconfirmed, with the reason. It fails the run all
    /// the same, for it was seen.
    #[arg(long, value_enum, value_name = "WHICH")]
    pub(crate) confirm: Option<Confirm>,
    /// At the end, write a report in this form into a file; may be given several times. The forms: `report --help`.
    #[arg(long, value_name = "FORMAT=FILE", help_heading = "Output")]
    pub(crate) report: Vec<ReportFile>,
    #[command(flatten)]
    pub(crate) gates: GateOptions,
    #[command(flatten)]
    pub(crate) runs: RunsOptions,
    #[command(flatten)]
    pub(crate) page: PageOptions,
}

/// How the runs of a test are done and judged, whichever of its chains are failed.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Sweep")]
pub(crate) struct RunsOptions {
    /// How many runs at a time; by default as many as there are processors.
    #[arg(short, long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) jobs: Option<Jobs>,
    /// Time limit of one run in seconds; by default from how long it takes without a failure. Runs without a failure have
    /// a minute at least.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) timeout: Option<Seconds>,
    /// Crates whose own call chains are failed; by default the workspace's.
    #[arg(long, value_name = "NAME", value_delimiter = ',', value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) crates: Vec<String>,
    #[command(flatten)]
    pub(crate) verdicts: VerdictOptions,
    /// The form of what is printed to standard output.
    #[arg(long, value_enum, default_value_t, value_name = "FORM", help_heading = "Output")]
    pub(crate) message_format: MessageFormat,
}

impl RunsOptions {
    /// Those by which a chain is found and judged as it was, as words of the command line.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if !self.crates.is_empty() {
            words.extend(["--crates".to_owned(), self.crates.join(",")]);
        }
        if let Some(limit) = self.timeout {
            words.extend(["--timeout".to_owned(), limit.0.as_secs_f64().to_string()]);
        }
        words
    }
}

/// Which verdicts are findings.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Findings")]
pub(crate) struct VerdictOptions {
    /// Count this verdict as a finding: the run fails for it.
    #[arg(long, visible_alias = "fail-on", value_name = "VERDICT", value_delimiter = ',')]
    pub(crate) deny: Vec<Verdict>,
    /// Do not count this verdict as a finding.
    #[arg(long, value_name = "VERDICT", value_delimiter = ',')]
    pub(crate) allow: Vec<Verdict>,
}
