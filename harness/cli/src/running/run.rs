//! A whole run: its plan, its tests on all processors, what is kept of it, what is told, and the exit code.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use camino::Utf8Path;
use firsthit::Verdict;

use crate::build::build_id::build_id;
use crate::build::program::Program;
use crate::build::refusal;
use crate::chains::chain_id::ChainId;
use crate::chains::named::Named;
use crate::chains::symbols::Symbols;
use crate::contents::gather::{Contents, Measures};
use crate::exit_code::ExitCode;
use crate::expectations::file::Expectations;
use crate::formats::write::write_all;
use crate::gates::Gates;
use crate::in_diff::InDiff;
use crate::in_words::several;
use crate::ledger::open::Ledger;
use crate::options::confirm::Confirm;
use crate::options::output::MessageFormat;
use crate::outputs::folder::{self, RunFolder};
use crate::print;
use crate::results::outcome::Outcome;
use crate::results::plan::{Plan, PlannedTest};
use crate::results::run_result::Key;
use crate::results::swept::{Ended, Swept};
use crate::running::crowd::{News, sweep_all};
use crate::running::kept::Kept;
use crate::running::library;
use crate::running::progress::Progress;
use crate::running::resume::resume;
use crate::running::second_opinions::{SecondOpinions, doubted};
use crate::running::setting::Setting;
use crate::running::subject::Subject;
use crate::running::sweep::{Choice, Common, refused};
use crate::settings::Settings;
use crate::shard::Shard;
use crate::telling::passage::passed;
use crate::telling::tell::{line, tell};
use crate::test_id::TestId;
use crate::trouble::Trouble;

/// Sweeps the tests of all programs.
///
/// # Errors
/// When something cannot be read or written.
pub(crate) fn run(setting: Setting<'_>, programs: &[Program]) -> Result<ExitCode, Trouble> {
    let Setting { settings, place, output, .. } = setting;
    let expectations = Expectations::read(&settings.expectations).map_err(|error| Trouble::usage(error.to_string()))?;
    let root = setting.root.unwrap_or(Utf8Path::new("/"));
    let gates = Gates::load(&settings.gates)?;
    let diff = settings.in_diff.as_deref().map(|file| InDiff::read(file, root)).transpose();
    let diff = diff.map_err(|error| Trouble::usage(error.to_string()))?;
    if let (Some(diff), Some(file)) = (&diff, &settings.in_diff)
        && diff.is_empty()
    {
        print::to_stderr(&format!("{file} changes no line that stays: no chain runs through it, and none is failed"));
    }
    let (mut subjects, without) = subjects(settings, programs)?;
    let ledger = Ledger::open(&place.ledger()).map_err(|error| Trouble::usage(error.to_string()))?;
    let known = known(&ledger, &subjects, settings.new_only)?;
    let (mut kept, before) = begin(setting, &ledger, &subjects)?;
    let done: BTreeMap<TestId, Swept> = before.done;
    let of_programs = subjects.clone();
    subjects.retain(|subject| !done.contains_key(&subject.test));
    let (outcomes, before): (_, BTreeSet<Key>) = (before.outcomes.clone(), before.outcomes.into_keys().collect());

    let stop = stop_asked("what is running is finished and written down")?;
    let library = library::placed(place.root().as_std_path())
        .map_err(|error| Trouble::usage(format!("{}: {error}", place.root())))?;
    let packages = setting.packages();
    let common = Common {
        symbols: Symbols::start(setting.owners(programs)),
        library: &library,
        test_code: &settings.test_code,
        packages: &packages,
        limit: settings.timeout,
        depth: settings.depth,
        pairs_max: settings.pairs_max,
        apart: false,
        stop: &stop,
    };
    let shard = settings.shard.unwrap_or(Shard::WHOLE);
    let choose = |test: &TestId, id: ChainId, named: &Named| {
        let touched = diff.as_ref().is_none_or(|diff| diff.touches(&named.frames));
        match () {
            () if !touched => Choice::NotAskedFor,
            // What is behind a failure is met only where that is delivered once more.
            () if before.contains(&(test.clone(), id)) && (settings.depth == 1 || named.behind.is_some()) => {
                Choice::Done
            }
            () if known.contains(&(test.clone(), id)) => Choice::SeenBefore,
            // What is behind a failure is there where that is delivered.
            () if !shard.has(test, named.behind.unwrap_or(id)) => Choice::OtherShard,
            () => Choice::Fail,
        }
    };
    let held = (settings.confirm != Confirm::None).then(BTreeMap::new);
    let tests = done.into_values().collect();
    let mut told =
        Told { outcomes, tests, trouble: None, format: settings.message_format, findings: &settings.findings, held };
    for swept in without {
        told.hear(News::Done(Box::new(swept)), &mut kept, &stop);
    }
    let mut progress = Progress::new(subjects.len(), output.quiet);
    sweep_all(&subjects, &common, settings.jobs.get(), &choose, |news| {
        progress.hear(&news);
        told.hear(news, &mut kept, &stop);
    });
    progress.end();
    let stopped = told.trouble.is_some() || !told.has_all(&subjects);
    if !stopped && settings.confirm != Confirm::None {
        kept.write()?;
        let measures = Measures { expectations: &expectations, findings: &settings.findings };
        let result = folder::read(&place.run()).map_err(|error| Trouble::usage(error.to_string()))?;
        let doubted = doubted(Contents::of(result, measures, setting.root), settings.confirm);
        let asked = SecondOpinions { subjects: &of_programs, common: &common, jobs: settings.jobs.get() };
        let left = asked.ask(doubted, |outcome| told.hear(News::Outcome(Box::new(outcome)), &mut kept, &stop));
        if left > 0 {
            let failures = several(left, "failure was", "failures were");
            print::to_stderr(&format!("stopped: {failures} not tried once more in a fresh process"));
        }
    }
    told.tell_held()?;
    kept.end(!stopped && told.trouble.is_none())?;
    if let Some(trouble) = told.trouble {
        return Err(trouble);
    }
    let result = folder::read(&place.run()).map_err(|error| Trouble::usage(error.to_string()))?;
    let measures = Measures { expectations: &expectations, findings: &settings.findings };
    let contents = Contents::of(result, measures, setting.root);
    let mut code = tell(&contents, settings.message_format, output)?;
    if !settings.reports.is_empty() || settings.gates.are_any() {
        let contents = contents.with_surroundings(measures, place);
        let contents = contents.map_err(|error| Trouble::usage(error.to_string()))?;
        write_all(&settings.reports, &contents)?;
        code = passed(&gates, &contents, code);
    }
    if stopped {
        print::to_stderr("stopped; the same command with --resume goes on");
    } else if !output.quiet {
        print::to_stderr(&format!("every chain is listed in {}", place.run()));
    }
    Ok(if stopped { code.and(ExitCode::Stopped) } else { code })
}

