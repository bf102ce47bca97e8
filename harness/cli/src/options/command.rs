//! The commands, and what each takes.

use std::ffi::OsString;
use std::num::NonZeroUsize;

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::options::cargo::{CargoOptions, ManifestOptions};
use crate::options::filter::FilterOptions;
use crate::options::format::{Format, ReportFile};
use crate::options::gates::GateOptions;
use crate::options::help;
use crate::options::output::{MessageFormat, OutputOptions};
use crate::options::page::PageOptions;
use crate::options::sweep::{RunsOptions, SweepOptions, VerdictOptions};
use crate::options::value::ChainWord;
use crate::options::verify::VerifyCommand;

/// Fails every allocation that a test reaches, once per call chain, and judges what came of it.
#[derive(Parser, Debug)]
#[command(name = "cargo-firsthit", bin_name = "cargo firsthit", version, max_term_width = 100)]
#[command(long_about = help::ABOUT, after_help = help::SEE_LONG, after_long_help = help::AFTER)]
#[command(disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = false)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) output: OutputOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Options {
    /// Reads a command line, the program's name first. Cargo puts `firsthit` behind it, which is left out.
    ///
    /// # Errors
    /// What clap has to say, asked-for help among it.
    pub(crate) fn read(words: impl IntoIterator<Item = OsString>) -> Result<Options, clap::Error> {
        let mut words: Vec<OsString> = words.into_iter().collect();
        if words.get(1).is_some_and(|word| word == "firsthit") {
            words.remove(1);
        }
        Options::try_parse_from(words)
    }
}

/// What is to be done.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Sweep the tests of the project.
    #[command(after_long_help = help::TEST)]
    Test(Box<TestCommand>),
    /// List the tests that would be swept.
    List(Box<ListCommand>),
    /// Build the tests, and put all that they need into one file, for machines that sweep them.
    #[command(after_long_help = help::ARCHIVE)]
    Archive(Box<ArchiveCommand>),
    /// Sweep any program: a dynamically linked ELF file.
    #[command(after_long_help = help::RUN)]
    Run(Box<RunCommand>),
    /// Check a sweep: fail every single request of each test in a fresh process, and compare.
    #[command(after_long_help = help::VERIFY)]
    Verify(Box<VerifyCommand>),
    /// Fail one call chain again, and show it.
    #[command(after_long_help = help::REPLAY)]
    Replay(Box<ReplayCommand>),
    /// Show again what the last sweep found, or an earlier one.
    #[command(after_long_help = help::REPORT)]
    Report(ReportCommand),
    /// Put the results of several shards together.
    #[command(after_long_help = help::MERGE)]
    Merge(MergeCommand),
    /// Remove what firsthit has written to the target folder.
    Clean(CleanCommand),
    /// Write a commented .config/firsthit.toml.
    Init(InitCommand),
    /// Explain a verdict, an exit code, or one call chain's outcome.
    #[command(after_long_help = help::EXPLAIN)]
    Explain(ExplainCommand),
    /// Print a completion script for a shell.
    #[command(after_long_help = help::COMPLETIONS)]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
}

/// `test`.
#[derive(Args, Debug)]
pub(crate) struct TestCommand {
    #[command(flatten)]
    pub(crate) filter: FilterOptions,
    #[command(flatten)]
    pub(crate) sweep: SweepOptions,
    /// List the tests, and sweep nothing.
    #[arg(long, conflicts_with = "html", help_heading = "Output")]
    pub(crate) list: bool,
    /// List them as one JSON object.
    #[arg(long, requires = "list", help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) cargo: CargoOptions,
    /// Arguments for the test binaries.
    #[arg(last = true, value_name = "TEST-ARGS")]
    pub(crate) test_args: Vec<OsString>,
}

/// `list`.
#[derive(Args, Debug)]
pub(crate) struct ListCommand {
    #[command(flatten)]
    pub(crate) filter: FilterOptions,
    /// As one JSON object.
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// The form of the list: `json` is the same as --json.
    #[arg(long, value_enum, default_value_t, value_name = "FORM", help_heading = "Output")]
    pub(crate) message_format: MessageFormat,
    #[command(flatten)]
    pub(crate) cargo: CargoOptions,
}

/// `archive`.
#[derive(Args, Debug)]
pub(crate) struct ArchiveCommand {
    /// The archive to write; its name ends in .tar.zst.
    #[arg(value_name = "FILE", value_parser = archive_name)]
    pub(crate) file: Utf8PathBuf,
    #[command(flatten)]
    pub(crate) cargo: CargoOptions,
}

