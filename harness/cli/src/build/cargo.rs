//! The build by `cargo test --no-run`, whose messages say what was made.

use std::ffi::OsStr;
use std::io::BufReader;
use std::process::{Command, Stdio};

use camino::Utf8Path;
use cargo_metadata::Message;

use crate::build::built::{self, Binary, Built};
use crate::build::environment::Script;
use crate::build::instrument::Instrumented;
use crate::options::cargo::CargoOptions;
use crate::options::output::OutputOptions;
use crate::print;
use crate::trouble::Trouble;

/// A command of Cargo's that builds with what was instrumented, and prints its messages to standard output.
pub(super) fn command(
    cargo: &OsStr,
    subcommand: &[&str],
    folder: &Utf8Path,
    instrumented: &Instrumented,
    options: &CargoOptions,
    output: &OutputOptions,
) -> Command {
    let mut command = Command::new(cargo);
    command.args(subcommand).args(options.flags()).args(["--target-dir", folder.as_str()]);
    command.args(["--color", output.color.word()]);
    command.args(instrumented.config.iter().flat_map(|value| ["--config", value]));
    command.envs(instrumented.environment.iter().cloned());
    if output.verbose > 1 {
        let shown: Vec<String> = instrumented
            .environment
            .iter()
            .map(|(name, value)| format!("{name}={:?}", value.to_string_lossy().replace('\x1f', " ")))
            .chain([cargo.to_string_lossy().into_owned()])
            .chain(command.get_args().map(|argument| argument.to_string_lossy().into_owned()))
            .collect();
        print::to_stderr(&shown.join(" "));
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// Builds the test binaries. Cargo shows its progress and what the compiler says on standard error.
///
/// # Errors
/// With nothing to tell if the build fails, for Cargo has told it.
pub(super) fn build(
    cargo: &OsStr,
    folder: &Utf8Path,
    instrumented: &Instrumented,
    options: &CargoOptions,
    output: &OutputOptions,
) -> Result<Built, Trouble> {
    let subcommand = ["test", "--no-run", "--message-format", "json-render-diagnostics"];
    let mut command = command(cargo, &subcommand, folder, instrumented, options, output);
    if output.quiet {
        command.arg("--quiet");
    }
    let no_cargo = |error| Trouble::usage(format!("cannot run {}: {error}; is Cargo in PATH?", cargo.display()));
    let mut child = command.spawn().map_err(no_cargo)?;
    let built = child.stdout.take().map_or_else(|| Ok(Built::default()), |out| read(BufReader::new(out)));
    let status = child.wait().map_err(no_cargo)?;
    if !status.success() {
        return Err(Trouble::told());
    }
    Ok(Built { root: folder.to_owned(), profile: options.profile_folder().to_owned(), ..built? })
}

fn read(messages: impl std::io::BufRead) -> Result<Built, Trouble> {
    let mut built = Built::default();
    for message in Message::parse_stream(messages) {
        match message.map_err(|error| Trouble::internal(format!("Cargo's messages cannot be read: {error}")))? {
            Message::CompilerArtifact(artifact) => {
                let Some(path) = artifact.executable else { continue };
                let (package, target) = (artifact.package_id, artifact.target);
                if artifact.profile.test {
                    let kind = built::kind(&target.kind);
                    built.binaries.push(Binary { package, kind, target: target.name, path });
                } else if target.is_bin() {
                    built.programs.push((package, target.name, path));
                }
            }
            Message::BuildScriptExecuted(script) => {
                let folders = script.linked_paths.iter().map(|path| {
                    // `native=folder`, or the folder alone.
                    path.as_str().split_once('=').map_or(path.as_path(), |(_, folder)| Utf8Path::new(folder)).to_owned()
                });
                built.linked.extend(folders);
                built.scripts.insert(script.package_id, Script { out_dir: script.out_dir, environment: script.env });
            }
            _ => {}
        }
    }
    Ok(built)
}
