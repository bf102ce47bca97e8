//! What a page begins with: its headline, how many chains came to what, trend, coverage, and what was run.

use std::collections::BTreeMap;

use firsthit::Verdict;

use super::clean;
use super::share::{Part, parts};
use super::subject::{State, Subject};
use crate::contents::arms;
use crate::contents::cause::Cause;
use crate::contents::gather::Contents;
use crate::contents::previous::Previous;
use crate::contents::summary::{self, Summary};
use crate::in_words::{grouped, moment, noun};
use crate::outputs::line::place;
use crate::results::swept::Swept;

pub(super) struct Trend {
    pub(super) new: usize,
    pub(super) same: usize,
    pub(super) gone: usize,
    pub(super) not_looked_for: usize,
    pub(super) against: String,
    pub(super) gone_lines: Vec<Gone>,
}

pub(super) struct Gone {
    pub(super) word: &'static str,
    pub(super) what: String,
}

pub(super) struct Coverage {
    pub(super) percent: usize,
    pub(super) sentence: String,
    pub(super) parts: Vec<Part>,
    pub(super) sites: String,
}

pub(super) struct NotSwept {
    pub(super) name: String,
    pub(super) why: String,
}

fn several(count: usize, one: &str, more: &str) -> String {
    format!("{} {}", grouped(count as u64), noun(count, one, more))
}

/// What there is to be said first, and what was done for it.
pub(super) fn headline(summary: &Summary, causes: usize, chains: usize) -> (String, String) {
    let unreached = summary.verdicts.get(&Verdict::Unreached).copied().unwrap_or(0);
    let headline = match (causes, chains) {
        (_, 0) => "No chain was failed".to_owned(),
        (0, _) => "Nothing was found".to_owned(),
        (causes, _) if causes == summary.findings => several(causes, "finding", "findings"),
        (causes, _) => {
            format!("{}, {}", several(summary.findings, "finding", "findings"), several(causes, "cause", "causes"))
        }
    };
    let lead = format!(
        "{} of {} failed once each.",
        several(chains - unreached.min(chains), "call chain", "call chains"),
        several(summary.swept, "test", "tests")
    );
    (headline, lead)
}

/// The good ones first, as a bar is read.
pub(super) fn verdicts(counts: &BTreeMap<Verdict, usize>) -> Vec<Part> {
    let count = |verdict: &Verdict| counts.get(verdict).copied().unwrap_or(0);
    parts(Verdict::ALL.iter().map(|verdict| (verdict.as_str(), verdict.next_step(), count(verdict))))
}

pub(super) fn trend(subject: &Subject<'_>) -> Option<Trend> {
    let Previous { trend, causes, begun, .. } = subject.contents.previous.as_ref()?;
    let gone = causes.iter().filter(|cause| trend.gone.contains(&cause.fingerprint));
    let gone =
        gone.map(|cause| Gone { word: cause.verdict.as_str(), what: clean::cut(&clean::line(&named(cause)), 300) });
    Some(Trend {
        new: trend.new.len(),
        same: trend.same.len(),
        gone: trend.gone.len(),
        not_looked_for: trend.not_looked_for.len(),
        against: format!("Findings, held against the run of {}.", moment(*begun)),
        gone_lines: gone.take(super::ROWS).collect(),
    })
}

/// What asked for memory, where, of a cause whose chains are not there any more.
fn named(cause: &Cause) -> String {
    let by = cause.by.as_ref();
    let function = by.map(|by| format!(" in {}", by.function)).unwrap_or_default();
    format!("{}{function}  {}", cause.asked, place(by))
}

pub(super) fn coverage(subject: &Subject<'_>) -> Option<Coverage> {
    let known = subject.contents.arms.as_ref()?;
    let count = |state: State| known.arms().filter(|point| State::of(point) == state).count();
    let (tested, wanted) = (known.tested(), known.wanted());
    let sites: Vec<_> = known.points.iter().filter(|point| point.is_site).collect();
    let failed = sites.iter().filter(|site| arms::injections(site) > 0).count();
    Some(Coverage {
        percent: (tested * 100).checked_div(wanted).unwrap_or(100),
        sentence: format!("{tested} of {} tested", several(wanted, "recovery arm", "recovery arms")),
        parts: parts(State::ALL.map(|state| (state.class(), state.words(), count(state)))),
        sites: format!("{}, {failed} with a failure injected", several(sites.len(), "site", "sites")),
    })
}

pub(super) fn not_swept(test: &Swept) -> Option<NotSwept> {
    let why = summary::not_swept(test)?;
    let name = clean::line(&test.test.to_string());
    let why = why.strip_prefix(&name).map_or(why.as_str(), str::trim_start).to_owned();
    Some(NotSwept { name, why: clean::cut(&why, 2_000) })
}

/// What was run, with what, and when.
pub(super) fn facts(subject: &Subject<'_>) -> Vec<(&'static str, String)> {
    let Contents { tests, summary, result, .. } = subject.contents;
    let plan = &result.plan;
    let mut facts = vec![
        ("Begun", moment(plan.begun)),
        ("Tests", format!("{} swept of {}", summary.swept, tests.len())),
        ("Allocations of one run of each", grouped(tests.iter().map(|test| test.allocations).sum::<u64>())),
        ("cargo-firsthit", clean::line(&plan.tool)),
    ];
    if let Some(origin) = &plan.origin {
        let words = origin
            .program
            .iter()
            .map(ToString::to_string)
            .chain(origin.options.clone())
            .chain(origin.arguments.clone());
        let words = words.collect::<Vec<_>>().join(" ");
        if !words.is_empty() {
            facts.push(("Options", clean::cut(&clean::line(&words), 2_000)));
        }
    }
    if plan.shards > 1 {
        facts.push(("Shards", format!("{} of {}", plan.runs.len(), plan.shards)));
    }
    facts.extend(summary.second_failures.map(|second| ("Depth 2", second.to_string())));
    let left = [
        ("Known from earlier sweeps", summary.left_out.seen_before),
        ("Left to other shards", summary.left_out.other_shards),
        ("Not touched by the changes", summary.left_out.not_asked_for),
    ];
    facts.extend(
        left.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name, format!("{count} chains"))),
    );
    facts
}
