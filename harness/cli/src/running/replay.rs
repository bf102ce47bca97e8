//! `replay`: one chain of the ledger failed again, in the build of now, with all that is seen of it; or under a debugger.

use std::cell::RefCell;
use std::sync::atomic::AtomicBool;

use firsthit::Verdict;

use crate::build::build_id::build_id;
use crate::build::program::Program;
use crate::build::refusal;
use crate::chains::chain_id::ChainId;
use crate::chains::named::Named;
use crate::chains::symbols::Symbols;
use crate::config::Config;
use crate::contents::summary::not_swept;
use crate::exit_code::ExitCode;
use crate::home::Home;
use crate::ledger::open::Ledger;
use crate::options::command::{Debugger, ReplayCommand};
use crate::options::output::{MessageFormat, OutputOptions};
use crate::options::sweep::SweepOptions;
use crate::outputs::line::{Asking, one_line, place};
use crate::print;
use crate::results::outcome::Outcome;
use crate::results::swept::{Ended, Swept};
use crate::running::debugger;
use crate::running::library;
use crate::running::recorded::{as_recorded, origin, program, recorded, test};
use crate::running::setting::Setting;
use crate::running::subject::Subject;
use crate::running::sweep::{Common, sweep_and_keep};
use crate::running::watch::{Heard, Watch, innermost};
use crate::settings::Settings;
use crate::telling::shown::Shown;
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
        let unknown = if origin.is_none() { ", and what its run had built or started is not known" } else { "" };
        let what = format!("the test {} is not there any more{unknown}", recorded.test);
        return Ok(not_met(&recorded, &what, None));
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
            depth: if self.recorded.behind.is_some() { 2 } else { 1 },
            pairs_max: u32::MAX,
            apart: false,
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
        let mut text = format!("{}", Shown(outcome));
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
        let recorded = Shown(self.recorded);
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
