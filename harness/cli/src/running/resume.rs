//! `--resume`: the run that was stopped or killed, with what it has done already.

use std::collections::BTreeMap;
use std::fmt;

use camino::Utf8Path;

use crate::ledger::error::LedgerError;
use crate::ledger::open::Ledger;
use crate::ledger::write::Run;
use crate::outputs::error::OutputError;
use crate::outputs::folder::{self, RunFolder};
use crate::results::outcome::Outcome;
use crate::results::plan::{Plan, PlannedTest};
use crate::results::run_result::{Key, RunResult};
use crate::results::swept::{Ended, Swept};
use crate::test_id::TestId;

/// A run to be gone on with, open in the ledger and in its folder, which have the same in them.
pub(crate) struct Resumed {
    pub(crate) run: Run,
    pub(crate) folder: RunFolder,
    /// The tests that nothing is left to do of.
    pub(crate) done: BTreeMap<TestId, Swept>,
    /// The chains that need not be failed again, those of tests that are not done among them.
    pub(crate) outcomes: BTreeMap<Key, Outcome>,
}

/// Why a run cannot be gone on with.
#[derive(Debug)]
pub(crate) enum ResumeError {
    Ledger(LedgerError),
    Output(OutputError),
}

impl From<LedgerError> for ResumeError {
    fn from(error: LedgerError) -> ResumeError {
        ResumeError::Ledger(error)
    }
}

impl From<OutputError> for ResumeError {
    fn from(error: OutputError) -> ResumeError {
        ResumeError::Output(error)
    }
}

