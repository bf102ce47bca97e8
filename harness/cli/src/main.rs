//! `cargo firsthit`: sweeps the tests of any crate, unchanged, and any other program.

mod bug;
mod build;
mod chains;
mod clean;
mod completions;
mod config;
mod contents;
mod exit_code;
mod expectations;
mod explain;
mod file_error;
mod formats;
mod gates;
mod home;
mod in_diff;
mod in_words;
mod init;
mod ledger;
mod list;
mod merge;
mod options;
mod outputs;
mod page;
mod place;
mod print;
mod project;
mod replace_file;
mod results;
mod running;
mod settings;
mod shard;
mod stable_hash;
mod telling;
mod test_id;
mod trouble;
mod verify;

use std::env;
use std::process;

use crate::build::program::Program;
use crate::build::{programs, refusal};
use crate::config::Config;
use crate::exit_code::ExitCode;
use crate::explain::chain;
use crate::explain::word::{self, Word};
use crate::home::Home;
use crate::ledger::open::Ledger;
use crate::options::cargo::{CargoOptions, ManifestOptions};
use crate::options::command::{ArchiveCommand, Command, Options, RunCommand, TestCommand};
use crate::options::filter::FilterOptions;
use crate::options::output::{MessageFormat, OutputOptions};
use crate::options::sweep::SweepOptions;
use crate::options::verify::VerifyCommand;
use crate::place::Place;
use crate::project::Project;
use crate::results::origin::Origin;
use crate::running::setting::Setting;
use crate::running::{replay, run};
use crate::settings::Settings;
use crate::telling::report;
use crate::trouble::Trouble;

fn main() -> process::ExitCode {
    bug::guarded(|| match Options::read(env::args_os()) {
        Ok(options) => obey(options).unwrap_or_else(|trouble| {
            if !trouble.message.is_empty() {
                print::to_stderr(&format!("error: {trouble}"));
            }
            if trouble.code == ExitCode::Internal {
                print::to_stderr(bug::PLEASE);
            }
            trouble.code
        }),
        Err(said) => {
            // A reader who has gone is no trouble.
            let _ = said.print();
            if said.use_stderr() { ExitCode::Usage } else { ExitCode::Clean }
        }
    })
    .into()
}

fn obey(options: Options) -> Result<ExitCode, Trouble> {
    let output = options.output;
    match options.command {
        Command::Test(command) => test(*command, &output),
        Command::List(command) => {
            let json = command.json || command.message_format == MessageFormat::Json;
            listed(&command.cargo, &command.filter, json, &output)
        }
        Command::Archive(command) => archive(&command, &output),
        Command::Run(command) => any(*command, &output),
        Command::Clean(command) => {
            let lines = clean::clean(&command, &place(&command.manifest)?)?;
            if !output.quiet {
                print::to_stdout(&(lines.join("\n") + "\n"))?;
            }
            Ok(ExitCode::Clean)
        }
        Command::Init(command) => {
            let path = init::init(Project::load(&command.manifest, false)?.root(), command.force)?;
            if !output.quiet {
                print::to_stdout(&format!("wrote {path}\n"))?;
            }
            Ok(ExitCode::Clean)
        }
        Command::Explain(command) => {
            let text = match Word::read(&command.what)? {
                Word::Verdict(verdict) => word::verdict(verdict),
                Word::Verdicts => word::verdicts(),
                Word::ExitCode(code) => word::exit_code(code),
                Word::ExitCodes => word::exit_codes(),
                Word::Chain(id) => explained(&id.0, &command.manifest)?,
            };
            print::to_stdout(&text).map(|()| ExitCode::Clean)
        }
        Command::Completions { shell } => print::to_stdout(&completions::script(shell)).map(|()| ExitCode::Clean),
        Command::Verify(command) => verified(&command, &output),
        Command::Replay(command) => replay::replay(*command, &output),
        Command::Report(command) => report::report(&command, &output),
        Command::Merge(command) => report::merged(&command, &output),
    }
}

/// Where everything is written for the project that `options` name.
fn place(options: &ManifestOptions) -> Result<Place, Trouble> {
    Ok(Place::in_target(Project::load(options, false)?.target_folder()))
}

/// What the ledger knows of the chain whose identity begins with these digits.
fn explained(digits: &str, options: &ManifestOptions) -> Result<String, Trouble> {
    let ledger = Ledger::open_to_read(&Home::find(options, &[])?.place.ledger());
    let ledger = ledger.map_err(|error| Trouble::usage(error.to_string()))?;
    let mut text = String::new();
    for outcome in ledger.find(digits).map_err(|error| Trouble::usage(error.to_string()))? {
        let history = ledger.history(&outcome.test, outcome.id);
        text += &chain::chain(&outcome, &history.map_err(|error| Trouble::usage(error.to_string()))?);
    }
    Ok(text)
}

