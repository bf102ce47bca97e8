//! `verify`: tests swept and failed request by request, several at a time; what both sides say, and the exit code.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use crate::build::program::Program;
use crate::chains::symbols::Symbols;
use crate::exit_code::ExitCode;
use crate::options::verify::VerifyCommand;
use crate::print;
use crate::running::library;
use crate::running::run::{stop_asked, subjects};
use crate::running::setting::Setting;
use crate::running::sweep::Common;
use crate::trouble::Trouble;
use crate::verify::checked::Checked;
use crate::verify::every::{Every, Wanted};
use crate::verify::progress::Progress;
use crate::verify::told::{Totals, text};

/// Checks the tests of all programs. Nothing of it is kept.
///
/// # Errors
/// When something cannot be read or written.
pub(crate) fn verify(setting: Setting<'_>, programs: &[Program], command: &VerifyCommand) -> Result<ExitCode, Trouble> {
    let Setting { settings, place, output, .. } = setting;
    let (subjects, without) = subjects(settings, programs)?;
    let library = library::placed(place.root().as_std_path())
        .map_err(|error| Trouble::usage(format!("{}: {error}", place.root())))?;
    let stop = stop_asked("what is running is finished, and what was compared by then is told")?;
    let packages = setting.packages();
    let common = Common {
        symbols: Symbols::start(setting.owners(programs)),
        library: &library,
        test_code: &settings.test_code,
        packages: &packages,
        limit: settings.timeout,
        // What is failed one by one fails alone.
        depth: 1,
        pairs_max: 0,
        apart: false,
        stop: &stop,
    };
    let wanted = match command.request {
        Some(request) => Wanted::These(vec![request]),
        None => Wanted::UpTo { limit: command.limit, first_thread: command.runner },
    };
    let jobs = settings.jobs.get();
    let (next, busy) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let progress = Progress::new(subjects.len(), output.quiet);
    let not: Vec<_> = without
        .iter()
        .map(|swept| Checked::not(&swept.test, format!("nothing can be preloaded into it: {:?}", swept.ended)))
        .collect();
    let all = Mutex::new(not);
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(subjects.len()) {
            scope.spawn(|| {
                // The last tests have all processors between them.
                let workers = || (jobs / busy.load(Relaxed).max(1)).max(1);
                while let Some(subject) = subjects.get(next.fetch_add(1, Relaxed)) {
                    if stop.load(Relaxed) {
                        return;
                    }
                    busy.fetch_add(1, Relaxed);
                    let tick = |runs| progress.tick(runs);
                    let every = Every { subject, common: &common, workers: &workers, tick: &tick };
                    let checked = every.check(&wanted);
                    busy.fetch_sub(1, Relaxed);
                    progress.end_of(&checked);
                    all.lock().unwrap_or_else(PoisonError::into_inner).push(checked);
                }
            });
        }
    });
    progress.end();
    let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.sort_by(|one, other| one.test.cmp(&other.test));
    if command.is_json() {
        for one in &all {
            print::to_stdout(&(json(one)? + "\n"))?;
        }
        print::to_stdout(&(json(&Summary { totals: Totals::of(&all) })? + "\n"))?;
    } else {
        print::to_stdout(&text(&all, command.later))?;
    }
    let stopped = stop.load(Relaxed);
    if stopped {
        print::to_stderr("stopped: this is what was compared by then");
    }
    Ok(exit_code(&all, stopped))
}

/// The last line of the JSON form.
#[derive(serde::Serialize)]
struct Summary {
    totals: Totals,
}

fn json(value: &impl serde::Serialize) -> Result<String, Trouble> {
    serde_json::to_string(value).map_err(|error| Trouble::internal(format!("the result is no JSON: {error}")))
}

fn exit_code(all: &[Checked], stopped: bool) -> ExitCode {
    let totals = Totals::of(all);
    let cases = [
        (totals.disagreements() > 0, ExitCode::Findings),
        (all.iter().any(|one| one.fails), ExitCode::BaselineFails),
        (totals.runs == 0, ExitCode::NothingInjected),
        (stopped, ExitCode::Stopped),
    ];
    cases.into_iter().filter(|(is, _)| *is).fold(ExitCode::Clean, |code, (_, more)| code.and(more))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_id::TestId;

    #[test]
    fn what_was_not_compared_is_never_clean() {
        let test = TestId { binary: "demo".to_owned(), name: "a".to_owned() };
        let not = Checked::not(&test, "it fails".to_owned());
        let fails = Checked { fails: true, ..not.clone() };
        let agrees = Checked { not_compared: None, runs: 3, ..not.clone() };
        assert_eq!(exit_code(&[], false), ExitCode::NothingInjected);
        assert_eq!(exit_code(&[not], false), ExitCode::NothingInjected);
        assert_eq!(exit_code(&[fails, agrees.clone()], false), ExitCode::BaselineFails);
        assert_eq!(exit_code(std::slice::from_ref(&agrees), false), ExitCode::Clean);
        assert_eq!(exit_code(&[agrees], true), ExitCode::Stopped);
    }
}
