//! The gates: whether a run passes, by its new findings and its recovery coverage.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use firsthit::Verdict;

use crate::chains::chain_id::ChainId;
use crate::contents::cause::Cause;
use crate::contents::gather::Contents;
use crate::contents::summary::Class;
use crate::exit_code::ExitCode;
use crate::formats::baseline;
use crate::formats::text::{sentence, where_of};
use crate::in_words::several;
use crate::options::gates::GateOptions;
use crate::options::value::Percent;
use crate::trouble::Trouble;

/// What is asked of a run, with what that takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Gates {
    fail_under: Option<Percent>,
    only_new: bool,
    /// The file that was named, and what ended badly in it.
    baseline: Option<(Utf8PathBuf, BTreeSet<ChainId>)>,
}

/// How a run did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Passage {
    pub(crate) code: ExitCode,
    /// What is to be told of it, a line an entry.
    pub(crate) told: Vec<String>,
}

impl Gates {
    /// Reads the baseline, if there is one: before a sweep, for after it would be late to hear that it is not there.
    ///
    /// # Errors
    /// The baseline cannot be read.
    pub(crate) fn load(options: &GateOptions) -> Result<Gates, Trouble> {
        let baseline = options.baseline.clone().map(|path| Ok((path.clone(), baseline::read(&path)?))).transpose()?;
        Ok(Gates { fail_under: options.fail_under, only_new: options.only_new(), baseline })
    }

    /// With which code the process ends, that would end with `code` without gates.
    pub(crate) fn pass(&self, contents: &Contents, code: ExitCode) -> Passage {
        let mut passage = Passage { code, told: Vec::new() };
        if self.only_new && matches!(contents.summary.class, Class::Findings | Class::Hung) {
            let new = self.new_causes(contents);
            passage.told.push(self.told(contents, new.len()));
            passage.told.extend(new.iter().map(|cause| format!("  new: {} at {}", sentence(cause), where_of(cause))));
            let of_new = match () {
                () if new.iter().any(|cause| cause.verdict == Verdict::Hung) => ExitCode::Hung,
                () if !new.is_empty() => ExitCode::Findings,
                () => ExitCode::Clean,
            };
            let rest = if contents.out_of_date.is_empty() { ExitCode::Clean } else { ExitCode::Findings };
            // What is worse than findings stays.
            if matches!(code, ExitCode::Findings | ExitCode::Hung) {
                passage.code = of_new.and(rest);
            }
        }
        if let Some(bar) = self.fail_under {
            let recovery = contents.recovery();
            if recovery.rate.hundredths() < bar.0 {
                passage.told.push(format!("recovery coverage is {recovery}, and {bar} is asked for"));
                passage.code = passage.code.and(ExitCode::CoverageUnderBar);
            }
        }
        passage
    }

    fn new_causes<'a>(&self, contents: &'a Contents) -> Vec<&'a Cause> {
        let is_new = |cause: &&Cause| match (&self.baseline, &contents.previous) {
            (Some((_, known)), _) => !known.contains(&cause.fingerprint),
            (None, Some(previous)) => previous.trend.new.contains(&cause.fingerprint),
            (None, None) => true,
        };
        contents.findings().filter(is_new).collect()
    }

    fn told(&self, contents: &Contents, new: usize) -> String {
        let all = several(contents.findings().count(), "finding", "findings");
        match (&self.baseline, &contents.previous) {
            (Some((path, _)), _) => format!("{new} of {all} new against {path}"),
            (None, Some(_)) => format!("{new} of {all} new against the run before"),
            (None, None) => format!("{new} of {all} new: there is no run before that swept one of these tests"),
        }
    }
}
