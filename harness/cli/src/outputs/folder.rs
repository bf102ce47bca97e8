//! The folder of a run: its plan written first, outcomes and tests as they come, lists at its end.

use std::fs::{File, TryLockError};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use firsthit::Verdict;

use super::error::OutputError;
use super::json_lines::{self, JsonLines};
use super::lists;
use crate::file_error::FileError;
use crate::replace_file::replace_file;
use crate::results::outcome::Outcome;
use crate::results::plan::Plan;
use crate::results::run_result::{Part, RunResult};
use crate::results::swept::Swept;
use crate::test_id::TestId;

/// What the run is to do.
pub(crate) const PLAN: &str = "plan.json";
/// An outcome a line, in the order in which they came; of several of one chain the last counts.
pub(crate) const OUTCOMES: &str = "outcomes.jsonl";
/// A test a line, with the number of the shard; of several of one test the last counts.
pub(crate) const SWEPT: &str = "swept.jsonl";

/// What a process holds locked while it writes.
const LOCK: &str = ".lock";

/// The folder of a run that is written by this process alone; it can be shared by threads.
pub(crate) struct RunFolder {
    /// Let go by the system when the process ends, however it does.
    _lock: Lock,
    path: Utf8PathBuf,
    shard: u32,
    files: Mutex<Files>,
}

struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // To close it is not enough while a child that is just being started has it, too.
        let _ = self.0.unlock();
    }
}

struct Files {
    outcomes: JsonLines<Outcome>,
    swept: JsonLines<Part>,
}

impl RunFolder {
    /// Takes away what an earlier run has left in the folder, and writes the plan.
    ///
    /// # Errors
    ///
    /// Another process writes there, or files cannot be made or removed.
    pub(crate) fn begin(path: &Utf8Path, plan: &Plan) -> Result<RunFolder, OutputError> {
        std::fs::create_dir_all(path).map_err(|error| FileError::writing(path, error))?;
        let lock = lock(path)?;
        // The plan goes first and comes back last, so that outcomes never stand beside another run's plan.
        let lists = Verdict::ALL.map(|verdict| lists::path(path, verdict));
        for file in [PLAN, OUTCOMES, SWEPT].map(|name| path.join(name)).into_iter().chain(lists) {
            match std::fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(FileError::writing(&file, error).into());
                }
                _ => {}
            }
        }
        let text = serde_json::to_vec_pretty(plan).map_err(|error| FileError::writing(path, error.into()))?;
        replace_file(&path.join(PLAN), &text)?;
        RunFolder::open(path, plan, lock)
    }

    /// Goes on with the run that the folder is of.
    ///
    /// # Errors
    ///
    /// There is no plan in it, another process writes there, or it cannot be written.
    pub(crate) fn resume(path: &Utf8Path) -> Result<RunFolder, OutputError> {
        let plan = read_plan(path)?;
        RunFolder::open(path, &plan, lock(path)?)
    }

    fn open(path: &Utf8Path, plan: &Plan, lock: Lock) -> Result<RunFolder, OutputError> {
        let files =
            Files { outcomes: JsonLines::open(&path.join(OUTCOMES))?, swept: JsonLines::open(&path.join(SWEPT))? };
        let shard = plan.runs.keys().next().copied().unwrap_or(1);
        Ok(RunFolder { _lock: lock, path: path.to_owned(), shard, files: Mutex::new(files) })
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends outcomes. When it returns they outlive this process.
    ///
    /// # Errors
    ///
    /// They cannot be written; then none of them is there.
    pub(crate) fn add(&self, outcomes: &[Outcome]) -> Result<(), FileError> {
        self.files().outcomes.append(outcomes)
    }

    /// Appends what became of a test.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(crate) fn test_done(&self, swept: &Swept) -> Result<(), FileError> {
        self.files().swept.append(&[Part { shard: self.shard, swept: swept.clone() }])
    }

    /// Writes the lists of what there is: at the end, and where the run is stopped on the way.
    ///
    /// # Errors
    ///
    /// What was written cannot be read, or the lists cannot be written.
    pub(crate) fn write_lists(&self) -> Result<(), OutputError> {
        let result = read(&self.path)?;
        Ok(lists::write(&self.path, result.outcomes.values())?)
    }
}

