//! `replay`: one chain of the ledger failed again, in the build of now, with all that is seen of it; or under a debugger.

use std::cell::RefCell;
use std::sync::atomic::AtomicBool;

use camino::Utf8PathBuf;
use firsthit::Verdict;

use crate::build::build_id::build_id;
use crate::build::program::Program;
use crate::build::{programs, refusal};
use crate::chains::chain_id::ChainId;
use crate::chains::frame::{Frame, Owner};
use crate::chains::named::Named;
use crate::chains::symbols::Symbols;
use crate::config::Config;
use crate::exit_code::ExitCode;
use crate::home::Home;
use crate::ledger::open::Ledger;
use crate::options::cargo::CargoOptions;
use crate::options::command::{Command, Debugger, Options, ReplayCommand};
use crate::options::output::{MessageFormat, OutputOptions};
use crate::options::sweep::SweepOptions;
use crate::outputs::line::{Asking, one_line, place};
use crate::print;
use crate::results::origin::Origin;
use crate::results::outcome::Outcome;
use crate::results::swept::{Ended, Swept};
use crate::running::debugger;
use crate::running::library;
use crate::running::setting::Setting;
use crate::running::subject::Subject;
use crate::running::sweep::{Choice, Common, Listener, sweep_and_keep};
use crate::settings::{self, Settings};
use crate::telling::shown::Shown;
use crate::telling::summary::not_swept;
use crate::telling::tell;
use crate::trouble::Trouble;

/// Of more chains that are near to the one that is gone, only the number is told.
const NEAR_MAX: usize = 5;

/// Fails the chain that `command` names once more.
///
/// # Errors
/// No chain or several have that name, or something cannot be built, read or started.
pub(crate) fn replay(command: ReplayCommand, output: &OutputOptions) -> Result<ExitCode, Trouble> {
    let ledger = Home::find(&command.cargo.manifest, &[])?.place.ledger();
    let ledger = Ledger::open_to_read(&ledger).map_err(|error| Trouble::usage(error.to_string()))?;
    let recorded = recorded(&ledger, &command.id.0)?;
    let origin = origin(&ledger, &recorded)?;
    let command = as_recorded(command, origin.as_ref());

    let home = Home::find(&command.cargo.manifest, &command.runs.crates)?;
    let (program, config) = match program(&origin, &home)? {
        // The tests' arguments of a configuration are not for a program that is no test.
        Some(program) => (Some(program), Config { test_args: Vec::new(), ..home.config.clone() }),
        None => (test(&command, &home, &recorded, output)?, home.config.clone()),
    };
    let arguments: Vec<_> = origin.iter().flat_map(|origin| &origin.arguments).map(Into::into).collect();
    let sweep = SweepOptions { runs: command.runs.clone(), ..SweepOptions::default() };
    let settings = Settings::new(&sweep, &arguments, &config, home.project.as_ref())?;
    let Some(program) = program else {
        return Ok(not_met(&recorded, &format!("the test {} is not there any more", recorded.test), None));
    };
    refusal::check(&program.path).map_err(|why| Trouble::usage(format!("{} cannot be swept: {why}", program.path)))?;
    let listed = program.tests.first().ok_or_else(|| Trouble::internal(format!("{} has no test", program.path)))?;
    let subject = program.subject(listed, &settings.test_args, &build_id(&program.path)?);
    let programs = [program];
    let setting = Setting {
        settings: &settings,
        place: &home.place,
        all: false,
        root: home.root(),
        origin: origin.as_ref(),
        output,
    };
    Replay { recorded: &recorded, subject: &subject, setting, debugger: command.debugger }.go(&programs)
}

/// The chain's latest outcome.
fn recorded(ledger: &Ledger, digits: &str) -> Result<Outcome, Trouble> {
    let found = ledger.find(digits).map_err(|error| Trouble::usage(error.to_string()))?;
    found.into_iter().next().ok_or_else(|| Trouble::internal(format!("{digits} was found and is nothing")))
}

/// What the run had built or started that saw the chain last; nothing if that is not known.
fn origin(ledger: &Ledger, recorded: &Outcome) -> Result<Option<Origin>, Trouble> {
    let usage = |error: &dyn std::fmt::Display| Trouble::usage(error.to_string());
    let history = ledger.history(&recorded.test, recorded.id).map_err(|error| usage(&error))?;
    let Some(last) = history.last() else { return Ok(None) };
    let run = ledger.run_named(&last.run).map_err(|error| usage(&error))?;
    let plan = run.map(|run| ledger.plan(run)).transpose().map_err(|error| usage(&error))?;
    Ok(plan.and_then(|plan| plan.origin))
}