/// What is swept: every test of every program; and those of programs that nothing can be preloaded into, with the reason.
pub(crate) fn subjects(settings: &Settings, programs: &[Program]) -> Result<(Vec<Subject>, Vec<Swept>), Trouble> {
    let (mut subjects, mut without) = (Vec::new(), Vec::new());
    for program in programs {
        let build = build_id(&program.path)?;
        let of_program = program.tests.iter().map(|test| program.subject(test, &settings.test_args, &build));
        match refusal::check(&program.path) {
            Ok(()) => subjects.extend(of_program),
            Err(why) => without.extend(of_program.map(|subject| refused(&subject, why.to_string()))),
        }
    }
    Ok((subjects, without))
}

/// What an earlier run has done already.
#[derive(Default)]
struct Before {
    done: BTreeMap<TestId, Swept>,
    outcomes: BTreeMap<Key, Outcome>,
}

/// Begins the run, or goes on with one that was not finished.
fn begin(setting: Setting<'_>, ledger: &Ledger, subjects: &[Subject]) -> Result<(Kept, Before), Trouble> {
    let Setting { settings, place, output, .. } = setting;
    let usage = |error: &dyn std::fmt::Display| Trouble::usage(error.to_string());
    let tests = subjects.iter().map(|subject| PlannedTest { test: subject.test.clone(), build: subject.build.clone() });
    let plan = Plan {
        whole: setting.whole(),
        origin: setting.origin.cloned(),
        ..Plan::new(settings.told(), settings.shard, tests.collect())
    };
    if settings.resume {
        if let Some(resumed) = resume(ledger, &place.run(), &plan).map_err(|error| usage(&error))? {
            let before = Before { done: resumed.done, outcomes: resumed.outcomes };
            if !output.quiet {
                print::to_stderr(&format!(
                    "going on with a run that was not finished: {} tests and {} chains of it are done",
                    before.done.len(),
                    before.outcomes.len()
                ));
            }
            return Ok((Kept::new(resumed.run, resumed.folder), before));
        }
        print::to_stderr("there is no unfinished run with these options: this one begins anew");
    }
    let folder = RunFolder::begin(&place.run(), &plan).map_err(|error| usage(&error))?;
    let run = ledger.begin_run(&plan).map_err(|error| usage(&error))?;
    Ok((Kept::new(run, folder), Before::default()))
}

