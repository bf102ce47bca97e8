//! All that a report says, gathered once: every form of it is made from this and from nothing else.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use firsthit::Verdict;

use crate::contents::arms::Arms;
use crate::contents::cause::{Cause, Level, causes};
use crate::contents::lines::{FileLines, lines};
use crate::contents::previous::{Previous, Trend, verdicts};
use crate::contents::second_opinions::SecondOpinions;
use crate::contents::summary::Summary;
use crate::expectations::apply::{Applied, Standing, apply};
use crate::expectations::date::Date;
use crate::expectations::file::Expectations;
use crate::ledger::error::LedgerError;
use crate::ledger::open::Ledger;
use crate::place::Place;
use crate::results::outcome::Outcome;
use crate::results::plan::now;
use crate::results::run_result::RunResult;
use crate::results::swept::Swept;

/// A result, and what is made of it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Contents {
    pub(crate) result: RunResult,
    /// In the order of the result's outcomes.
    pub(crate) standings: Vec<Standing>,
    /// How each test's sweep ended, by test.
    pub(crate) tests: Vec<Swept>,
    pub(crate) summary: Summary,
    /// Findings first, the worst of them first.
    pub(crate) causes: Vec<Cause>,
    /// By file, relative to the workspace where it lies in there.
    pub(crate) lines: BTreeMap<Utf8PathBuf, FileLines>,
    /// What test programs have left of annotated code; nothing if none has.
    pub(crate) arms: Option<Arms>,
    pub(crate) previous: Option<Previous>,
    /// What of the result is not there, a sentence an entry.
    pub(crate) missing: Vec<String>,
    /// Expectations that excuse nothing any more, or have expired, a sentence an entry.
    pub(crate) out_of_date: Vec<String>,
    /// The folder of the workspace, where the files lie.
    pub(crate) root: Option<Utf8PathBuf>,
}

/// What a result is held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measures<'a> {
    pub(crate) expectations: &'a Expectations,
    /// The verdicts that are findings.
    pub(crate) findings: &'a [Verdict],
}

impl Measures<'_> {
    fn apply(&self, result: &RunResult, complete: bool) -> Applied {
        let outcomes: Vec<&Outcome> = result.outcomes.values().collect();
        apply(self.expectations, &outcomes, self.findings, complete, Date::at(now()))
    }
}

impl Contents {
    /// Of a result alone: without what was counted of annotated code, and without the run before.
    pub(crate) fn of(result: RunResult, measures: Measures<'_>, root: Option<&Utf8Path>) -> Contents {
        let missing = result.missing();
        let applied = measures.apply(&result, result.plan.whole && missing.is_empty());
        let outcomes: Vec<&Outcome> = result.outcomes.values().collect();
        let mut tests = result.tests();
        tests.sort_by(|one, other| one.test.cmp(&other.test));
        let summary = Summary::of(&outcomes, &applied.standings, &tests);
        let judged = || result.outcomes.values().zip(&applied.standings);
        let (causes, lines) = (causes(judged()), lines(judged()));
        let summary = Summary { second_opinions: SecondOpinions::of(&causes), ..summary };
        let out_of_date = applied.stale.into_iter().chain(applied.expired).collect();
        Contents {
            standings: applied.standings,
            tests,
            summary,
            causes,
            lines,
            arms: None,
            previous: None,
            missing,
            out_of_date,
            root: root.map(Utf8Path::to_owned),
            result,
        }
    }

    /// With what was counted of annotated code, and the run before, as far as they lie where the project keeps them.
    ///
    /// # Errors
    /// The ledger is there, and cannot be read.
    pub(crate) fn with_surroundings(mut self, measures: Measures<'_>, place: &Place) -> Result<Contents, LedgerError> {
        self.arms = Arms::read(&place.root().join("coverage"), &self.result);
        // A result can have come without a ledger.
        if place.ledger().is_file() {
            let before = before(&Ledger::open_to_read(&place.ledger())?, &self.result)?;
            self.previous = before.map(|before| self.compared(&before, measures));
        }
        Ok(self)
    }

    fn compared(&self, before: &RunResult, measures: Measures<'_>) -> Previous {
        let standings = measures.apply(before, false).standings;
        let then = causes(before.outcomes.values().zip(&standings));
        let trend = Trend::of(&self.causes, &self.tests, &then);
        Previous { name: before.plan.name(), begun: before.plan.begun, verdicts: verdicts(before), trend, causes: then }
    }

    /// Each outcome with its standing, by test and identity: the number of the lines' outcomes is their place here.
    pub(crate) fn judged(&self) -> impl Iterator<Item = (&Outcome, &Standing)> {
        self.result.outcomes.values().zip(&self.standings)
    }

    /// The causes that are to be told.
    pub(crate) fn findings(&self) -> impl Iterator<Item = &Cause> {
        self.causes.iter().filter(|cause| cause.level == Level::Finding)
    }

    /// The outcome that shows a cause.
    pub(crate) fn shows(&self, cause: &Cause) -> Option<&Outcome> {
        cause.chains.first().and_then(|key| self.result.outcomes.get(key))
    }

    /// How many chains came to what, the expected ones included: as the ledger has them.
    pub(crate) fn verdicts(&self) -> BTreeMap<Verdict, usize> {
        verdicts(&self.result)
    }
}

/// The run that began last before this one, of those that swept one of its tests.
fn before(ledger: &Ledger, result: &RunResult) -> Result<Option<RunResult>, LedgerError> {
    for run in ledger.runs()? {
        let plan = ledger.plan(run)?;
        let own = plan.runs.values().flatten().any(|name| result.plan.runs.values().any(|names| names.contains(name)));
        let shared = || plan.tests.iter().any(|one| result.plan.tests.iter().any(|other| other.test == one.test));
        if !own && plan.begun < result.plan.begun && shared() {
            return ledger.result(run).map(Some);
        }
    }
    Ok(None)
}
