//! One test in a process of its own, and how that ended.

use std::fmt;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::built::Test;

/// How a process ended.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum How {
    Passed,
    /// The test failed, as tests do.
    Panicked,
    /// As documented for requests that cannot return an error.
    OutOfMemory,
    /// In any other way.
    Otherwise,
}

/// The end of a process.
pub(crate) struct Ended {
    pub(crate) how: How,
    /// Requests that the test made.
    pub(crate) requests: u64,
    /// What the audit says.
    pub(crate) found: String,
    printed: String,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, found {}, after {} requests: {}", self.how, self.found, self.requests, self.printed)
    }
}

/// Runs one test with these settings.
pub(crate) fn run(test: &Test, settings: &[(&str, u64)]) -> Ended {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("suites/reports");
    fs::create_dir_all(&folder).unwrap();
    let report = folder.join(format!("{}-{}", std::process::id(), RUNS.fetch_add(1, Relaxed)));
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "60"]).arg(&test.program).args([&test.name, "--exact", "--test-threads=2"]);
    command.env("SUITE_REPORT", &report).env("RUST_BACKTRACE", "0");
    command.envs(settings.iter().map(|(name, value)| (name, value.to_string())));
    let output = command.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let told = fs::read_to_string(&report).unwrap_or_else(|_| "0 no report".to_owned());
    let _ = fs::remove_file(&report);
    let mut told = told.splitn(2, ' ');
    let requests = told.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let found = told.next().unwrap_or("no report").to_owned();
    let aborted = output.status.signal().or(output.status.code().map(|code| code - 128)) == Some(libc::SIGABRT);
    let how = match output.status.code() {
        Some(0) => How::Passed,
        Some(101) => How::Panicked,
        _ if aborted && printed.contains("memory allocation of ") => How::OutOfMemory,
        _ => How::Otherwise,
    };
    Ended { how, requests, found, printed }
}
