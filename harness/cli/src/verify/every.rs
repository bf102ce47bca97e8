//! The side that checks: the requests of a test failed one by one, each in a fresh process, and what came of each chain's.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::atomic::Ordering::Relaxed;

use firsthit::program::by_number::{ByNumber, Numbered};
use firsthit::program::followed::Asked;

use crate::chains::judge::{Case, judge};
use crate::chains::named::{Named, named};
use crate::chains::test_code::TestCode;
use crate::running::located::{Located, whole};
use crate::running::subject::Subject;
use crate::running::sweep::Common;
use crate::verify::compared::{Hit, Key};
use crate::verify::end::{End, ProcessEnd};
use crate::verify::numbers::{Lane, Nth, Numbers};

/// How many runs are written down in one record: there is room for three times as many.
const RUNS_MAX: usize = 10_000;

/// What failing requests one by one shows of a test.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// The most requests that a run without a failure made: of threads but the first, and of the first.
    pub(crate) requests: [u64; 2],
    /// How many runs failed one.
    pub(crate) runs: u64,
    /// Of these, how many failed one that no sweep fails: the test's own, the runner's.
    pub(crate) left_out: u64,
    /// Of these, how many failed one whose chain could not be found.
    pub(crate) unwalked: u64,
    /// Whether a part of the requests was not failed.
    pub(crate) is_share: bool,
    /// Why the numbers of requests mean another request in each run, if they do.
    pub(crate) varies: Option<String>,
    pub(crate) hits: HashMap<Key, Vec<Hit>>,
    pub(crate) named: HashMap<Key, Named>,
    /// The number of each chain's first request.
    pub(crate) firsts: Vec<Nth>,
}

/// What is failed, and how.
pub(crate) struct Every<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) common: &'a Common<'a>,
    /// How many runs may be under way.
    pub(crate) workers: &'a dyn Fn() -> usize,
    /// Called when it is known how many runs there will be, with their number, and for each that has ended, with 0.
    pub(crate) tick: &'a dyn Fn(u64),
}

/// Which requests are failed.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// All of a lane, or an even share where there are more than this.
    UpTo { limit: u64, first_thread: bool },
    /// These.
    These(Vec<Nth>),
}

impl Every<'_> {
    /// Fails the wanted requests of the test.
    ///
    /// # Errors
    /// Says why it cannot be run.
    pub(crate) fn run(&self, wanted: &Wanted) -> Result<Shown, String> {
        let mut shown = Shown::default();
        match wanted {
            Wanted::These(these) => self.chunk(&mut these.iter().copied(), &mut shown, &Cell::new(false)).map(drop)?,
            Wanted::UpTo { limit, first_thread } => {
                // A record that nothing fails in: how many requests there are.
                self.chunk(&mut std::iter::empty(), &mut shown, &Cell::new(false))?;
                let lanes = [Lane::Others, Lane::First].into_iter().zip(shown.requests);
                let lanes = lanes.take(if *first_thread { 2 } else { 1 });
                let numbers: Vec<_> =
                    lanes.map(|(lane, most)| Numbers::of(lane, most, &shown.firsts, *limit)).collect();
                shown.is_share = numbers.iter().any(|numbers| matches!(numbers, Numbers::Some(..)));
                (self.tick)(numbers.iter().map(Numbers::count).sum());
                for numbers in numbers {
                    let past = Cell::new(false);
                    let is_past = || past.get();
                    let mut numbers = numbers.iter(&is_past);
                    while self.chunk(&mut numbers, &mut shown, &past)? == RUNS_MAX {}
                }
            }
        }
        for hits in shown.hits.values_mut() {
            // Those of other threads first: the test's.
            hits.sort_by_key(|hit| (hit.request.0 < 0, hit.request.0.unsigned_abs()));
        }
        Ok(shown)
    }

    /// Runs without a failure, and then up to [`RUNS_MAX`] with one; how many.
    fn chunk(
        &self,
        numbers: &mut dyn Iterator<Item = Nth>,
        shown: &mut Shown,
        past: &Cell<bool>,
    ) -> Result<usize, String> {
        let Every { subject, common, workers, tick } = self;
        let asked = Asked {
            limit: common.limit,
            workers: 1,
            frame_pointers: subject.frame_pointers,
            chains_max: 1 << 16,
            depth: 1,
        };
        let memory = |error| format!("memory for the record of the runs was refused: {error}");
        let by_number = ByNumber::begin(&asked).map_err(memory)?;
        let command = |variable: &str, orders: String| subject.command(common.library, (variable, orders));
        by_number.record(&command).map_err(|trouble| trouble.to_string())?;
        note(subject, &by_number, shown);
        let mut side = Side {
            common,
            by_number: &by_number,
            located: Located::new(&common.symbols, common.library),
            code: match subject.must_succeed {
                true => TestCode::new(&subject.krate, &subject.test, common.test_code, common.packages),
                false => TestCode::none(),
            },
        };
        let begun = Cell::new(0);
        let mut some = std::iter::from_fn(|| {
            let more = begun.get() < RUNS_MAX && !common.stop.load(Relaxed);
            let number = more.then(|| numbers.next()).flatten()?;
            begun.set(begun.get() + 1);
            Some(number.0)
        });
        let mut hear = |run: Numbered| {
            tick(0);
            if run.failed.is_none() {
                past.set(true);
            } else {
                side.hear(&run, shown);
            }
        };
        by_number.run(&mut some, workers, &command, &mut hear).map_err(|trouble| trouble.to_string())?;
        Ok(begun.get())
    }
}

