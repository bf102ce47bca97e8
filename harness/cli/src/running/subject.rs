//! What is swept: one test, and how its program is started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::test_id::TestId;

/// The variable that says where programs leave what they count of annotated code.
const COVERAGE: &str = "FIRSTHIT_COVERAGE_DIR";

/// One test, and how its program is started for it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) test: TestId,
    /// The crate that the test is in, as paths of functions begin.
    pub(crate) krate: String,
    pub(crate) program: PathBuf,
    /// The program's build id, in hexadecimal digits.
    pub(crate) build: String,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) folder: PathBuf,
    /// Variables that are set, or taken away.
    pub(crate) environment: Vec<(OsString, Option<OsString>)>,
    /// Whether a run without a failure has to end with status 0, as a test's does.
    pub(crate) must_succeed: bool,
    /// Whether it was built with frame pointers.
    pub(crate) frame_pointers: bool,
}

impl Subject {
    /// The command that starts it with the library `preloaded` and this variable, in a process group of its own: a Ctrl-C
    /// in the terminal is not meant for it.
    pub(crate) fn command(&self, preloaded: &Path, (variable, orders): (&str, String)) -> Command {
        use std::os::unix::process::CommandExt;

        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder).stdin(Stdio::null()).process_group(0);
        // A panic's backtrace takes std a tenth of a second, and nobody reads it.
        command.env("RUST_BACKTRACE", "0").env_remove("RUST_LIB_BACKTRACE");
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut list = OsString::from(preloaded);
        if let Some(users) = std::env::var_os("LD_PRELOAD").filter(|users| !users.is_empty()) {
            list.push(":");
            list.push(users);
        }
        command.env("LD_PRELOAD", list).env(variable, orders);
        if std::env::var_os(COVERAGE).is_none() {
            // Beside the library lies all that is kept; annotated code by itself would look for a target folder of Cargo's.
            command.env(COVERAGE, preloaded.with_file_name("coverage"));
        }
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_stands_before_what_the_user_preloads() {
        let subject = Subject {
            test: TestId { binary: "demo".to_owned(), name: "a".to_owned() },
            krate: "demo".to_owned(),
            program: "/bin/true".into(),
            build: "ab".to_owned(),
            arguments: vec!["--exact".into(), "a".into()],
            folder: "/".into(),
            environment: vec![("ONE".into(), Some("1".into())), ("TWO".into(), None)],
            must_succeed: true,
            frame_pointers: true,
        };
        let command = subject.command(Path::new("/x/lib.so"), ("ORDERS", "do".to_owned()));
        let value = |name: &str| command.get_envs().find(|(key, _)| *key == name).map(|(_, value)| value);
        assert!(value("LD_PRELOAD").flatten().is_some_and(|list| list.to_string_lossy().starts_with("/x/lib.so")));
        assert_eq!(value("ONE").flatten(), Some("1".as_ref()));
        assert_eq!(value("TWO"), Some(None));
        assert_eq!(value("ORDERS").flatten(), Some("do".as_ref()));
        assert_eq!(value(COVERAGE).flatten(), Some("/x/coverage".as_ref()));
        assert_eq!(value("RUST_BACKTRACE").flatten(), Some("0".as_ref()));
    }
}
