//! `report` and `merge`: results that are there, told as at the end of a run.

use camino::Utf8Path;

use crate::contents::gather::{Contents, Measures};
use crate::exit_code::ExitCode;
use crate::expectations::accept::accept;
use crate::expectations::apply::Standing;
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
use crate::results::outcome::Outcome;
use crate::results::run_result::RunResult;
use crate::settings;
use crate::telling::passage::passed;
use crate::telling::tell;
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
    let told = Told { home: &home, verdicts: &command.verdicts, gates: &command.gates };
    let contents = told.contents(result)?;
    let code = match command.format {
        _ if command.page.html => {
            let page = make(&home, &contents, command.output.as_deref())?;
            print::to_stdout(&format!("{page}\n"))?;
            opened(command.page, &page)?;
            tell::code(&contents)
        }
        Some(format) => {
            write(format, command.output.as_deref(), &contents)?;
            tell::code(&contents)
        }
        None => {
            let code = told.in_words(&contents, command.message_format, output)?;
            if !output.quiet {
                flapping(&home, &contents.result)?;
            }
            code
        }
    };
    told.gates(&contents, code, &[])
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
    let told = Told { home: &home, verdicts, gates: &gates };
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
    let measures = Measures { expectations: &expectations, findings: &findings };
    let contents = Contents::of(result.clone(), measures, None);
    let found = contents.judged().filter(|(_, standing)| matches!(standing, Standing::Finding(_)));
    let found: Vec<&Outcome> = found.map(|(outcome, _)| outcome).collect();
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
    let told = Told { home: &home, verdicts: &command.verdicts, gates: &command.gates };
    let contents = told.contents(result)?;
    let code = told.in_words(&contents, command.message_format, output)?;
    if !output.quiet {
        print::to_stderr(&format!("the merged result is in {into}"));
    }
    let plan = &contents.result.plan;
    let lacks = (1..=plan.shards).any(|shard| !plan.runs.contains_key(&shard));
    let code = told.gates(&contents, code, &command.report)?;
    // What is not there cannot be clean.
    Ok(if lacks && code == ExitCode::Clean { ExitCode::Usage } else { code })
}

/// How results that are there are told.
struct Told<'a> {
    home: &'a Home,
    verdicts: &'a VerdictOptions,
    gates: &'a GateOptions,
}

impl Told<'_> {
    fn in_words(
        &self,
        contents: &Contents,
        format: MessageFormat,
        output: &OutputOptions,
    ) -> Result<ExitCode, Trouble> {
        if format == MessageFormat::Json {
            contents.result.outcomes.values().try_for_each(|outcome| print::to_stdout(&tell::line(outcome)))?;
        }
        let code = tell::tell(contents, format, output)?;
        contents.missing.iter().for_each(|what| print::to_stderr(what));
        Ok(code)
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

    /// Writes reports, and lets the result through the gates, as far as there are any.
    fn gates(&self, contents: &Contents, code: ExitCode, files: &[ReportFile]) -> Result<ExitCode, Trouble> {
        write_all(files, contents)?;
        Ok(if self.asked().are_any() { passed(&self.loaded()?, contents, code) } else { code })
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
