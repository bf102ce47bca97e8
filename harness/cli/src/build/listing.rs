//! The tests of a program, asked of the program itself by `--list --format terse`.

use std::io::Read;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::build::program::{Listed, Program};
use crate::trouble::Trouble;

/// How long a program with Rust's test runner may take.
const LIMIT: Duration = Duration::from_secs(60);

/// How long a program may take that may not know the question, and does its work instead.
const LIMIT_UNSURE: Duration = Duration::from_secs(10);

/// What a program printed and how it ended.
struct Answer {
    out: String,
    err: String,
    success: bool,
}

/// Fills in the tests of `program`, and whether it has a test runner that is talked to as Rust's is.
///
/// `declared` says whether the manifest leaves Rust's test runner in. Runners of others that know the question are asked like
/// it, as nextest does; a program that does not is one test.
///
/// # Errors
/// Says why a program with Rust's test runner did not answer.
pub(crate) fn list(program: &mut Program, declared: bool) -> Result<(), Trouble> {
    let limit = if declared { LIMIT } else { LIMIT_UNSURE };
    let all = names(program, &["--list", "--format", "terse"], limit, declared)?;
    let all = all.filter(|names| declared || !names.is_empty());
    let Some(all) = all else {
        (program.harness, program.threads) = (false, false);
        program.tests = vec![Listed::whole()];
        return Ok(());
    };
    (program.harness, program.threads) = (true, declared || takes_threads(program));
    let ignored = match all[..] {
        [] => Vec::new(),
        _ => names(program, &["--list", "--format", "terse", "--ignored"], limit, declared)?.unwrap_or_default(),
    };
    program.tests = all.into_iter().map(|name| Listed { ignored: ignored.contains(&name), name }).collect();
    Ok(())
}

/// Whether a test runner that is not Rust's takes `--test-threads=1`. criterion's does not.
pub(super) fn takes_threads(program: &Program) -> bool {
    let answer = names(program, &["--list", "--format", "terse", "--test-threads=1"], LIMIT_UNSURE, false);
    answer.is_ok_and(|names| names.is_some_and(|names| !names.is_empty()))
}

/// The names that it answers with; none if it does not know the question.
fn names(
    program: &Program,
    arguments: &[&str],
    limit: Duration,
    declared: bool,
) -> Result<Option<Vec<String>>, Trouble> {
    match ask(program, arguments, limit) {
        Ok(answer) if answer.success => Ok(read(&answer.out)),
        Ok(_) | Err(_) if !declared => Ok(None),
        Ok(answer) => {
            let said = if answer.err.trim().is_empty() { answer.out } else { answer.err };
            Err(failed(program, arguments, &format!("fails:\n{}", said.trim_end())))
        }
        Err(why) => Err(failed(program, arguments, &why)),
    }
}

fn failed(program: &Program, arguments: &[&str], how: &str) -> Trouble {
    let line = arguments.join(" ");
    Trouble::usage(format!("the tests of {} cannot be listed: `{} {line}` {how}", program.binary, program.path))
}

/// The names on lines that end as Rust's test runner ends them; none if another line is among them.
fn read(out: &str) -> Option<Vec<String>> {
    let lines = out.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let name = |line: &str| line.strip_suffix(": test").or_else(|| line.strip_suffix(": benchmark")).map(str::to_owned);
    lines.map(name).collect()
}

fn ask(program: &Program, arguments: &[&str], limit: Duration) -> Result<Answer, String> {
    let mut command = program.command();
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot be run: {error}"))?;
    let out = collect(child.stdout.take());
    let err = collect(child.stderr.take());
    let success = wait(&mut child, limit)?;
    Ok(Answer { out: out.join().unwrap_or_default(), err: err.join().unwrap_or_default(), success })
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Whether it ended well; kills it when the limit is over.
fn wait(child: &mut Child, limit: Duration) -> Result<bool, String> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(200);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if start.elapsed() < limit => thread::sleep(pause),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("has not ended after {} seconds", limit.as_secs()));
            }
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that runs `script` whatever it is asked.
    fn program(folder: &tempfile::TempDir, script: &str) -> Program {
        let path = folder.path().join("program");
        // Another process writes it: a file that this one had open for writing could still be open in a child that another
        // test is starting, and could then not be run.
        let write = "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0\" && chmod +x \"$0\"";
        let status = std::process::Command::new("sh").arg("-c").arg(write).arg(&path).arg(script).status();
        assert!(status.unwrap().success());
        let mut program = Program::any(path.as_os_str()).unwrap();
        program.tests.clear();
        program
    }

    fn listed(script: &str, declared: bool) -> Result<(bool, Vec<Listed>), Trouble> {
        let folder = tempfile::tempdir().unwrap();
        let mut program = program(&folder, script);
        list(&mut program, declared).map(|()| (program.harness, program.tests))
    }

    #[test]
    fn names_are_read_and_ignored_ones_are_told_apart() {
        let script = "case \"$*\" in *--ignored*) ;; *) echo 'a::b: test' ;; esac; echo 'slow case: test'";
        let test = |name: &str, ignored| Listed { name: name.into(), ignored };
        assert_eq!(listed(script, true).unwrap(), (true, vec![test("a::b", false), test("slow case", true)]));
        assert_eq!(listed(script, false).unwrap(), listed(script, true).unwrap());
    }

    #[test]
    fn a_test_runner_that_refuses_to_be_told_of_threads_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut program = program(&folder, "case \"$*\" in *threads*) exit 2 ;; esac; echo 'a: test'");
        list(&mut program, false).unwrap();
        assert!(program.harness && !program.threads);
        list(&mut program, true).unwrap();
        assert!(program.threads, "Rust's own is not asked");
    }

    #[test]
    fn a_program_that_does_not_know_the_question_is_one_test() {
        let whole = (false, vec![Listed::whole()]);
        assert_eq!(listed("echo done", false).unwrap(), whole);
        assert_eq!(listed("echo done", true).unwrap(), whole);
        assert_eq!(listed(":", false).unwrap(), whole);
        assert_eq!(listed("exit 3", false).unwrap(), whole);
    }

    #[test]
    fn a_test_runner_without_tests_has_none_and_one_that_fails_is_told() {
        assert_eq!(listed(":", true).unwrap(), (true, Vec::new()));
        let refused = listed("echo broken >&2; exit 3", true).unwrap_err().message;
        assert!(refused.contains("--list --format terse` fails:\nbroken"), "{refused}");
    }

    #[test]
    fn one_that_does_not_end_is_killed() {
        let folder = tempfile::tempdir().unwrap();
        let endless = program(&folder, "exec sleep 1000");
        let why = ask(&endless, &["--list"], Duration::from_millis(50)).err().unwrap();
        assert!(why.contains("has not ended"), "{why}");
    }
}
