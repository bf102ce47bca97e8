//! The check of one test: swept, failed request by request, compared, and asked again where the two differ.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use firsthit::Verdict;

use crate::results::swept::Ended;
use crate::verify::checked::{Checked, Told};
use crate::verify::compared::{Comparison, Difference, Hit, Key, Kind, compare};
use crate::verify::every::{Every, Shown, Wanted};
use crate::verify::numbers::Nth;
use crate::verify::swept_side::{SweptSide, swept_side};

/// How often a request is failed again on which the two sides differ.
const AGAIN: usize = 2;

impl Every<'_> {
    /// Checks the test.
    pub(crate) fn check(&self, wanted: &Wanted) -> Checked {
        let begun = Instant::now();
        let checked = self.compared(wanted);
        Checked { seconds: begun.elapsed().as_secs_f64(), ..checked }
    }

    fn compared(&self, wanted: &Wanted) -> Checked {
        let test = &self.subject.test;
        let swept = self.sweep();
        if swept.swept.ended != Ended::Swept {
            let fails = matches!(swept.swept.ended, Ended::BaselineFails(_) | Ended::BaselineHangs(_));
            let stopped = swept.swept.ended == Ended::Stopped;
            return Checked { fails, stopped, ..Checked::not(test, why(&swept.swept.ended)) };
        }
        // Of a test the first thread is the runner's, unless the test's code is met there.
        let is_runners = !test.name.is_empty() && swept.ends.keys().all(|key| key.len() > 1);
        let wanted = match wanted {
            Wanted::UpTo { limit, first_thread } => {
                Wanted::UpTo { limit: *limit, first_thread: *first_thread || !is_runners }
            }
            Wanted::These(_) => wanted.clone(),
        };
        let mut shown = match self.run(&wanted) {
            Ok(shown) => shown,
            Err(why) => return Checked::not(test, why),
        };
        // One that the sweep knows and leaves out is no miss of its.
        shown.hits.retain(|key, _| swept.ends.contains_key(key) || !swept.known.contains(key));
        let stopped = self.common.stop.load(Relaxed);
        let all = matches!(wanted, Wanted::UpTo { .. }) && !stopped;
        let left = matches!(wanted, Wanted::UpTo { first_thread: false, .. });
        let [others, of_runner] = shown.requests;
        let Comparison { alike, differences } = compare(&swept.ends, &shown.hits, shown.varies.is_some(), all);
        let certain = if shown.varies.is_none() {
            self.asked_again(&differences, &swept, &shown, &wanted)
        } else {
            HashSet::new()
        };
        let unmet =
            swept.ends.iter().filter(|(key, end)| end.verdict == Verdict::Unreached && !shown.hits.contains_key(*key));
        let unreached = unmet.count();
        let differences = differences.into_iter().map(|one| {
            let outcome = swept.outcomes.get(&one.key);
            let named = shown.named.get(&one.key);
            let request = outcome.map(|outcome| &outcome.request).or(named.map(|named| &named.request));
            let chain = outcome.map(|outcome| &outcome.chain).or(named.map(|named| &named.frames));
            Told {
                kind: one.kind,
                certain: certain.contains(&one.key),
                request: request.cloned(),
                chain: chain.cloned().unwrap_or_default(),
                swept: one.swept,
                hits: one.hits,
            }
        });
        Checked {
            test: test.clone(),
            not_compared: None,
            fails: false,
            requests: if left { others } else { others + of_runner },
            requests_of_runner: if left { of_runner } else { 0 },
            runs: shown.runs,
            runs_out_of_scope: shown.left_out,
            runs_without_chain: shown.unwalked,
            share: shown.is_share,
            chains: swept.ends.len(),
            alike,
            unreached,
            differences: differences.collect(),
            varies: shown.varies,
            stopped,
            seconds: 0.0,
        }
    }

    fn sweep(&self) -> SweptSide {
        swept_side(self.subject, self.common, self.workers)
    }

    /// The chains of which both sides say the same when they are asked again.
    fn asked_again(
        &self,
        differences: &[Difference],
        swept: &SweptSide,
        shown: &Shown,
        wanted: &Wanted,
    ) -> HashSet<Key> {
        if differences.is_empty() || self.common.stop.load(Relaxed) {
            return HashSet::new();
        }
        let before: HashMap<Nth, (&Key, Hit)> =
            shown.hits.iter().flat_map(|(key, hits)| hits.iter().map(move |hit| (hit.request, (key, *hit)))).collect();
        let firsts = differences.iter().filter_map(|one| one.hits.first()).map(|hit| hit.request);
        let these = Wanted::These(firsts.flat_map(|number| [number; AGAIN]).collect());
        let Ok(again) = self.run(&these) else { return HashSet::new() };
        let swept_again = differences.iter().any(|one| one.kind != Kind::Later).then(|| self.sweep());
        let is_steady = differences.iter().all(|one| !one.hits.is_empty()) || self.is_steady(shown, wanted);
        let says_the_same = |one: &&Difference| {
            let key = &one.key;
            let sweep = swept_again.as_ref().is_none_or(|side| side.ends.get(key) == swept.ends.get(key));
            let Some(first) = one.hits.first() else {
                // What no request failed on is missing, and not just another chain's turn, where all requests fail on the same again.
                return sweep && is_steady;
            };
            let hits = again.hits.get(key).map(Vec::as_slice).unwrap_or_default();
            let is_same = |hit: &Hit| before.get(&hit.request).is_some_and(|(_, before)| before.end.is_like(hit.end));
            let of_first = hits.iter().filter(|hit| hit.request == first.request);
            sweep && of_first.clone().count() == AGAIN && of_first.clone().all(is_same)
        };
        differences.iter().filter(says_the_same).map(|one| one.key.clone()).collect()
    }

    /// Whether the requests fail on the same chains when all of them are failed again. In a test that takes random values they need
    /// not, though their number be the same.
    fn is_steady(&self, shown: &Shown, wanted: &Wanted) -> bool {
        let Ok(again) = self.run(wanted) else { return false };
        let as_often =
            |(key, hits): (&Key, &Vec<Hit>)| again.hits.get(key).is_some_and(|others| others.len() == hits.len());
        again.requests == shown.requests && shown.hits.iter().all(as_often)
    }
}

/// Why a test was not swept.
fn why(ended: &Ended) -> String {
    match ended {
        Ended::Swept => String::new(),
        Ended::Stopped => "stopped".to_owned(),
        Ended::BaselineFails(how) => format!("it fails without a failure: {how}"),
        Ended::BaselineHangs(how) => format!("it does not end without a failure: {how}"),
        Ended::Unstable(how) => format!("it differs from run to run: {how}"),
        Ended::NothingInjected(how) => format!("nothing was injected: {how}"),
        Ended::Refused(why) => why.clone(),
    }
}
