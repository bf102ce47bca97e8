//! `report` and `merge`: results that are there, told as at the end of a run.

use firsthit::Verdict;

use crate::contents::gather::{Contents, Measures};
use crate::exit_code::ExitCode;
use crate::expectations::accept::accept;
use crate::home::Home;
use crate::ledger::history::Flapping;
use crate::ledger::open::Ledger;
use crate::merge::source::{Source, merge};
use crate::options::command::{MergeCommand, ReportCommand};
use crate::options::output::{MessageFormat, OutputOptions};
use crate::options::sweep::VerdictOptions;
use crate::page::make::make;
use crate::print;
use crate::results::run_result::RunResult;
use crate::settings;
use crate::telling::tell::Teller;
use crate::trouble::Trouble;

/// Tells the last run again, or one before it.
///
/// # Errors
/// There is none, or it cannot be read.
pub(crate) fn report(command: &ReportCommand, output: &OutputOptions) -> Result<ExitCode, Trouble> {
    let home = Home::find(&command.manifest, &[])?;
    let result = match command.run {
        None => last(&home)?,
        Some(back) => earlier(&home, back.get())?,
    };
    let format = if command.json { MessageFormat::Json } else { command.message_format };
    if let Some(reason) = &command.accept {
        accepted(&home, &result, &command.verdicts, reason, output)?;
    }
    let code = tell(&home, &result, &command.verdicts, format, output)?;
    if command.page.html {
        page(&home, &result, command, output)?;
    }
    if !output.quiet {
        flapping(&home, &result)?;
    }
    Ok(code)
}

/// Writes the report as a page.
fn page(home: &Home, result: &RunResult, command: &ReportCommand, output: &OutputOptions) -> Result<(), Trouble> {
    let findings = settings::findings(&command.verdicts, &home.config)?;
    let expectations = home.expectations()?;
    let measures = Measures { expectations: &expectations, findings: &findings };
    let contents = Contents::of(result.clone(), measures, home.root()).with_surroundings(measures, &home.place);
    let contents = contents.map_err(|error| Trouble::usage(error.to_string()))?;
    make(home, &contents, &command.page, output.quiet)
}

/// Writes down that the findings are expected from now on.
fn accepted(
    home: &Home,
    result: &RunResult,
    verdicts: &VerdictOptions,
    reason: &str,
    output: &OutputOptions,
) -> Result<(), Trouble> {
    let findings = settings::findings(verdicts, &home.config)?;
    let expectations = home.expectations()?;
    let teller = Teller { expectations: &expectations, findings: &findings, format: MessageFormat::Human, quiet: true };
    let found = teller.unexpected(result);
    if !found.is_empty() {
        accept(&expectations.path, &found, reason).map_err(|error| Trouble::usage(error.to_string()))?;
    }
    if !output.quiet {
        print::to_stderr(&format!("expected from now on, in {}: {} more", expectations.path, found.len()));
    }
    Ok(())
}

/// Names the result's chains that do not always come to the same.
fn flapping(home: &Home, result: &RunResult) -> Result<(), Trouble> {
    // A result can have come without a ledger.
    let Ok(ledger) = Ledger::open_to_read(&home.place.ledger()) else { return Ok(()) };
    let known = ledger.flapping().map_err(|error| Trouble::usage(error.to_string()))?;
    for Flapping { test, chain, verdicts, .. } in known {
        if result.outcomes.contains_key(&(test.clone(), chain)) {
            let verdicts: Vec<&str> = verdicts.iter().map(|verdict| verdict.as_str()).collect();
            print::to_stderr(&format!(
                "{} of {test} does not always come to the same in one build: {}",
                chain.short(),
                verdicts.join(", ")
            ));
        }
    }
    Ok(())
}

/// Merges the results of shards, and tells what all of them found.
///
/// # Errors
/// They are not of the same, or cannot be read or written.
pub(crate) fn merged(command: &MergeCommand, output: &OutputOptions) -> Result<ExitCode, Trouble> {
    let usage = |error: &dyn std::fmt::Display| Trouble::usage(error.to_string());
    let home = Home::find(&command.manifest, &[])?;
    let sources: Vec<Source> = command
        .folders
        .iter()
        .map(|folder| Source::read(folder))
        .collect::<Result<_, _>>()
        .map_err(|error| usage(&error))?;
    let into = command.output.as_deref().unwrap_or(home.place.root());
    let result = merge(&sources, into, command.force).map_err(|error| usage(&error))?;
    let code = tell(&home, &result, &command.verdicts, command.message_format, output)?;
    if !output.quiet {
        print::to_stderr(&format!("the merged result is in {into}"));
    }
    let lacks = (1..=result.plan.shards).any(|shard| !result.plan.runs.contains_key(&shard));
    // What is not there cannot be clean.
    Ok(if lacks && code == ExitCode::Clean { ExitCode::Usage } else { code })
}

fn tell(
    home: &Home,
    result: &RunResult,
    verdicts: &VerdictOptions,
    format: MessageFormat,
    output: &OutputOptions,
) -> Result<ExitCode, Trouble> {
    let findings: Vec<Verdict> = settings::findings(verdicts, &home.config)?;
    let expectations = home.expectations()?;
    Teller { expectations: &expectations, findings: &findings, format, quiet: output.quiet }.result(result)
}

/// What lies in the folder of the last run, or stands in the ledger of it.
fn last(home: &Home) -> Result<RunResult, Trouble> {
    let root = home.place.root();
    let there = [home.place.plan(), home.place.ledger()].iter().any(|path| path.is_file());
    if !there {
        return Err(Trouble::usage(format!(
            "nothing was swept here yet, {root} has no run: `cargo firsthit test` makes one"
        )));
    }
    let source = Source::read(root).map_err(|error| Trouble::usage(error.to_string()))?;
    Ok(source.result)
}

/// The run so many back, of those that the ledger knows; 1 is the last.
fn earlier(home: &Home, back: usize) -> Result<RunResult, Trouble> {
    let usage = |error: &dyn std::fmt::Display| Trouble::usage(error.to_string());
    let ledger = Ledger::open_to_read(&home.place.ledger()).map_err(|error| usage(&error))?;
    let runs = ledger.runs().map_err(|error| usage(&error))?;
    let run = runs.get(back - 1).ok_or_else(|| {
        Trouble::usage(format!("there is no run {back}: {} has {}, and 1 is the last", ledger.path(), runs.len()))
    })?;
    ledger.result(*run).map_err(|error| usage(&error))
}
