//! A program that can be swept, its tests, and how to start one of them.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::running::subject::Subject;
use crate::test_id::TestId;
use crate::trouble::Trouble;

/// A built test binary, or any other program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Program {
    /// As `TestId::binary` names it.
    pub(crate) binary: String,
    /// The crate, as paths of its functions begin.
    pub(crate) krate: String,
    pub(crate) path: Utf8PathBuf,
    /// Where it is run: the package's folder.
    pub(crate) folder: Utf8PathBuf,
    /// What is set, or taken away, beyond what this process has.
    pub(crate) environment: Vec<(OsString, Option<OsString>)>,
    /// Whether it takes the arguments of Rust's test runner. If not, the whole program is one test.
    pub(crate) harness: bool,
    /// Whether it takes `--test-threads=1`, too, by which Rust's test runner runs a test on the main thread.
    pub(crate) threads: bool,
    /// Whether it is a test that was built for a sweep: with frame pointers, and to end with status 0.
    pub(crate) built: bool,
    pub(crate) tests: Vec<Listed>,
}

/// One test of a program.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Listed {
    /// What `--exact` takes; empty if the whole program is one test.
    pub(crate) name: String,
    pub(crate) ignored: bool,
}

impl Listed {
    /// The one test of a program that is a test as a whole.
    pub(crate) fn whole() -> Listed {
        Listed { name: String::new(), ignored: false }
    }
}

impl Program {
    /// A program that is no test, by its path or, without a slash in it, as PATH finds it.
    ///
    /// # Errors
    /// Says that there is no such file, or that its path is not UTF-8.
    pub(crate) fn any(word: &OsStr) -> Result<Program, Trouble> {
        let word = word
            .to_str()
            .ok_or_else(|| Trouble::usage(format!("{} is no UTF-8: give another path", word.display())))?;
        let folder = env::current_dir().ok().and_then(|folder| Utf8PathBuf::from_path_buf(folder).ok());
        let folder = folder
            .ok_or_else(|| Trouble::usage("the working folder is gone, or its path is no UTF-8: change to another"))?;
        let path = if word.contains('/') { Some(folder.join(word)) } else { in_path(word) };
        let path = path.filter(|path| path.is_file()).ok_or_else(|| {
            let cure = if word.contains('/') {
                "look at the path"
            } else {
                "it is not in PATH; give a path, such as ./program"
            };
            Trouble::usage(format!("there is no program {word:?}: {cure}"))
        })?;
        let binary = path.file_name().unwrap_or(word).to_owned();
        Ok(Program {
            krate: binary.replace('-', "_"),
            binary,
            path,
            folder,
            environment: Vec::new(),
            harness: false,
            threads: false,
            built: false,
            tests: vec![Listed::whole()],
        })
    }

    /// The arguments by which it runs this test and no other, on its main thread if it can, printing as it goes.
    pub(crate) fn arguments(&self, test: &Listed, extra: &[OsString]) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        if self.harness && !test.name.is_empty() {
            arguments.extend(["--exact", &test.name, "--nocapture"].map(OsString::from));
            if self.threads {
                arguments.push("--test-threads=1".into());
            }
            if test.ignored {
                arguments.push("--include-ignored".into());
            }
        }
        arguments.extend_from_slice(extra);
        arguments
    }

    /// What is swept for one of its tests, in the build that `build` identifies.
    pub(crate) fn subject(&self, test: &Listed, extra: &[OsString], build: &str) -> Subject {
        Subject {
            test: self.id(test),
            krate: self.krate.clone(),
            program: self.path.clone().into(),
            build: build.to_owned(),
            arguments: self.arguments(test, extra),
            folder: self.folder.clone().into(),
            environment: self.environment.clone(),
            must_succeed: self.built,
            frame_pointers: self.built,
        }
    }

    /// The name of one of its tests.
    pub(crate) fn id(&self, test: &Listed) -> TestId {
        TestId { binary: self.binary.clone(), name: test.name.clone() }
    }

    /// The program with its folder and environment, and no arguments yet.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.current_dir(&self.folder);
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

fn in_path(word: &str) -> Option<Utf8PathBuf> {
    let path = env::var_os("PATH")?;
    let candidates =
        env::split_paths(&path).filter_map(|folder| Utf8Path::from_path(&folder).map(|folder| folder.join(word)));
    let is_program =
        |path: &Utf8PathBuf| path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    candidates.into_iter().find(is_program)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(harness: bool) -> Program {
        Program {
            binary: "demo".into(),
            krate: "demo".into(),
            path: "/demo".into(),
            folder: "/".into(),
            environment: Vec::new(),
            harness,
            threads: harness,
            built: true,
            tests: Vec::new(),
        }
    }

    #[test]
    fn one_test_is_run_on_the_main_thread_and_an_ignored_one_because_it_is_asked_for() {
        let test = |ignored| Listed { name: "a::b".into(), ignored };
        let plain = program(true).arguments(&test(false), &["--x".into()]);
        assert_eq!(plain, ["--exact", "a::b", "--nocapture", "--test-threads=1", "--x"]);
        let ignored = program(true).arguments(&test(true), &[]);
        assert_eq!(ignored, ["--exact", "a::b", "--nocapture", "--test-threads=1", "--include-ignored"]);
        let other = Program { threads: false, ..program(true) };
        assert_eq!(other.arguments(&test(false), &[]), ["--exact", "a::b", "--nocapture"]);
        assert_eq!(program(false).arguments(&Listed::whole(), &["--x".into()]), ["--x"]);
    }

    #[test]
    fn a_program_is_found_as_a_shell_finds_it() {
        let shell = Program::any(OsStr::new("sh")).unwrap();
        assert!(shell.path.as_str().ends_with("/sh") && shell.binary == "sh" && shell.tests == [Listed::whole()]);
        assert!(Program::any(OsStr::new("no-such-program")).unwrap_err().message.contains("PATH"));
        assert!(Program::any(OsStr::new("./no-such-program")).unwrap_err().message.contains("look at the path"));
    }
}