/// nextest tells by the name what it is to write.
fn archive_name(word: &str) -> Result<Utf8PathBuf, String> {
    if word.ends_with(".tar.zst") { Ok(word.into()) } else { Err("its name must end in .tar.zst".to_owned()) }
}

/// `run`.
#[derive(Args, Debug)]
pub(crate) struct RunCommand {
    #[command(flatten)]
    pub(crate) sweep: SweepOptions,
    #[command(flatten)]
    pub(crate) manifest: ManifestOptions,
    /// The program and its arguments, behind `--`.
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    pub(crate) program: Vec<OsString>,
}

/// `replay`.
#[derive(Args, Debug)]
pub(crate) struct ReplayCommand {
    /// The chain, as reports print it.
    #[arg(value_name = "ID")]
    pub(crate) id: ChainWord,
    /// Run under this debugger, stopped where the allocation fails.
    #[arg(long, value_enum)]
    pub(crate) debugger: Option<Debugger>,
    #[command(flatten)]
    pub(crate) runs: RunsOptions,
    #[command(flatten)]
    pub(crate) cargo: CargoOptions,
}

/// The debuggers that replays run under.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Debugger {
    /// GNU's.
    Gdb,
}

/// `report`.
#[derive(Args, Debug)]
pub(crate) struct ReportCommand {
    /// The N-th run, counted back from the last, which is 1.
    #[arg(long, value_name = "N")]
    pub(crate) run: Option<NonZeroUsize>,
    /// Expect what was found from now on, for this reason: entries are added to the file of expectations.
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) accept: Option<String>,
    #[command(flatten)]
    pub(crate) verdicts: VerdictOptions,
    #[command(flatten)]
    pub(crate) gates: GateOptions,
    /// The whole report in this form, for other programs, in the place of the text.
    #[arg(long, value_enum, value_name = "FORMAT", group = "form", help_heading = "Output")]
    pub(crate) format: Option<Format>,
    #[command(flatten)]
    pub(crate) page: PageOptions,
    /// Where it goes: the file, by default standard output; of --html the folder, by default target/firsthit/html.
    #[arg(short, long, value_name = "PATH", requires = "form", help_heading = "Output")]
    pub(crate) output: Option<Utf8PathBuf>,
    /// Print the JSON Schema of `--format json`, and do nothing else.
    #[arg(long, conflicts_with_all = ["run", "accept", "format", "html", "message_format"], help_heading = "Output")]
    pub(crate) schema: bool,
    /// What is printed without --format: the text, or the outcome of each chain as one JSON object a line.
    #[arg(long, value_enum, default_value_t, value_name = "FORM", conflicts_with = "form", help_heading = "Output")]
    pub(crate) message_format: MessageFormat,
    #[command(flatten)]
    pub(crate) manifest: ManifestOptions,
}

/// `merge`.
#[derive(Args, Debug)]
pub(crate) struct MergeCommand {
    /// Folders of shards, each a copy of its machine's target/firsthit.
    #[arg(required = true, value_name = "FOLDER")]
    pub(crate) folders: Vec<Utf8PathBuf>,
    /// Where the whole goes; by default this project's target/firsthit.
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) output: Option<Utf8PathBuf>,
    /// Also results of different builds, options or versions.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) verdicts: VerdictOptions,
    #[command(flatten)]
    pub(crate) gates: GateOptions,
    /// Write a report of the whole in this form into a file; may be given several times. The forms: `report --help`.
    #[arg(long, value_name = "FORMAT=FILE", help_heading = "Output")]
    pub(crate) report: Vec<ReportFile>,
    /// The form of what is printed to standard output.
    #[arg(long, value_enum, default_value_t, value_name = "FORM", help_heading = "Output")]
    pub(crate) message_format: MessageFormat,
    #[command(flatten)]
    pub(crate) manifest: ManifestOptions,
}

/// `clean`.
#[derive(Args, Debug)]
pub(crate) struct CleanCommand {
    /// Only the instrumented build.
    #[arg(long)]
    pub(crate) build: bool,
    /// All but the ledger, which knows the chains of earlier sweeps.
    #[arg(long, conflicts_with = "build")]
    pub(crate) keep_ledger: bool,
    #[command(flatten)]
    pub(crate) manifest: ManifestOptions,
}