/// Takes note of what runs without a failure are like.
fn note(subject: &Subject, by_number: &ByNumber, shown: &mut Shown) {
    let (baseline, [first, others]) = (by_number.baseline(), by_number.requests());
    for (most, [_, counted]) in shown.requests.iter_mut().zip([others, first]) {
        *most = (*most).max(counted);
    }
    shown.firsts = by_number.firsts().into_iter().map(Nth).collect();
    // Of a test the first thread is the runner's, which is nobody's code under test.
    let is_test = !subject.test.name.is_empty();
    let threads = baseline.threads.saturating_sub(u32::from(is_test));
    let range = |[fewest, most]: [u64; 2]| {
        (fewest != most).then(|| format!("runs without a failure make {fewest} to {most} requests"))
    };
    let varies = range(others).or_else(|| if is_test { None } else { range(first) });
    let varies = varies.or_else(|| {
        let threads = (threads > 0).then(|| "it has threads of its own, which take turns by chance".to_owned());
        threads.or_else(|| (!baseline.settled).then(|| "runs without a failure go on to meet new chains".to_owned()))
    });
    shown.varies = shown.varies.take().or(varies);
}

/// What is needed to name and judge the runs of one record.
struct Side<'a> {
    common: &'a Common<'a>,
    by_number: &'a ByNumber,
    located: Located,
    code: TestCode,
}

impl Side<'_> {
    fn hear(&mut self, run: &Numbered, shown: &mut Shown) {
        let (symbols, located) = (&self.common.symbols, &mut self.located);
        let Some(failed) = &run.failed else { return };
        located.learn(symbols, &self.by_number.modules());
        shown.runs += 1;
        let key = located.key(&failed.chain.frames, &failed.spawners);
        if key.first().is_none_or(Vec::is_empty) {
            shown.unwalked += 1;
            return;
        }
        let named = shown.named.entry(key.clone()).or_insert_with(|| {
            let places = located.places(symbols, &[&failed.chain.frames]);
            named(&failed.chain, &places.concat(), &self.code)
        });
        if named.left_out.is_some() {
            shown.left_out += 1;
            return;
        }
        let evidence = &run.evidence;
        let places = located.places(symbols, &[&evidence.panicked_in, &evidence.stood_in]);
        let mut frames = places.iter().map(|places| whole(places));
        let (panicked_in, stood_in) = (frames.next().unwrap_or_default(), frames.next().unwrap_or_default());
        let usual_status = self.by_number.baseline().status;
        let case = Case { evidence, panicked_in: &panicked_in, stood_in: &stood_in, usual_status, code: &self.code };
        let end = End { verdict: judge(&case).verdict, process: Some(ProcessEnd::new(run.own_end)) };
        shown.hits.entry(key).or_default().push(Hit { request: Nth(run.number), end });
    }
}