/// Takes the folder for this process. Where the file system knows no locks, nothing is held.
fn lock(folder: &Utf8Path) -> Result<Lock, OutputError> {
    let path = folder.join(LOCK);
    let file = File::create(&path).map_err(|error| FileError::writing(&path, error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(OutputError::Busy(folder.to_owned())),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Lock(file)),
    }
}

/// What lies in the folder of a run.
///
/// # Errors
///
/// There is no plan, something cannot be read, or is not as it was written.
pub(crate) fn read(path: &Utf8Path) -> Result<RunResult, OutputError> {
    let mut result = RunResult::new(read_plan(path)?);
    for outcome in json_lines::read::<Outcome>(&path.join(OUTCOMES))? {
        result.outcomes.insert((outcome.test.clone(), outcome.id), outcome);
    }
    for Part { shard, swept } in json_lines::read(&path.join(SWEPT))? {
        result.swept.insert((swept.test.clone(), shard), swept);
    }
    Ok(result)
}

/// Writes a whole result as a run would have left it.
///
/// # Errors
///
/// Files cannot be made or removed there.
pub(crate) fn write(path: &Utf8Path, result: &RunResult) -> Result<(), OutputError> {
    let folder = RunFolder::begin(path, &result.plan)?;
    let outcomes: Vec<Outcome> = result.outcomes.values().cloned().collect();
    folder.add(&outcomes)?;
    let part = |(_, shard): &(TestId, u32), swept: &Swept| Part { shard: *shard, swept: swept.clone() };
    let parts: Vec<Part> = result.swept.iter().map(|(key, swept)| part(key, swept)).collect();
    folder.files().swept.append(&parts)?;
    folder.write_lists()
}

