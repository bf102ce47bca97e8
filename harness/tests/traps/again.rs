//! This program run once more, for the traps that need a process of their own.
//!
//! What runs there is an ignored test, named by its path: `cargo test` alone does not meet it.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine: what is not done by then hangs.
const HANGS: Duration = Duration::from_secs(120);

/// What a run printed and how it ended.
pub(crate) struct Ran {
    pub(crate) passed: bool,
    pub(crate) output: String,
}

/// This program, about to run the ignored tests whose names begin with `tests`, on `threads` threads.
pub(crate) fn command(tests: &str, threads: usize) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([tests, "--ignored", &format!("--test-threads={threads}")]);
    for variable in ["EXPLORER", "MODE", "DEPTH", "WORKERS", "TIMEOUT_MS", "REPLAY", "ROLE"] {
        command.env_remove(format!("FIRSTHIT_{variable}"));
    }
    command
}

/// Runs `command` to its end.
pub(crate) fn output(command: &mut Command) -> Ran {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let [out, err] = [Box::new(out) as Box<dyn std::io::Read + Send>, Box::new(err)].map(|mut stream| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).map(|_| String::from_utf8_lossy(&bytes).into_owned())
        })
    });
    let status = wait(&mut child);
    let [out, err] = [out, err].map(|reader| reader.join().unwrap().unwrap());
    let signal = status.signal().map(|signal| format!("\n(killed by signal {signal})")).unwrap_or_default();
    Ran { passed: status.success(), output: format!("{out}{err}{signal}") }
}

fn wait(child: &mut Child) -> std::process::ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if begun.elapsed() > HANGS {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Runs the ignored tests whose names begin with `tests`, which must pass; what they printed.
#[track_caller]
pub(crate) fn passes(command: &mut Command) -> String {
    let ran = output(command);
    assert!(ran.passed && !ran.output.contains("running 0 tests"), "{}", ran.output);
    ran.output
}

/// The ignored test alone in a process, where the base is forked in place.
#[track_caller]
pub(crate) fn alone(test: &str) -> String {
    passes(command(test, 1).args(["--exact", "--nocapture"]))
}