/// With `--new`, the chains that are not failed again: all of the ledger's.
fn known(ledger: &Ledger, subjects: &[Subject], new_only: bool) -> Result<BTreeSet<Key>, Trouble> {
    let mut known = BTreeSet::new();
    for subject in subjects.iter().filter(|_| new_only) {
        let chains = ledger.known(&subject.test).map_err(|error| Trouble::usage(error.to_string()))?;
        known.extend(chains.into_keys().map(|id| (subject.test.clone(), id)));
    }
    Ok(known)
}

/// Set by the first Ctrl-C; the second one ends the process.
pub(crate) fn stop_asked(then: &'static str) -> Result<Arc<AtomicBool>, Trouble> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let handler = move || {
        if asked.swap(true, Relaxed) {
            std::process::exit(ExitCode::Stopped.number().into());
        }
        print::to_stderr(&format!("stopping: {then}; once more to end at once"));
    };
    ctrlc::set_handler(handler).map_err(|error| Trouble::internal(format!("no handler for Ctrl-C: {error}")))?;
    Ok(stop)
}

/// What has been heard of the run.
struct Told<'a> {
    format: MessageFormat,
    /// The verdicts that are findings.
    findings: &'a [Verdict],
    /// In the form for programs each outcome is one line, so what may get a second opinion waits for it; nothing if none is asked.
    held: Option<BTreeMap<Key, Outcome>>,
    outcomes: BTreeMap<Key, Outcome>,
    tests: Vec<Swept>,
    /// What could not be written: the run is stopped, for its findings would be lost.
    trouble: Option<Trouble>,
}

impl Told<'_> {
    /// Whether nothing is left to do of any of these; tests that were never begun are not heard of.
    fn has_all(&self, subjects: &[Subject]) -> bool {
        let done = self.tests.iter().filter(|test| test.ended != Ended::Stopped).map(|test| &test.test);
        let done: BTreeSet<&TestId> = done.collect();
        subjects.iter().all(|subject| done.contains(&subject.test))
    }

    fn hear(&mut self, news: News, kept: &mut Kept, stop: &AtomicBool) {
        let written = match news {
            News::Begun(_) | News::Planned(..) => Ok(()),
            News::Pause => kept.write(),
            News::Outcome(outcome) => {
                let told = self.tell(&outcome);
                self.outcomes.insert((outcome.test.clone(), outcome.id), (*outcome).clone());
                told.and_then(|()| kept.add(*outcome))
            }
            News::Done(swept) => {
                let written = kept.test_done(&swept);
                self.tests.push(*swept);
                written
            }
        };
        if let (Err(trouble), None) = (written, &self.trouble) {
            stop.store(true, Relaxed);
            self.trouble = Some(trouble);
        }
    }

    /// Tells an outcome in the form for programs, or holds it back.
    fn tell(&mut self, outcome: &Outcome) -> Result<(), Trouble> {
        if self.format != MessageFormat::Json {
            return Ok(());
        }
        let key = (outcome.test.clone(), outcome.id);
        match &mut self.held {
            Some(held) if outcome.second_opinion.is_none() && self.findings.contains(&outcome.verdict) => {
                held.insert(key, outcome.clone());
                return Ok(());
            }
            Some(held) => drop(held.remove(&key)),
            None => {}
        }
        print::to_stdout(&line(outcome))
    }

    /// Tells what was held back and got no second opinion.
    fn tell_held(&mut self) -> Result<(), Trouble> {
        self.held.take().unwrap_or_default().values().try_for_each(|outcome| print::to_stdout(&line(outcome)))
    }
}
