//! The check told: a block for each difference, and what all came to.

use std::fmt::Write;

use crate::chains::frame::{Frame, Owner};
use crate::outputs::line::{Asking, one_line, place};
use crate::verify::checked::{Checked, Told};
use crate::verify::compared::{Hit, Kind};

/// How many runs of one chain are told one by one.
const HITS_MAX: usize = 4;

/// What all tests came to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, serde::Serialize)]
pub(crate) struct Totals {
    /// Tests with both sides compared, and tests without.
    pub(crate) tests: usize,
    pub(crate) not_compared: usize,
    /// Tests whose runs differ by themselves.
    pub(crate) varying: usize,
    /// Tests of which only a part of the requests was failed.
    pub(crate) shares: usize,
    pub(crate) runs: u64,
    /// Requests of the runners' own threads, of which none was failed.
    pub(crate) requests_of_runner: u64,
    pub(crate) runs_out_of_scope: u64,
    pub(crate) runs_without_chain: u64,
    pub(crate) chains: usize,
    pub(crate) alike: usize,
    pub(crate) unreached: usize,
    pub(crate) missed: usize,
    pub(crate) invented: usize,
    pub(crate) otherwise: usize,
    /// Differences that were not the same when both sides were asked again, or in tests that vary.
    pub(crate) unclear: usize,
    /// Chains that end otherwise at a later hit.
    pub(crate) later: usize,
}

impl Totals {
    pub(crate) fn of(all: &[Checked]) -> Totals {
        let mut totals = Totals::default();
        for one in all {
            if one.not_compared.is_some() {
                totals.not_compared += 1;
                continue;
            }
            totals.tests += 1;
            totals.varying += usize::from(one.varies.is_some());
            totals.shares += usize::from(one.share);
            totals.runs += one.runs;
            totals.requests_of_runner += one.requests_of_runner;
            totals.runs_out_of_scope += one.runs_out_of_scope;
            totals.runs_without_chain += one.runs_without_chain;
            totals.chains += one.chains;
            totals.alike += one.alike;
            totals.unreached += one.unreached;
            totals.missed += one.count(Kind::Missed, true);
            totals.invented += one.count(Kind::Invented, true);
            totals.otherwise += one.count(Kind::Otherwise, true);
            totals.later += one.count(Kind::Later, true);
            totals.unclear += one.differences.iter().filter(|one| !one.certain).count();
        }
        totals
    }

    /// Chains of which the two sides contradict each other.
    pub(crate) fn disagreements(&self) -> usize {
        self.missed + self.invented + self.otherwise
    }
}

/// All for people; differences at later hits are counted, and told where `later` says so.
pub(crate) fn text(all: &[Checked], later: bool) -> String {
    let mut text = String::new();
    for one in all {
        if let Some(why) = &one.not_compared {
            let _ = writeln!(text, "not compared: {}\n  {}\n", one_line(&one.test.to_string()), why.trim());
        }
        for difference in one.differences.iter().filter(|difference| later || difference.kind != Kind::Later) {
            told(&mut text, one, difference);
        }
    }
    text + &summary(all)
}

fn told(text: &mut String, of: &Checked, told: &Told) {
    let test = one_line(&of.test.to_string());
    let what = match told.kind {
        Kind::Missed => "missed",
        Kind::Invented => "invented",
        Kind::Otherwise => "ends otherwise",
        Kind::Later => "ends otherwise at a later hit",
    };
    let unclear = if told.certain { "" } else { ", which may be chance" };
    let _ = writeln!(text, "{what}{unclear}: {test}");
    if let Some(request) = &told.request {
        let _ = writeln!(text, "  {} fails", Asking(request));
    }
    let outermost = told.chain.iter().rposition(|frame| frame.owner == Owner::Workspace);
    let own = told.chain.iter().take(outermost.map_or(0, |place| place + 1));
    for (number, frame) in own.filter(|frame| frame.owner != Owner::Std).enumerate() {
        let _ = writeln!(text, "{}", line(if number == 0 { "at" } else { "by" }, frame));
    }
    let swept = told.swept.map_or_else(|| "does not know this chain".to_owned(), |end| format!("says {end}"));
    let _ = writeln!(text, "  the sweep {swept}");
    let shown: Vec<_> = told.hits.iter().take(HITS_MAX).map(hit).collect();
    match told.hits.len() {
        0 => text.push_str("  no request of any run failed on it\n"),
        count if count > HITS_MAX => {
            let _ = writeln!(text, "  {}, and {} more", shown.join("; "), count - HITS_MAX);
        }
        _ => {
            let _ = writeln!(text, "  {}", shown.join("; "));
        }
    }
    if let Some(hit) = told.hits.first() {
        let name = if of.test.name.is_empty() { &of.test.binary } else { &of.test.name };
        let (name, number) = (one_line(name), hit.request.0);
        let _ = writeln!(text, "  again: cargo firsthit verify --exact {name} --request={number}");
    }
    text.push('\n');
}

fn hit(hit: &Hit) -> String {
    format!("{} ended: {}", hit.request, hit.end)
}

