//! Results told, of a run that has just ended, an earlier one or merged ones: findings, summary, exit code.

use firsthit::Verdict;

use crate::exit_code::ExitCode;
use crate::expectations::apply::{Standing, apply};
use crate::expectations::date::Date;
use crate::expectations::file::Expectations;
use crate::options::output::MessageFormat;
use crate::print;
use crate::results::outcome::Outcome;
use crate::results::plan::now;
use crate::results::run_result::RunResult;
use crate::results::swept::Swept;
use crate::telling::findings::Findings;
use crate::telling::summary::Summary;
use crate::trouble::Trouble;

/// What results are held against, and how they are told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Teller<'a> {
    pub(crate) expectations: &'a Expectations,
    /// The verdicts that are findings.
    pub(crate) findings: &'a [Verdict],
    pub(crate) format: MessageFormat,
    /// Nothing beside the results.
    pub(crate) quiet: bool,
}

impl Teller<'_> {
    /// Tells all of a result that was read.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub(crate) fn result(&self, result: &RunResult) -> Result<ExitCode, Trouble> {
        let outcomes: Vec<&Outcome> = result.outcomes.values().collect();
        if self.format == MessageFormat::Json {
            outcomes.iter().try_for_each(|outcome| print::to_stdout(&line(outcome)))?;
        }
        let missing = result.missing();
        let code = self.summary(&outcomes, result.tests(), result.plan.whole && missing.is_empty())?;
        missing.iter().for_each(|what| print::to_stderr(what));
        Ok(code)
    }

    /// The outcomes that are findings and that nobody expects.
    pub(crate) fn unexpected<'a>(&self, result: &'a RunResult) -> Vec<&'a Outcome> {
        let outcomes: Vec<&Outcome> = result.outcomes.values().collect();
        let standings = apply(self.expectations, &outcomes, self.findings, false, Date::at(now())).standings;
        let found = outcomes.into_iter().zip(standings);
        found.filter(|(_, standing)| matches!(standing, Standing::Finding(_))).map(|(outcome, _)| outcome).collect()
    }

    /// Tells what was found, and with which code the process ends. `complete` says that every chain of every test was failed.
    /// Of the form for programs nothing but the summary is told, to standard error: a [`line`] of each outcome is told before.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub(crate) fn summary(
        &self,
        outcomes: &[&Outcome],
        mut tests: Vec<Swept>,
        complete: bool,
    ) -> Result<ExitCode, Trouble> {
        tests.sort_by(|one, other| one.test.cmp(&other.test));
        let applied = apply(self.expectations, outcomes, self.findings, complete, Date::at(now()));
        let summary = Summary::of(outcomes, &applied.standings, &tests);
        if self.format == MessageFormat::Human {
            let found = outcomes.iter().zip(&applied.standings).filter_map(|(outcome, standing)| match standing {
                // Those that abort are told by the lines that cause them.
                Standing::Finding(note) if outcome.verdict != Verdict::Aborted => Some((*outcome, note.as_deref())),
                _ => None,
            });
            print::to_stdout(&format!("{}{summary}\n", Findings::of(found)))?;
        } else if !self.quiet {
            print::to_stderr(&summary.to_string());
        }
        applied.stale.iter().chain(&applied.expired).for_each(|line| print::to_stderr(line));
        let code = summary.class.exit_code();
        Ok(if applied.stale.is_empty() && applied.expired.is_empty() { code } else { code.and(ExitCode::Findings) })
    }
}

/// An outcome for programs: a JSON object, and the end of the line.
pub(crate) fn line(outcome: &Outcome) -> String {
    serde_json::to_string(outcome).map_or_else(|_| String::new(), |line| line + "\n")
}
