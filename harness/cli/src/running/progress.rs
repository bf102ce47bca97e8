//! What is seen while tests are swept: one line that changes on a terminal, a line a test elsewhere.

use std::collections::{BTreeMap, HashMap};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use firsthit::Verdict;
use indicatif::{ProgressBar, ProgressStyle};

use crate::print;
use crate::results::swept::{Ended, Swept};
use crate::running::crowd::News;
use crate::test_id::TestId;

/// The progress of a run.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    tests: usize,
    done: usize,
    verdicts: BTreeMap<Verdict, usize>,
    /// What is known of the tests that are being swept.
    open: HashMap<TestId, Open>,
    planned: usize,
    told: usize,
}

#[derive(Debug)]
struct Open {
    begun: Instant,
    planned: usize,
    verdicts: BTreeMap<Verdict, usize>,
}

impl Progress {
    /// Of a run with so many tests.
    pub(crate) fn new(tests: usize, quiet: bool) -> Progress {
        let shows = !quiet && std::io::stderr().is_terminal();
        let bar = shows.then(|| {
            let bar = ProgressBar::new(0);
            let style = ProgressStyle::with_template("{bar:24} {pos}/{len} chains  {msg}  {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let (verdicts, open) = (BTreeMap::new(), HashMap::new());
        Progress { bar, quiet, tests, done: 0, verdicts, open, planned: 0, told: 0 }
    }

    /// Takes note of what has happened.
    pub(crate) fn hear(&mut self, news: &News) {
        match news {
            News::Begun(test) => {
                let open = Open { begun: Instant::now(), planned: 0, verdicts: BTreeMap::new() };
                self.open.insert(test.clone(), open);
            }
            News::Planned(test, chains) => {
                if let Some(open) = self.open.get_mut(test) {
                    self.planned += chains.saturating_sub(open.planned);
                    open.planned = *chains;
                }
            }
            News::Outcome(outcome) => {
                self.told += 1;
                *self.verdicts.entry(outcome.verdict).or_default() += 1;
                if let Some(open) = self.open.get_mut(&outcome.test) {
                    *open.verdicts.entry(outcome.verdict).or_default() += 1;
                }
            }
            News::Done(swept) => self.end_of(swept),
            News::Pause => {}
        }
        if let Some(bar) = &self.bar {
            bar.set_length(self.planned as u64);
            bar.set_position(self.told as u64);
            let verdicts = counts(&self.verdicts);
            bar.set_message(format!("{}/{} tests  {verdicts}", self.done, self.tests));
        }
    }

    fn end_of(&mut self, swept: &Swept) {
        self.done += 1;
        let open = self.open.remove(&swept.test);
        if self.bar.is_some() || self.quiet {
            return;
        }
        let what = match &swept.ended {
            Ended::Swept => open.as_ref().map_or_else(String::new, |open| match open.planned {
                0 => "no chain to fail".to_owned(),
                1 => format!("1 chain: {}", counts(&open.verdicts)),
                chains => format!("{chains} chains: {}", counts(&open.verdicts)),
            }),
            Ended::Stopped => "stopped".to_owned(),
            Ended::BaselineFails(_) => "fails without a failure".to_owned(),
            Ended::BaselineHangs(_) => "does not end without a failure".to_owned(),
            Ended::Unstable(_) => "differs from run to run".to_owned(),
            Ended::NothingInjected(_) => "nothing injected".to_owned(),
            Ended::Refused(_) => "could not be swept".to_owned(),
        };
        let took = open.map_or(0.0, |open| open.begun.elapsed().as_secs_f64());
        print::to_stderr(&format!("[{}/{}] {}  {what}  ({took:.1} s)", self.done, self.tests, swept.test));
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn counts(verdicts: &BTreeMap<Verdict, usize>) -> String {
    let counts: Vec<_> = verdicts.iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    counts.join(", ")
}
