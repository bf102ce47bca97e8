//! gdb on a program that is to be swept for one chain: it stops where the failure is delivered.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::running::subject::Subject;
use crate::trouble::Trouble;

/// Variables that would change the debugger itself; the program alone gets them.
const FOR_THE_PROGRAM: [&str; 2] = ["LD_PRELOAD", "LD_LIBRARY_PATH"];
/// The function of the preloaded library that is called where a failure is delivered.
const STOP: &str = "firsthit_fails";

/// Has gdb run the subject's program with the library `preloaded` and this variable, and returns when gdb is left.
///
/// # Errors
/// gdb is not installed, or ended badly.
pub(crate) fn gdb(subject: &Subject, preloaded: &Path, variable: (&str, String)) -> Result<(), Trouble> {
    // Ctrl-C is gdb's, which stands in the same terminal. A handler is not inherited, as ignoring would be.
    ctrlc::set_handler(|| ()).map_err(|error| Trouble::internal(format!("no handler for Ctrl-C: {error}")))?;
    let ended = command(&subject.command(preloaded, variable.clone()), variable.0).status();
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Trouble::usage(format!("gdb ended badly: {status}"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Trouble::usage(
            "gdb is not installed, or not in PATH: install it (the package is called gdb), or replay without --debugger",
        )),
        Err(error) => Err(Trouble::usage(format!("gdb cannot be started: {error}"))),
    }
}

/// gdb with all that the program's own command has.
fn command(program: &Command, variable: &str) -> Command {
    let mut gdb = Command::new("gdb");
    if let Some(folder) = program.get_current_dir() {
        gdb.current_dir(folder);
    }
    // gdb sets the first two for the program. The wrapper is read by a shell, and not every one quotes alike.
    let mut wrapper = "env".to_owned();
    for name in ["LINES", "COLUMNS"].into_iter().filter(|name| env::var_os(name).is_none()) {
        wrapper += &format!(" -u {name}");
    }
    gdb.env("SHELL", "/bin/sh");
    match env::var_os("SHELL") {
        Some(shell) => wrapper += &quoted("SHELL", &shell),
        None => wrapper += " -u SHELL",
    }
    for (name, value) in program.get_envs() {
        let for_the_program = FOR_THE_PROGRAM.iter().any(|own| name == *own) || name == variable;
        match value {
            Some(value) if for_the_program => wrapper += &quoted(&name.to_string_lossy(), value),
            Some(value) => drop(gdb.env(name, value)),
            None => drop(gdb.env_remove(name)),
        }
    }
    let commands = [
        "set breakpoint pending on".to_owned(),
        format!("set exec-wrapper {wrapper}"),
        format!("break {STOP}"),
        "run".to_owned(),
        "backtrace".to_owned(),
    ];
    gdb.arg("-q").args(commands.iter().flat_map(|command| ["-ex", command]));
    gdb.arg("--args").arg(program.get_program()).args(program.get_args());
    gdb
}

/// A variable as a shell reads it.
fn quoted(name: &str, value: &OsStr) -> String {
    format!(" {name}='{}'", value.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_for_the_program_does_not_reach_the_debugger() {
        let mut program = Command::new("/bin/demo");
        program.args(["--exact", "a b"]).current_dir("/tmp").env("LD_PRELOAD", "/it's/lib.so").env("ORDERS", "one");
        program.env("LD_LIBRARY_PATH", "/lib").env("TEXT", "two\nlines").env_remove("GONE");
        let gdb = command(&program, "ORDERS");
        let value = |name: &str| gdb.get_envs().find(|(key, _)| *key == name).map(|(_, value)| value);
        for name in ["LD_PRELOAD", "LD_LIBRARY_PATH", "ORDERS"] {
            assert_eq!(value(name), None, "{name}");
        }
        assert_eq!((value("TEXT"), value("GONE")), (Some(Some("two\nlines".as_ref())), Some(None)));
        let words: Vec<_> = gdb.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let wrapper = words.iter().find(|word| word.starts_with("set exec-wrapper env ")).unwrap();
        assert!(wrapper.contains(r" LD_PRELOAD='/it'\''s/lib.so'") && wrapper.contains(" ORDERS='one'"), "{wrapper}");
        assert_eq!(words[words.len() - 4..], ["--args", "/bin/demo", "--exact", "a b"]);
    }
}
