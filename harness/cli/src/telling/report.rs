//! `report` and `merge`: results that are there, told as at the end of a run.

use camino::Utf8Path;

use crate::contents::gather::{Contents, Measures};
use crate::exit_code::ExitCode;
use crate::expectations::accept::accept;
use crate::formats::json;
use crate::formats::write::{write, write_all};
use crate::gates::Gates;
use crate::home::Home;
use crate::ledger::history::Flapping;
use crate::ledger::open::Ledger;
use crate::merge::source::{Source, merge};
use crate::options::cargo::ManifestOptions;
use crate::options::command::{MergeCommand, ReportCommand};
use crate::options::format::ReportFile;
use crate::options::gates::GateOptions;
use crate::options::output::{MessageFormat, OutputOptions};
use crate::options::page::PageOptions;
use crate::options::sweep::VerdictOptions;
use crate::page::make::make;
use crate::print;
use crate::results::run_result::RunResult;
use crate::settings;
use crate::telling::passage::passed;
use crate::telling::tell::Teller;
use crate::trouble::Trouble;

/// Tells the last run again, or one before it.
///
/// # Errors
/// There is none, or it cannot be read.
pub(crate) fn report(command: &ReportCommand, output: &OutputOptions) -> Result<ExitCode, Trouble> {
    if command.schema {
        return print::to_stdout(json::SCHEMA).map(|()| ExitCode::Clean);
    }
    let home = Home::find(&command.manifest, &[])?;
    let result = match command.run {
        None => last(&home)?,
        Some(back) => earlier(&home, back.get())?,
    };
    if let Some(reason) = &command.accept {
        accepted(&home, &result, &command.verdicts, reason, output)?;
    }
    let told = Told { home: &home, verdicts: &command.verdicts, gates: &command.gates, quiet: output.quiet };
    if command.page.html {
        let contents = told.contents(result)?;
        let page = make(&home, &contents, command.output.as_deref())?;
        print::to_stdout(&format!("{page}\n"))?;
        opened(command.page, &page)?;
        return Ok(passed(&told.loaded()?, &contents, told.code(&contents)));
    }
    let Some(format) = command.format else {
        let code = told.in_words(&result, command.message_format)?;
        if !output.quiet {
            flapping(&home, &result)?;
        }
        return told.gates(result, code, &[]);
    };
    let contents = told.contents(result)?;
    write(format, command.output.as_deref(), &contents)?;
    let code = told.code(&contents);
    Ok(passed(&told.loaded()?, &contents, code))
}

/// Writes the page of the run that has just ended, and tells where it is.
///
/// # Errors
/// The run cannot be read, or the page not be written or opened.
pub(crate) fn page(
    manifest: &ManifestOptions,
    verdicts: &VerdictOptions,
    options: PageOptions,
    output: &OutputOptions,
) -> Result<(), Trouble> {
    let home = Home::find(manifest, &[])?;
    let gates = GateOptions::default();
    let told = Told { home: &home, verdicts, gates: &gates, quiet: output.quiet };
    let page = make(&home, &told.contents(last(&home)?)?, None)?;
    if !output.quiet {
        print::to_stderr(&format!("the report is in {page}"));
    }
    opened(options, &page)
}

fn opened(options: PageOptions, page: &Utf8Path) -> Result<(), Trouble> {
    if !options.open {
        return Ok(());
    }
    let told = |error: std::io::Error| format!("nothing here opens {page} ({error}): open it in a browser");
    open::that_detached(page).map_err(|error| Trouble::usage(told(error)))
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
    let told = Told { home: &home, verdicts: &command.verdicts, gates: &command.gates, quiet: output.quiet };
    let code = told.in_words(&result, command.message_format)?;
    if !output.quiet {
        print::to_stderr(&format!("the merged result is in {into}"));
    }
    let lacks = (1..=result.plan.shards).any(|shard| !result.plan.runs.contains_key(&shard));
    let code = told.gates(result, code, &command.report)?;
    // What is not there cannot be clean.
    Ok(if lacks && code == ExitCode::Clean { ExitCode::Usage } else { code })
}

/// How results that are there are told.
struct Told<'a> {
    home: &'a Home,
    verdicts: &'a VerdictOptions,
    gates: &'a GateOptions,
    quiet: bool,
}

impl Told<'_> {
    fn in_words(&self, result: &RunResult, format: MessageFormat) -> Result<ExitCode, Trouble> {
        let findings = settings::findings(self.verdicts, &self.home.config)?;
        let expectations = self.home.expectations()?;
        Teller { expectations: &expectations, findings: &findings, format, quiet: self.quiet }.result(result)
    }

    fn contents(&self, result: RunResult) -> Result<Contents, Trouble> {
        let findings = settings::findings(self.verdicts, &self.home.config)?;
        let expectations = self.home.expectations()?;
        let measures = Measures { expectations: &expectations, findings: &findings };
        let contents = Contents::of(result, measures, self.home.root()).with_surroundings(measures, &self.home.place);
        contents.map_err(|error| Trouble::usage(error.to_string()))
    }

    fn loaded(&self) -> Result<Gates, Trouble> {
        Gates::load(&self.asked())
    }

    fn asked(&self) -> GateOptions {
        settings::with_gates(self.gates, &self.home.config, self.home.root().unwrap_or(Utf8Path::new(".")))
    }

    /// The code of a result without gates.
    fn code(&self, contents: &Contents) -> ExitCode {
        let code = contents.summary.class.exit_code();
        if contents.out_of_date.is_empty() { code } else { code.and(ExitCode::Findings) }
    }

    /// Writes reports, and lets the result through the gates, as far as there are any.
    fn gates(&self, result: RunResult, code: ExitCode, files: &[ReportFile]) -> Result<ExitCode, Trouble> {
        if files.is_empty() && !self.asked().are_any() {
            return Ok(code);
        }
        let contents = self.contents(result)?;
        write_all(files, &contents)?;
        Ok(passed(&self.loaded()?, &contents, code))
    }
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