fn test(command: TestCommand, output: &OutputOptions) -> Result<ExitCode, Trouble> {
    if command.list {
        let json = command.json || command.sweep.runs.message_format == MessageFormat::Json;
        return listed(&command.cargo, &command.filter, json, output);
    }
    let (project, config) = home::project(&command.cargo.manifest, &command.sweep.runs.crates)?;
    let settings = Settings::new(&command.sweep, &command.test_args, &config, Some(&project))?;
    let place = Place::in_target(project.target_folder());
    let cargo = settings::with_features(&command.cargo, &config);
    let filter = settings::with_skips(&command.filter, &config);
    let all = programs::build(&cargo, output, &project, &place)?;
    let count: usize = all.iter().map(|program| program.tests.len()).sum();
    let programs = programs::chosen(all, &filter);
    if programs.is_empty() {
        print::to_stderr(&format!(
            "no test to sweep: {count} are ignored or filtered out; `cargo firsthit list` names those taken"
        ));
        return Ok(ExitCode::NothingInjected);
    }
    let root = Some(project.root());
    let all = filter.takes_all() && cargo.builds_all();
    let options = [cargo.words(), command.sweep.runs.words()].concat();
    let origin = Origin::of(options, None, &settings.test_args);
    let origin = origin.as_ref();
    let setting = Setting { settings: &settings, place: &place, all, root, origin, output };
    swept(setting, &programs, &command.sweep, &command.cargo.manifest)
}

fn verified(command: &VerifyCommand, output: &OutputOptions) -> Result<ExitCode, Trouble> {
    let (project, config) = home::project(&command.cargo.manifest, &command.crates)?;
    let settings = Settings::new(&command.sweep(), &command.test_args, &config, Some(&project))?;
    let place = Place::in_target(project.target_folder());
    let cargo = settings::with_features(&command.cargo, &config);
    let filter = settings::with_skips(&command.filter, &config);
    let programs = programs::chosen(programs::build(&cargo, output, &project, &place)?, &filter);
    if programs.is_empty() {
        print::to_stderr("no test to check: all are ignored or filtered out; `cargo firsthit list` names those taken");
        return Ok(ExitCode::NothingInjected);
    }
    let root = Some(project.root());
    let setting = Setting { settings: &settings, place: &place, all: false, root, origin: None, output };
    verify::run::verify(setting, &programs, command)
}

/// Sweeps, and makes the page of it if it is asked for.
fn swept(
    setting: Setting<'_>,
    programs: &[Program],
    options: &SweepOptions,
    manifest: &ManifestOptions,
) -> Result<ExitCode, Trouble> {
    let code = run::run(setting, programs)?;
    if options.page.html {
        report::page(manifest, &options.runs.verdicts, options.page, setting.output)?;
    }
    Ok(code)
}

fn listed(
    cargo: &CargoOptions,
    filter: &FilterOptions,
    json: bool,
    output: &OutputOptions,
) -> Result<ExitCode, Trouble> {
    let (project, config) = home::project(&cargo.manifest, &[])?;
    let place = Place::in_target(project.target_folder());
    let cargo = settings::with_features(cargo, &config);
    let filter = settings::with_skips(filter, &config);
    let all = programs::build(&cargo, output, &project, &place)?;
    let count: usize = all.iter().map(|program| program.tests.len()).sum();
    let programs = programs::chosen(all, &filter);
    if json {
        print::to_stdout(&format!("{:#}\n", list::json(&programs, project.has_doctests())))?;
    } else {
        print::to_stdout(&list::text(&programs))?;
        if !output.quiet {
            list::notes(&programs, count, project.has_doctests()).iter().for_each(|note| print::to_stderr(note));
        }
    }
    Ok(ExitCode::Clean)
}

fn archive(command: &ArchiveCommand, output: &OutputOptions) -> Result<ExitCode, Trouble> {
    if command.cargo.archive_file.is_some() {
        return Err(Trouble::usage(
            "--archive-file is for commands that sweep: an archive is made of what is built here",
        ));
    }
    let (project, config) = home::project(&command.cargo.manifest, &[])?;
    let place = Place::in_target(project.target_folder());
    let cargo = settings::with_features(&command.cargo, &config);
    programs::archive(&cargo, &command.file, output, &project, &place)?;
    if !output.quiet {
        print::to_stderr(&format!("`cargo firsthit test --archive-file {}` sweeps what is in it", command.file));
    }
    Ok(ExitCode::Clean)
}

fn any(command: RunCommand, output: &OutputOptions) -> Result<ExitCode, Trouble> {
    let mut words = command.program.into_iter();
    let program = words.next().ok_or_else(|| Trouble::usage("no program is named behind `--`"))?;
    let arguments: Vec<_> = words.collect();
    let program = Program::any(&program)?;
    refusal::check(&program.path).map_err(|why| Trouble::usage(format!("{} cannot be swept: {why}", program.path)))?;
    let home = Home::find(&command.manifest, &command.sweep.runs.crates)?;
    // The tests' arguments of a configuration are not for a program that is no test.
    let config = Config { test_args: Vec::new(), ..home.config.clone() };
    let settings = Settings::new(&command.sweep, &arguments, &config, home.project.as_ref())?;
    let started = (program.path.clone(), program.folder.clone());
    let origin = Origin::of(command.sweep.runs.words(), Some(started), &arguments);
    let setting = Setting {
        settings: &settings,
        place: &home.place,
        // What else the workspace has is not known.
        all: false,
        root: home.root(),
        origin: origin.as_ref(),
        output,
    };
    swept(setting, &[program], &command.sweep, &command.manifest)
}
