//! What is seen while tests are checked: one line that changes on a terminal, a line a test elsewhere.

use std::io::IsTerminal;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::print;
use crate::verify::checked::Checked;
use crate::verify::compared::Kind;

/// The progress of a check; its threads share it.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    tests: usize,
    done: AtomicUsize,
}

impl Progress {
    /// Of a check of so many tests.
    pub(crate) fn new(tests: usize, quiet: bool) -> Progress {
        let shows = !quiet && std::io::stderr().is_terminal();
        let bar = shows.then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("{bar:24} {pos}/{len} runs  {msg}  {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_message(format!("0/{tests} tests"));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Progress { bar, quiet, tests, done: AtomicUsize::new(0) }
    }

    /// So many runs are known to come; 0: one has ended.
    pub(crate) fn tick(&self, runs: u64) {
        match &self.bar {
            Some(bar) if runs > 0 => bar.inc_length(runs),
            Some(bar) => bar.inc(1),
            None => {}
        }
    }

    /// A test is checked.
    pub(crate) fn end_of(&self, checked: &Checked) {
        let done = self.done.fetch_add(1, Relaxed) + 1;
        match &self.bar {
            Some(bar) => bar.set_message(format!("{done}/{} tests", self.tests)),
            None if self.quiet => {}
            None => {
                let (test, took) = (&checked.test, checked.seconds);
                print::to_stderr(&format!("[{done}/{}] {test}  {}  ({took:.1} s)", self.tests, said(checked)));
            }
        }
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn said(checked: &Checked) -> String {
    if checked.not_compared.is_some() {
        return "not compared".to_owned();
    }
    let Checked { runs, chains, .. } = checked;
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    let counts = format!("{runs} run{}, {chains} chain{}", plural(*runs), plural(*chains as u64));
    let disagreements = checked.differences.iter().filter(|one| one.is_disagreement()).count();
    let unclear = checked.differences.iter().filter(|one| !one.certain && one.kind != Kind::Later).count();
    let stopped = if checked.stopped { ", stopped" } else { "" };
    match (disagreements, unclear) {
        (0, 0) => format!("{counts}: agrees{stopped}"),
        (0, unclear) => format!("{counts}: {unclear} unclear{stopped}"),
        (disagreements, _) => format!("{counts}: {disagreements} disagree{stopped}"),
    }
}
