//! A recorded chain, and its test built, or its program found, as the run had it that saw the chain.

use camino::Utf8PathBuf;

use crate::build::program::Program;
use crate::build::programs;
use crate::home::Home;
use crate::ledger::open::Ledger;
use crate::options::cargo::CargoOptions;
use crate::options::command::{Command, Options, ReplayCommand};
use crate::options::output::OutputOptions;
use crate::results::origin::Origin;
use crate::results::outcome::Outcome;
use crate::settings;
use crate::trouble::Trouble;

/// The latest outcome of the chain whose identity begins with these digits.
///
/// # Errors
/// There is none, or there are several.
pub(super) fn recorded(ledger: &Ledger, digits: &str) -> Result<Outcome, Trouble> {
    let found = ledger.find(digits).map_err(|error| Trouble::usage(error.to_string()))?;
    found.into_iter().next().ok_or_else(|| Trouble::internal(format!("{digits} was found and is nothing")))
}

/// What the run had built or started that saw the chain last; nothing if that is not known.
///
/// # Errors
/// The ledger cannot be read.
pub(super) fn origin(ledger: &Ledger, recorded: &Outcome) -> Result<Option<Origin>, Trouble> {
    let usage = |error: &dyn std::fmt::Display| Trouble::usage(error.to_string());
    let history = ledger.history(&recorded.test, recorded.id).map_err(|error| usage(&error))?;
    let Some(last) = history.last() else { return Ok(None) };
    let run = ledger.run_named(&last.run).map_err(|error| usage(&error))?;
    let plan = run.map(|run| ledger.plan(run)).transpose().map_err(|error| usage(&error))?;
    Ok(plan.and_then(|plan| plan.origin))
}

/// The command with the options that the run had, where it says nothing itself: all of those that are about a build, or none.
pub(super) fn as_recorded(mut command: ReplayCommand, origin: Option<&Origin>) -> ReplayCommand {
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
///
/// # Errors
/// It is not there any more, or it is not known which it was.
pub(super) fn program(origin: &Option<Origin>, home: &Home) -> Result<Option<Program>, Trouble> {
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
///
/// # Errors
/// The build fails.
pub(super) fn test(
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