/// The command with the options that the run had, where it says nothing itself: all of those that are about a build, or none.
fn as_recorded(mut command: ReplayCommand, origin: Option<&Origin>) -> ReplayCommand {
    let own = ["cargo-firsthit", "replay", &command.id.0].map(str::to_owned);
    let words = own.into_iter().chain(origin.iter().flat_map(|origin| origin.options.clone()));
    let Ok(Options { command: Command::Replay(known), .. }) = Options::read(words.map(Into::into)) else {
        // Another version's options may not be this one's.
        return command;
    };
    if command.cargo.words().is_empty() {
        let manifest = command.cargo.manifest;
        command.cargo = known.cargo;
        command.cargo.manifest = manifest;
    }
    if command.runs.crates.is_empty() {
        command.runs.crates = known.runs.crates;
    }
    command.runs.timeout = command.runs.timeout.or(known.runs.timeout);
    command
}

/// The program that was run, if it was no project's test.
fn program(origin: &Option<Origin>, home: &Home) -> Result<Option<Program>, Trouble> {
    match origin {
        Some(Origin { program: Some(path), folder, .. }) => {
            let program = Program::any(path.as_std_path().as_os_str())?;
            let folder: Utf8PathBuf = folder.clone().unwrap_or_else(|| program.folder.clone());
            if !folder.is_dir() {
                return Err(Trouble::usage(format!(
                    "{folder}, where {path} was run, is not there: make it, or sweep again"
                )));
            }
            Ok(Some(Program { folder, ..program }))
        }
        None if home.project.is_none() => Err(Trouble::usage(
            "what was run is not known, for the run that saw the chain had an argument that is no UTF-8, or was another \
             version's: sweep it again, `cargo firsthit run -- PROGRAM`",
        )),
        _ => Ok(None),
    }
}

/// The chain's test and its program, built as for a sweep; nothing if it is not there any more.
fn test(
    command: &ReplayCommand,
    home: &Home,
    recorded: &Outcome,
    output: &OutputOptions,
) -> Result<Option<Program>, Trouble> {
    let Some(project) = &home.project else { return Ok(None) };
    let cargo = settings::with_features(&command.cargo, &home.config);
    let find = |cargo: &CargoOptions| -> Result<Option<Program>, Trouble> {
        let all = programs::build(cargo, output, project, &home.place)?;
        let of_test = all.into_iter().filter(|program| program.binary == recorded.test.binary);
        let mut one = of_test.map(|mut program| {
            program.tests.retain(|listed| listed.name == recorded.test.name);
            program
        });
        Ok(one.find(|program| !program.tests.is_empty()))
    };
    let found = find(&cargo)?;
    let package = recorded.test.binary.split("::").next().unwrap_or_default();
    if found.is_none() && cargo.package.is_empty() && !cargo.workspace && project.has_member(package) {
        // It was swept in another package's folder, which chooses what is built where no package is named.
        return find(&CargoOptions { package: vec![package.to_owned()], ..cargo });
    }
    Ok(found)
}

/// One replay that is ready to go.
struct Replay<'a> {
    recorded: &'a Outcome,
    subject: &'a Subject,
    setting: Setting<'a>,
    debugger: Option<Debugger>,
}

