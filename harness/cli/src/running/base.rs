//! The process of a test's program that its runs are forks of, or none: then every run is a fresh process.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};

/// The number of SIGKILL.
const SIGKILL: i32 = 9;

/// The program that was started for a sweep.
pub(super) struct Base {
    program: Option<(Child, File)>,
    /// Whether this process has killed it.
    killed: bool,
}

impl Base {
    /// None: nothing is started here.
    pub(super) const fn none() -> Base {
        Base { program: None, killed: false }
    }

    /// Starts the program.
    ///
    /// # Errors
    /// The system refuses it, or a file for what it prints.
    pub(super) fn start(mut command: Command) -> io::Result<Base> {
        let output = tempfile::tempfile()?;
        command.stdout(output.try_clone()?).stderr(output.try_clone()?);
        Ok(Base { program: Some((command.spawn()?, output)), killed: false })
    }

    /// Whether there is one, dead or alive.
    pub(super) fn is_there(&self) -> bool {
        self.program.is_some()
    }

    pub(super) fn is_dead(&mut self) -> bool {
        self.program.as_mut().is_some_and(|(program, _)| !matches!(program.try_wait(), Ok(None)))
    }

    pub(super) fn kill(&mut self) {
        if let Some((program, _)) = &mut self.program {
            self.killed = true;
            let _ = program.kill();
        }
    }

    /// Waits for its end.
    pub(super) fn wait(&mut self) {
        if let Some((program, _)) = &mut self.program {
            let _ = program.wait();
        }
    }

    /// Whether it was killed, by neither this process nor itself.
    pub(super) fn was_killed_from_outside(&mut self) -> bool {
        let status = self.program.as_mut().map(|(program, _)| program.try_wait());
        let killed = matches!(status, Some(Ok(Some(status))) if status.signal() == Some(SIGKILL));
        killed && !self.killed
    }

    /// What it printed before its `main`, as the end of a sentence.
    pub(super) fn printed(&mut self) -> String {
        let Some((_, output)) = &mut self.program else { return String::new() };
        let mut text = Vec::new();
        let read = output.seek(SeekFrom::Start(0)).and_then(|_| output.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        let text = text.trim();
        if read.is_err() || text.is_empty() { String::new() } else { format!(": it printed:\n{text}") }
    }
}