fn line(word: &str, frame: &Frame) -> String {
    let place = if frame.file.is_some() { place(Some(frame)) } else { String::new() };
    format!("    {word} {}  {}", one_line(&frame.function), one_line(&place)).trim_end().to_owned()
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn summary(all: &[Checked]) -> String {
    let totals = Totals::of(all);
    let Totals { tests, runs, chains, alike, missed, invented, otherwise, later, unclear, .. } = totals;
    let mut text = format!(
        "{chains} chain{} of {tests} test{}, checked by {runs} runs that failed one request each: {alike} alike, {missed} missed, \
         {invented} invented, {otherwise} end otherwise\n",
        plural(chains),
        plural(tests),
    );
    let mut note = |line: String| text.push_str(&(line + "\n"));
    if unclear > 0 {
        note(format!(
            "{unclear} difference{} may be chance: not the same again, or in a test that varies",
            plural(unclear)
        ));
    }
    if later > 0 {
        let ends = if later == 1 { "chain ends" } else { "chains end" };
        note(format!("{later} {ends} otherwise at a later hit, which no sweep fails (--later tells them)"));
    }
    if totals.unreached > 0 {
        note(format!("{} chain{} met again by neither side", totals.unreached, plural(totals.unreached)));
    }
    if totals.runs_out_of_scope > 0 {
        note(format!(
            "{} of the runs failed what no sweep fails: the tests' own requests and the runner's",
            totals.runs_out_of_scope
        ));
    }
    if totals.requests_of_runner > 0 {
        note(format!(
            "{} requests of the runner's own thread were not failed (--runner fails them)",
            totals.requests_of_runner
        ));
    }
    if totals.runs_without_chain > 0 {
        note(format!("{} of the runs failed a request whose chain could not be found", totals.runs_without_chain));
    }
    for one in all.iter().filter(|one| one.share) {
        let share = one.runs as f64 * 100.0 / one.requests.max(1) as f64;
        let (test, runs, requests) = (one_line(&one.test.to_string()), one.runs, one.requests);
        note(format!("a part of {test}: {runs} of {requests} requests ({share:.1} %), every chain's first among them"));
    }
    for (one, why) in all.iter().filter_map(|one| Some((one, one.varies.as_ref()?))) {
        note(format!("compared as sets: {}: {why}", one_line(&one.test.to_string())));
    }
    if totals.not_compared > 0 {
        note(format!("{} test{} not compared", totals.not_compared, plural(totals.not_compared)));
    }
    text
}

#[cfg(test)]
mod tests {
    use firsthit::Verdict;
    use firsthit::program::facts::Ending;

    use super::*;
    use crate::results::sample::frame;
    use crate::test_id::TestId;
    use crate::verify::end::{End, ProcessEnd};
    use crate::verify::numbers::Nth;

    fn checked(differences: Vec<Told>) -> Checked {
        let test = TestId { binary: "demo".to_owned(), name: "tests::grows".to_owned() };
        let counts = Checked {
            not_compared: None,
            requests: 30,
            runs: 30,
            chains: 4,
            alike: 3,
            ..Checked::not(&test, String::new())
        };
        Checked { differences, ..counts }
    }

    fn difference(kind: Kind, certain: bool) -> Told {
        let end = |verdict, ending| End { verdict, process: Some(ProcessEnd::new(ending)) };
        Told {
            kind,
            certain,
            request: None,
            chain: vec![frame("demo::grow", "src/lib.rs", 7, Owner::Workspace)],
            swept: Some(end(Verdict::Recovered, Ending::Exited(101))),
            hits: vec![Hit { request: Nth(12), end: end(Verdict::Aborted, Ending::Killed(6)) }],
        }
    }

    #[test]
    fn a_difference_says_what_both_sides_say_and_how_to_see_it_again() {
        let told = text(&[checked(vec![difference(Kind::Otherwise, true)])], false);
        for part in [
            "ends otherwise: demo tests::grows\n",
            "demo::grow",
            "the sweep says recovered (status 101)\n",
            "request 12 ended: aborted (signal 6 (SIGABRT))\n",
            "again: cargo firsthit verify --exact tests::grows --request=12\n",
            "4 chains of 1 test, checked by 30 runs that failed one request each: 3 alike, 0 missed, 0 invented, 1 end otherwise\n",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }

    #[test]
    fn what_may_be_chance_and_later_hits_are_no_disagreement() {
        let all = [checked(vec![difference(Kind::Missed, false), difference(Kind::Later, true)])];
        assert_eq!((Totals::of(&all).disagreements(), Totals::of(&all).unclear, Totals::of(&all).later), (0, 1, 1));
        let told = text(&all, false);
        assert!(told.contains("missed, which may be chance: demo") && !told.contains("at a later hit: demo"), "{told}");
        assert!(text(&all, true).contains("ends otherwise at a later hit: demo"));
    }

    #[test]
    fn a_share_a_test_that_varies_and_one_that_was_not_compared_are_told() {
        let share = Checked { share: true, requests: 3000, varies: Some("threads".to_owned()), ..checked(Vec::new()) };
        let not = Checked::not(&share.test, "it fails".to_owned());
        let told = text(&[share, not], false);
        assert!(told.contains("30 of 3000 requests (1.0 %), every chain's first among them\n"), "{told}");
        assert!(
            told.contains("compared as sets: demo tests::grows: threads\n") && told.contains("1 test not compared")
        );
    }
}