impl fmt::Display for ResumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResumeError::Ledger(error) => error.fmt(f),
            ResumeError::Output(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ResumeError {}

/// Finds the last run that was to do the same as `plan` and was not finished; nothing if there is none.
///
/// What it knows of tests whose build is another now does not count. If there are such tests, or others than before, what
/// does count goes over into a run of its own, with `plan` as its plan.
///
/// # Errors
///
/// The ledger or the folder cannot be read or written.
pub(crate) fn resume(ledger: &Ledger, path: &Utf8Path, plan: &Plan) -> Result<Option<Resumed>, ResumeError> {
    let Some(earlier) = unfinished(ledger, path, plan)? else { return Ok(None) };
    let same = earlier.plan.tests == plan.tests;
    let mut kept = RunResult { plan: if same { earlier.plan.clone() } else { plan.clone() }, ..earlier };
    let builds: BTreeMap<&TestId, &str> =
        plan.tests.iter().map(|PlannedTest { test, build }| (test, build.as_str())).collect();
    let is_built = |test: &TestId, build: &str| builds.get(test) == Some(&build);
    kept.outcomes.retain(|(test, _), outcome| is_built(test, &outcome.build));
    kept.swept.retain(|(test, _), swept| is_built(test, &swept.build));

    // The ledger first: while the folder is written anew, it alone has everything.
    let run = ledger.begin_run(&kept.plan)?;
    ledger.record(&kept)?;
    if folder::read(path).ok().as_ref() != Some(&kept) {
        folder::write(path, &kept)?;
    }
    let folder = RunFolder::resume(path)?;
    let done = kept.swept.into_iter().filter(|(_, swept)| swept.ended != Ended::Stopped);
    let done = done.map(|((test, _), swept)| (test, swept)).collect();
    Ok(Some(Resumed { run, folder, done, outcomes: kept.outcomes }))
}

/// What ledger and folder know of that run: a kill can have come between the one and the other.
fn unfinished(ledger: &Ledger, path: &Utf8Path, plan: &Plan) -> Result<Option<RunResult>, ResumeError> {
    let digest = plan.digest();
    let in_ledger = ledger.last_unfinished(&digest)?.map(|run| ledger.result(run)).transpose()?;
    let in_folder = if path.join(folder::PLAN).is_file() { folder::read(path).map(Some) } else { Ok(None) };
    match (in_ledger, in_folder) {
        (Some(mut known), Ok(Some(more))) if known.plan.name() == more.plan.name() => {
            known.outcomes.extend(more.outcomes);
            known.swept.extend(more.swept);
            Ok(Some(known))
        }
        // The folder is of another run, or not whole.
        (Some(known), _) => Ok(Some(known)),
        // The ledger has lost the run, to a loss of power or because it was moved away.
        (None, Ok(Some(more))) if more.plan.digest() == digest && !more.missing().is_empty() => {
            let finished = ledger.has_finished(&more.plan.name())?;
            Ok((!finished).then_some(more))
        }
        (None, Ok(_)) => Ok(None),
        (None, Err(error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;
    use firsthit::Verdict;

    use super::*;
    use crate::results::sample::{chain_id, outcome, swept, test_id};

    struct Place {
        _folder: tempfile::TempDir,
        ledger: Ledger,
        run: Utf8PathBuf,
    }

    fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().to_owned();
        let ledger = Ledger::open(&path.join("ledger.sqlite")).unwrap();
        Place { _folder: folder, ledger, run: path.join("run") }
    }

    fn plan(mode: &str, builds: [&str; 2]) -> Plan {
        let planned = |(name, build): (&str, &str)| PlannedTest { test: test_id(name), build: build.to_owned() };
        let tests = [("a", builds[0]), ("b", builds[1])].map(planned).to_vec();
        Plan::new(BTreeMap::from([("mode".to_owned(), mode.to_owned())]), None, tests)
    }

    /// A run that was killed: test a is done, b is not, and of b's chains each place lacks one.
    fn killed(place: &Place) -> Plan {
        let plan = plan("once", ["b1", "b1"]);
        let (run, folder) = (place.ledger.begin_run(&plan).unwrap(), RunFolder::begin(&place.run, &plan).unwrap());
        for outcomes in [&[outcome("a", 1, Verdict::Aborted)], &[outcome("b", 1, Verdict::Leaked)]] {
            run.add(outcomes).unwrap();
            folder.add(outcomes).unwrap();
        }
        run.test_done(&swept("a", 1)).unwrap();
        folder.test_done(&swept("a", 1)).unwrap();
        run.add(&[outcome("b", 2, Verdict::Hung)]).unwrap();
        folder.add(&[outcome("b", 3, Verdict::Crashed)]).unwrap();
        folder.test_done(&Swept { ended: Ended::Stopped, ..swept("b", 4) }).unwrap();
        plan
    }

    fn resumed(place: &Place, plan: &Plan) -> Option<Resumed> {
        resume(&place.ledger, &place.run, plan).unwrap_or_else(|error| panic!("{error}"))
    }

    /// What lies in the folder, after it was compared with what the ledger has of the same run.
    fn both(place: &Place, run: &Run) -> RunResult {
        let result = folder::read(&place.run).unwrap();
        assert_eq!(place.ledger.result(run.id()).unwrap(), result);
        result
    }

    #[test]
    fn a_killed_run_goes_on_with_all_that_either_place_knows() {
        let place = place();
        let first = killed(&place);
        // The same again, begun at another time.
        let Resumed { run, folder, done, outcomes } = resumed(&place, &plan("once", ["b1", "b1"])).unwrap();
        assert_eq!(done.into_keys().collect::<Vec<_>>(), [test_id("a")]);
        let chains: Vec<_> = outcomes.into_keys().filter(|(test, _)| *test == test_id("b")).map(|(_, id)| id).collect();
        let mut expected = [1, 2, 3].map(chain_id);
        expected.sort();
        assert_eq!(chains, expected);
        assert_eq!(both(&place, &run).plan, first);

        run.add(&[outcome("b", 4, Verdict::Recovered)]).unwrap();
        folder.add(&[outcome("b", 4, Verdict::Recovered)]).unwrap();
        folder.test_done(&swept("b", 4)).unwrap();
        run.test_done(&swept("b", 4)).unwrap();
        run.finish().unwrap();
        assert_eq!(both(&place, &run).missing(), Vec::<String>::new());
        assert!(resumed(&place, &first).is_none());
    }

    #[test]
    fn either_place_is_enough() {
        let (left, right) = (place(), place());
        let first = killed(&left);
        std::fs::remove_dir_all(&left.run).unwrap();
        assert_eq!(resumed(&left, &first).unwrap().outcomes.len(), 3);
        assert_eq!(folder::read(&left.run).unwrap().outcomes.len(), 3);
        // A folder that is not whole, too.
        std::fs::write(left.run.join(folder::OUTCOMES), "{\n").unwrap();
        assert_eq!(resumed(&left, &first).unwrap().outcomes.len(), 3);

        killed(&right);
        let other = Ledger::open(&right.run.with_file_name("other.sqlite")).unwrap();
        let again = resume(&other, &right.run, &plan("once", ["b1", "b1"])).unwrap().unwrap();
        assert_eq!((again.outcomes.len(), again.done.len()), (3, 1));
        assert_eq!(other.outcomes(again.run.id()).unwrap().len(), 3);
    }

    #[test]
    fn what_was_built_anew_is_not_taken_for_done() {
        let place = place();
        let first = killed(&place);
        let rebuilt = plan("once", ["b1", "b2"]);
        let Resumed { run, done, outcomes, .. } = resumed(&place, &rebuilt).unwrap();
        assert_eq!((done.len(), outcomes.len()), (1, 1));
        let result = both(&place, &run);
        assert_eq!(result.plan, rebuilt);
        assert_eq!(result.outcomes.into_values().collect::<Vec<_>>(), [outcome("a", 1, Verdict::Aborted)]);
        assert_ne!(place.ledger.plan(run.id()).unwrap().name(), first.name());

        let place = self::place();
        killed(&place);
        let Resumed { done, outcomes, .. } = resumed(&place, &plan("once", ["b2", "b1"])).unwrap();
        assert_eq!((done.len(), outcomes.len()), (0, 3));
    }

    #[test]
    fn other_options_and_finished_runs_are_not_gone_on_with() {
        let place = place();
        let first = killed(&place);
        assert!(resumed(&place, &plan("sticky", ["b1", "b1"])).is_none());
        assert_eq!(folder::read(&place.run).unwrap().plan, first);
        // Another run has taken the folder; the ledger still knows.
        let other = RunFolder::begin(&place.run, &plan("sticky", ["b1", "b1"])).unwrap();
        other.add(&[outcome("b", 9, Verdict::Leaked)]).unwrap();
        drop(other);
        let again = resumed(&place, &first).unwrap();
        assert_eq!((again.outcomes.len(), folder::read(&place.run).unwrap().plan), (3, first.clone()));
        again.run.finish().unwrap();
        assert!(resumed(&place, &first).is_none());
        // A folder with nothing left to do, beside a ledger that does not know it.
        again.folder.test_done(&swept("b", 3)).unwrap();
        let other = Ledger::open(&place.run.with_file_name("other.sqlite")).unwrap();
        assert!(resume(&other, &place.run, &first).unwrap().is_none());
    }
}