/// `init`.
#[derive(Args, Debug)]
pub(crate) struct InitCommand {
    /// Replace the file that is there.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) manifest: ManifestOptions,
}

/// `explain`.
#[derive(Args, Debug)]
pub(crate) struct ExplainCommand {
    /// A verdict (`aborted`), `verdicts`, `exit-codes`, an exit code (`4`), or a chain's ID.
    #[arg(value_name = "VERDICT|ID")]
    pub(crate) what: String,
    #[command(flatten)]
    pub(crate) manifest: ManifestOptions,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn read(line: &str) -> Result<Options, String> {
        Options::read(line.split(' ').map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Options::command().debug_assert();
    }

    #[test]
    fn cargos_word_is_left_out_and_what_stands_behind_dashes_is_the_tests() {
        for line in ["cargo-firsthit firsthit test push -- --color x", "cargo-firsthit test push -- --color x"] {
            let Command::Test(test) = read(line).unwrap().command else { panic!("another command") };
            assert_eq!(
                (test.filter.filters, test.test_args),
                (vec!["push".to_owned()], vec!["--color".into(), "x".into()])
            );
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_the_cure() {
        let refusals = [
            ("test --shard 0/3", "the first of 3 is 1/3"),
            ("test --shard 4/3", "the last 3/3"),
            ("test -j 0", "1 to 1024"),
            ("test -j -1", "1 to 1024"),
            ("test --timeout 0", "between 0.001"),
            ("test --new --all", "cannot be used with"),
            ("test --release --profile x", "cannot be used with"),
            ("test --deny fine", "expected one of recovered"),
            ("test --json", "--list"),
            ("test --ignored --include-ignored", "cannot be used with"),
            ("test --exclude a", "--workspace"),
            ("test --profile= ", "a value is required"),
            ("verify --request 0", "from 1"),
            ("verify --request 3 --limit 9", "cannot be used with"),
            ("verify --new", "--new"),
            ("replay 12", "6 to 32 hexadecimal digits"),
            ("replay 123456 --debugger lldb", "gdb"),
            ("replay 123456 --shard 1/2", "--shard"),
            ("clean --build --keep-ledger", "cannot be used with"),
            ("merge", "FOLDER"),
            ("report --run 0", "--run"),
            ("report --open", "--html"),
            ("report -o x", "--html"),
            ("report --html --format json", "cannot be used with"),
            ("report --html --message-format json", "cannot be used with"),
            ("test --list --html", "cannot be used with"),
            ("report --format xml", "cobertura"),
            ("report -o a", "--format"),
            ("report --format json --message-format json", "cannot be used with"),
            ("test --report sarif", "FORMAT=FILE"),
            ("test --fail-under 101", "from 0 to 100"),
            ("run", "PROGRAM"),
            ("-v -q report", "cannot be used with"),
            ("sweep", "unrecognized subcommand"),
        ];
        for (line, cure) in refusals {
            let refused = read(&format!("cargo-firsthit {line}")).map(|_| ()).unwrap_err();
            assert!(refused.contains(cure), "{line}: {refused}");
        }
    }

    #[test]
    fn every_command_reads() {
        let lines = [
            "test -p a --workspace --exclude b -F x,y --all-features --no-default-features --lib --bins --bin c --test d \
             --tests --example e --examples --bench f --benches --all-targets --manifest-path Cargo.toml --locked --offline \
             --frozen -r one two --exact --skip three -j 2 --timeout 2.5 --shard 1/2 --in-diff x --new --resume --crates a,b \
             --deny absorbed --allow aborted,leaked --test-tool nextest --include-ignored --message-format json -q --color never",
            "list --json --ignored --profile dist",
            "run -j 2 -- ls -l",
            "verify -p a --lib parse --exact --limit 100 --runner --later --json -j 2 --timeout 3 --crates a,b -- --my-flag",
            "verify --request=-7 --message-format json",
            "replay 0123456789ab --debugger gdb -p a",
            "report --message-format json",
            "report --run 2 --format sarif -o a.sarif --fail-on aborted --fail-under 80 --baseline b.json",
            "report --schema",
            "test --report json=a --report markdown=b --fail-under 99.5% --fail-new",
            "report --html -o x --open --run 2",
            "test --html --open",
            "merge a b --output c --force --report lcov=d --fail-new",
            "clean --keep-ledger",
            "init --force",
            "explain aborted",
            "completions bash",
        ];
        for line in lines {
            let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
            read(&format!("cargo-firsthit firsthit {words}")).unwrap();
        }
    }
}
