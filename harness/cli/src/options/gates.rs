//! What a run must come to beside its findings: bars that its exit code stands for.

use camino::Utf8PathBuf;
use clap::Args;

use crate::options::value::Percent;

/// When a run fails beyond its findings, or does not fail for them.
#[derive(Args, Clone, PartialEq, Eq, Debug, Default)]
#[command(next_help_heading = "Findings")]
pub(crate) struct GateOptions {
    /// Fail, with exit code 6, if less than PCT per cent of the recovery paths is tested.
    ///
    /// Counted are the recovery arms of annotated code that are not excused, and tested are those that ran because of a failure that
    /// ended well. Where nothing is annotated, call chains are counted in their place: of all that were to be failed, those that
    /// ended well. Reports say which of the two it was.
    #[arg(long, value_name = "PCT", allow_negative_numbers = true)]
    pub(crate) fail_under: Option<Percent>,
    /// Fail only for new findings.
    ///
    /// New is what has another verdict, asks something else or in another function than anything that ended badly in the run
    /// before, or in the baseline. That lines have moved makes nothing new.
    #[arg(long)]
    pub(crate) fail_new: bool,
    /// The run that findings are new against, as `report --format json` has written it; implies --fail-new.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<Utf8PathBuf>,
}

impl GateOptions {
    /// Whether findings count only if they are new.
    pub(crate) fn only_new(&self) -> bool {
        self.fail_new || self.baseline.is_some()
    }

    /// Whether anything is asked for.
    pub(crate) fn are_any(&self) -> bool {
        self.only_new() || self.fail_under.is_some()
    }
}