fn read_plan(folder: &Utf8Path) -> Result<Plan, OutputError> {
    let path = folder.join(PLAN);
    let text = std::fs::read_to_string(&path).map_err(|error| FileError::reading(&path, error))?;
    let told = |error: serde_json::Error| OutputError::Line {
        path: path.clone(),
        line: error.line(),
        words: error.to_string(),
    };
    // A later form may lack what this one has: its number is asked first.
    let value: serde_json::Value = serde_json::from_str(&text).map_err(told)?;
    let schema = value.get("schema").and_then(serde_json::Value::as_u64).unwrap_or(0);
    if schema > u64::from(Plan::SCHEMA) {
        return Err(OutputError::Newer { path, schema });
    }
    serde_json::from_value(value).map_err(told)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;
    use crate::results::plan::PlannedTest;
    use crate::results::sample::{frame, outcome, swept, test_id};
    use crate::results::swept::Ended;

    fn plan() -> Plan {
        let tests = vec![PlannedTest { test: test_id("a"), build: "b1".to_owned() }];
        Plan::new(BTreeMap::from([("mode".to_owned(), "once".to_owned())]), Some("2/3".parse().unwrap()), tests)
    }

    #[test]
    fn a_run_reads_as_it_was_written_also_after_a_stop() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("x/run");
        let run = RunFolder::begin(&path, &plan()).unwrap();
        run.add(&[outcome("a", 1, Verdict::Aborted), outcome("a", 2, Verdict::Leaked)]).unwrap();
        run.test_done(&Swept { ended: Ended::Stopped, ..swept("a", 3) }).unwrap();
        run.write_lists().unwrap();
        drop(run);
        // What a kill in the middle of a line leaves.
        let mut torn = fs::read(path.join(OUTCOMES)).unwrap();
        torn.extend(br#"{"id":"00"#);
        fs::write(path.join(OUTCOMES), torn).unwrap();
        assert_eq!(read(&path).unwrap().outcomes.len(), 2);

        let run = RunFolder::resume(&path).unwrap();
        run.add(&[outcome("a", 1, Verdict::Recovered), outcome("a", 3, Verdict::Hung)]).unwrap();
        run.test_done(&swept("a", 3)).unwrap();
        run.write_lists().unwrap();
        let result = read(&path).unwrap();
        let verdicts: Vec<Verdict> =
            (1..=3).map(|n| result.outcomes[&(test_id("a"), crate::results::sample::chain_id(n))].verdict).collect();
        assert_eq!(verdicts, [Verdict::Recovered, Verdict::Leaked, Verdict::Hung]);
        assert_eq!(result.swept, BTreeMap::from([((test_id("a"), 2), swept("a", 3))]));
        assert_eq!(fs::read_to_string(lists::path(&path, Verdict::Aborted)).unwrap(), "");

        let copy = path.with_file_name("copy");
        write(&copy, &result).unwrap();
        assert_eq!(read(&copy).unwrap(), result);
    }

    #[test]
    fn a_new_run_takes_an_earlier_ones_results_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        fs::write(path.join("mine.txt"), "kept").unwrap();
        let run = RunFolder::begin(path, &plan()).unwrap();
        run.add(&[outcome("a", 1, Verdict::Aborted)]).unwrap();
        run.write_lists().unwrap();
        let next = plan();
        // Not while somebody still writes.
        let before = read(path).unwrap();
        for refused in [RunFolder::begin(path, &next), RunFolder::resume(path)] {
            let error = refused.err().unwrap().to_string();
            assert!(error.contains("another cargo-firsthit is writing in") && error.contains(path.as_str()), "{error}");
        }
        assert_eq!(read(path).unwrap(), before);
        drop(run);
        RunFolder::begin(path, &next).unwrap();
        assert_eq!(read(path).unwrap(), RunResult::new(next));
        assert!(!lists::path(path, Verdict::Aborted).exists() && path.join("mine.txt").exists());
    }

    #[test]
    fn lists_are_sorted_by_test_and_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        let at = |test: &str, n, line| {
            let mut outcome = outcome(test, n, Verdict::Leaked);
            outcome.chain = vec![frame("f", "src/a.rs", line, crate::chains::frame::Owner::Workspace)];
            outcome
        };
        let run = RunFolder::begin(path, &plan()).unwrap();
        run.add(&[at("b", 1, 1), at("a", 2, 100), at("a", 3, 9), at("a", 4, 9)]).unwrap();
        run.write_lists().unwrap();
        let text = fs::read_to_string(lists::path(path, Verdict::Leaked)).unwrap();
        let places: Vec<String> =
            text.lines().map(|line| line.split("  ").skip(1).take(2).collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(places, ["demo a src/a.rs:9", "demo a src/a.rs:9", "demo a src/a.rs:100", "demo b src/a.rs:1"]);
        let mut ids: Vec<&str> = text.lines().take(2).map(|line| &line[..12]).collect();
        ids.sort_unstable();
        assert_eq!(ids, text.lines().take(2).map(|line| &line[..12]).collect::<Vec<_>>());
        assert_eq!(Verdict::ALL.into_iter().filter(|verdict| lists::path(path, *verdict).exists()).count(), 13);
    }

    #[test]
    fn a_plan_that_cannot_be_read_is_named_with_the_cure() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        let told = || read(path).unwrap_err().to_string();
        assert!(told().contains("plan.json") && told().contains("name one that is there"), "{}", told());
        assert!(RunFolder::resume(path).is_err());
        fs::write(path.join(PLAN), r#"{"schema": 2, "what": []}"#).unwrap();
        assert!(told().contains("update cargo-firsthit") && told().contains("schema 2"), "{}", told());
        fs::write(path.join(PLAN), "{\n\"schema\": 1").unwrap();
        assert!(told().contains("plan.json:2 is not as it was written"), "{}", told());
        fs::write(path.join(PLAN), r#"{"schema": 1}"#).unwrap();
        assert!(told().contains("missing field"), "{}", told());
    }
}
