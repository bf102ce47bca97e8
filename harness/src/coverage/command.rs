//! `firsthit-report`: what the files of many test programs come to, told without running them.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use super::folder;
use super::gathered;
use super::listing::{Length, Listing, VARIABLE};

/// The folder was read, and told.
const DONE: u8 = 0;
/// The command line cannot be understood.
const USAGE: u8 = 1;
/// A file is damaged; what the others say was told.
const DAMAGED: u8 = 65;
/// There is no such folder, or nothing in it.
const NO_INPUT: u8 = 66;
/// What is to be told cannot be written.
const NO_OUTPUT: u8 = 74;

const HELP: &str = "\
Tells which recovery paths of annotated code were tested, from what test programs have left in a folder.

Usage: firsthit-report [--list] [DIR]

  DIR      the folder; by default what FIRSTHIT_COVERAGE_DIR names, else target/firsthit/coverage, with
           CARGO_TARGET_DIR in the place of target, in this folder or the nearest one above it
  --list   every path, and not only the first twenty of a kind; the same as FIRSTHIT_COVERAGE=list
  --help   this text

Exit status: 0 told; 1 the command line is wrong; 65 a file is damaged, and the rest was told; 66 there is no such
folder, or nothing in it; 74 the text cannot be written.
";

/// What the command line asks for.
#[derive(PartialEq, Eq, Debug)]
enum Asked {
    Help,
    Report { folder: Option<PathBuf>, list: bool },
}

/// Runs the program with these arguments, its own name left out; gives its exit status.
#[doc(hidden)]
pub fn run(arguments: impl Iterator<Item = OsString>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let told = match asked(arguments) {
        Ok(Asked::Help) => write!(out, "{HELP}").map(|()| DONE),
        Ok(Asked::Report { folder, list }) => report(folder, list, out, err),
        Err(wrong) => writeln!(err, "firsthit-report: {wrong}\n  help: firsthit-report --help").map(|()| USAGE),
    };
    match told.and_then(|status| out.flush().map(|()| status)) {
        Ok(status) => status,
        // Whoever read it has had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => DONE,
        Err(error) => {
            let _ = writeln!(err, "firsthit-report: the report cannot be written: {error}");
            NO_OUTPUT
        }
    }
}

fn asked(arguments: impl Iterator<Item = OsString>) -> Result<Asked, String> {
    let (mut folder, mut list, mut options) = (None, false, true);
    for argument in arguments {
        match argument.to_str().filter(|_| options) {
            Some("--help" | "-h") => return Ok(Asked::Help),
            Some("--list") => list = true,
            Some("--") => options = false,
            Some(option) if option.starts_with('-') => {
                return Err(format!("there is no option `{}`", option.escape_debug()));
            }
            _ if folder.is_some() => {
                return Err(format!("one folder is enough, and `{}` is another", argument.display()));
            }
            _ => folder = Some(PathBuf::from(argument)),
        }
    }
    Ok(Asked::Report { folder, list })
}

fn report(folder: Option<PathBuf>, list: bool, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let word = std::env::var(VARIABLE).ok().filter(|word| !word.is_empty());
    let length = match word.as_deref().map_or(Ok(Some(Length::Summary)), Length::from_word) {
        Ok(length) if !list => length.unwrap_or(Length::Summary),
        Ok(_) => Length::List,
        Err(wrong) => {
            writeln!(err, "firsthit-report: {wrong}")?;
            return Ok(USAGE);
        }
    };
    let Some(folder) = folder.or_else(folder::named).or_else(usual) else {
        writeln!(
            err,
            "firsthit-report: there is no target/firsthit/coverage here or above\n  help: run the tests first, or name the \
             folder: firsthit-report DIR"
        )?;
        return Ok(NO_INPUT);
    };
    let gathered = match gathered::gather(&folder, |_| true) {
        Ok(gathered) => gathered,
        Err(error) => {
            writeln!(err, "firsthit-report: {}: {error}", folder.display())?;
            return Ok(NO_INPUT);
        }
    };
    for fault in &gathered.faults {
        writeln!(err, "firsthit-report: {fault}")?;
    }
    let damaged = if gathered.faults.is_empty() { DONE } else { DAMAGED };
    if gathered.programs == 0 {
        writeln!(err, "firsthit-report: {}: no test program has left anything here", folder.display())?;
        return Ok(if damaged == DONE { NO_INPUT } else { damaged });
    }
    write!(out, "{}", Listing { model: &gathered.model, length })?;
    let programs =
        if gathered.programs == 1 { "1 program".to_owned() } else { format!("{} programs", gathered.programs) };
    write!(out, "from {programs} in {}", folder.display())?;
    match gathered.older {
        0 => writeln!(out)?,
        older => writeln!(out, "; {older} left by older builds not counted")?,
    }
    Ok(damaged)
}

/// The folder in cargo's usual place, here or above.
fn usual() -> Option<PathBuf> {
    let below = |target: PathBuf| target.join("firsthit").join("coverage");
    if let Some(target) = std::env::var_os("CARGO_TARGET_DIR").filter(|target| !target.is_empty()) {
        return Some(below(PathBuf::from(target)));
    }
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| below(folder.join("target"))).find(|folder| folder.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_understood_or_refused() {
        let asked = |line: &str| asked(line.split_ascii_whitespace().map(OsString::from));
        let report = |folder: Option<&str>, list| Ok(Asked::Report { folder: folder.map(PathBuf::from), list });
        assert_eq!(asked(""), report(None, false));
        assert_eq!(asked("--list some/folder"), report(Some("some/folder"), true));
        assert_eq!(asked("-- --list"), report(Some("--list"), false));
        assert_eq!(asked("x --help"), Ok(Asked::Help));
        assert!(asked("--all").unwrap_err().contains("`--all`"));
        assert!(asked("a b").unwrap_err().contains("`b`"));
    }
}