impl Replay<'_> {
    fn go(&self, programs: &[Program]) -> Result<ExitCode, Trouble> {
        let Setting { settings, place, output, .. } = self.setting;
        let library = library::placed(place.root().as_std_path())
            .map_err(|error| Trouble::usage(format!("{}: {error}", place.root())))?;
        let stop = AtomicBool::new(false);
        let packages = self.setting.packages();
        let common = Common {
            symbols: Symbols::start(self.setting.owners(programs)),
            library: &library,
            test_code: &settings.test_code,
            packages: &packages,
            limit: settings.timeout,
            stop: &stop,
        };
        let watch = Watch {
            recorded: self.recorded,
            records_only: self.debugger.is_some(),
            jobs: settings.jobs.get(),
            heard: RefCell::default(),
        };
        let (swept, campaign) = sweep_and_keep(self.subject, &common, &watch);
        let Heard { is_met, near, seen } = watch.heard.into_inner();
        let armed = campaign.as_ref().filter(|_| is_met).and_then(|campaign| campaign.arm(self.recorded.id));
        match (self.debugger, seen, armed) {
            (None, Some((outcome, printed)), _) if outcome.verdict != Verdict::Unreached => {
                self.tell(&outcome, &printed)
            }
            (Some(Debugger::Gdb), _, Some(variable)) if swept.ended == Ended::Swept => {
                if !output.quiet {
                    print::to_stderr(&self.introduction());
                }
                debugger::gdb(self.subject, &library, variable).map(|()| ExitCode::Clean)
            }
            _ => Ok(self.not_met(&swept, is_met, &near)),
        }
    }

    /// What was seen, and whether it is what was seen before.
    fn tell(&self, outcome: &Outcome, printed: &str) -> Result<ExitCode, Trouble> {
        let Setting { settings, output, .. } = self.setting;
        let mut text = format!("{}", Shown { outcome, whole: true });
        let told = outcome.evidence.iter().any(|fact| fact.starts_with("printed:"));
        if !printed.trim().is_empty() && !told {
            text += &format!("  printed:\n    {}\n", printed.trim().replace('\n', "\n    "));
        }
        text += &format!("  {}\n", outcome.verdict.next_step());
        text += &self.comparison(outcome);
        match settings.message_format {
            MessageFormat::Human => print::to_stdout(&text)?,
            MessageFormat::Json => {
                print::to_stdout(&tell::line(outcome))?;
                if !output.quiet {
                    print::to_stderr(self.comparison(outcome).trim_end());
                }
            }
        }
        Ok(match outcome.verdict {
            verdict if !settings.findings.contains(&verdict) => ExitCode::Clean,
            Verdict::Hung => ExitCode::Hung,
            _ => ExitCode::Findings,
        })
    }

    fn comparison(&self, outcome: &Outcome) -> String {
        let build = if outcome.build == self.recorded.build { "in this build" } else { "in another build" };
        match (outcome.verdict, self.recorded.verdict) {
            (now, before) if now == before => format!("Replayed: {now}, as recorded {build}.\n"),
            (now, before) => format!("Replayed: {now}; recorded {build}: {before}.\n"),
        }
    }

    fn introduction(&self) -> String {
        let recorded = Shown { outcome: self.recorded, whole: false };
        format!(
            "recorded: {recorded}\ngdb stops where this allocation fails, in the library that is preloaded: the code that asked for it \
             is some frames up.\n`finish` a few times to see what it does with the null pointer, `continue` to see where it ends."
        )
    }

    fn not_met(&self, swept: &Swept, is_met: bool, near: &[(ChainId, Named)]) -> ExitCode {
        if let Some(why) = not_swept(swept) {
            print::to_stderr(&why);
            return match swept.ended {
                Ended::BaselineFails(_) | Ended::BaselineHangs(_) => ExitCode::BaselineFails,
                _ => ExitCode::NothingInjected,
            };
        }
        let what = match (is_met, self.subject.build == self.recorded.build) {
            (true, _) => {
                "runs without a failure meet it, and the one that was to fail did not: the test may differ from run to run"
            }
            (false, true) => {
                "no run met it in the same build: the test differs from run to run, or by what lies around it"
            }
            (false, false) => "it is not there in this build: the code, its dependencies or options have changed since",
        };
        not_met(self.recorded, what, Some(near))
    }
}

/// Says that the chain was not met, and what is near to it, if there is still its test.
fn not_met(recorded: &Outcome, what: &str, near: Option<&[(ChainId, Named)]>) -> ExitCode {
    let Outcome { id, test, verdict, .. } = recorded;
    let mut text = format!("the chain {} of {test}, recorded as {verdict}, was not met again: {what}", id.short());
    if let (Some(own), Some(near)) = (innermost(&recorded.chain), near) {
        let function = one_line(&own.function);
        match near.len() {
            0 => text += &format!("\nno other chain of the test asks for memory in {function}"),
            _ => text += &format!("\nin {function} the test has now:"),
        }
        for (id, named) in near.iter().take(NEAR_MAX) {
            let at = one_line(&place(innermost(&named.frames)));
            text += &format!("\n  {}  {at}  {}", id.short(), Asking(&named.request));
        }
        if near.len() > NEAR_MAX {
            text += &format!("\n  … and {} more", near.len() - NEAR_MAX);
        }
    }
    print::to_stderr(&text);
    ExitCode::NothingInjected
}

/// The innermost frame of the workspace.
fn innermost(chain: &[Frame]) -> Option<&Frame> {
    chain.iter().find(|frame| frame.owner == Owner::Workspace)
}

/// Has only the recorded chain failed, and hears what is near to it.
struct Watch<'a> {
    recorded: &'a Outcome,
    /// Whether nothing is failed at all.
    records_only: bool,
    jobs: usize,
    heard: RefCell<Heard>,
}

#[derive(Default)]
struct Heard {
    is_met: bool,
    near: Vec<(ChainId, Named)>,
    /// With what was printed.
    seen: Option<(Outcome, String)>,
}

impl Listener for Watch<'_> {
    fn choose(&self, id: ChainId, named: &Named) -> Choice {
        let mut heard = self.heard.borrow_mut();
        if id == self.recorded.id {
            heard.is_met = true;
            return if self.records_only { Choice::NotAskedFor } else { Choice::Fail };
        }
        let function = |chain| innermost(chain).map(|frame| &frame.function);
        let own = function(&self.recorded.chain);
        if own.is_some() && function(&named.frames) == own {
            heard.near.push((id, named.clone()));
        }
        Choice::NotAskedFor
    }

    fn workers(&self) -> usize {
        self.jobs
    }

    fn planned(&self, _: usize) {}

    fn outcome(&self, outcome: Outcome, printed: &str) {
        self.heard.borrow_mut().seen = Some((outcome, printed.to_owned()));
    }
}
