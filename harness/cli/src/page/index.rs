//! The page as it is without its script: summary, findings, lines that abort, tests.

use std::collections::BTreeMap;
use std::fmt::Write;

use askama::Template;
use firsthit::Verdict;

use super::clean;
use super::columns;
use super::report::{self, Data};
use super::share::{Part, grouped, parts};
use super::subject::{State, Subject};
use crate::chains::frame::Owner;
use crate::contents::arms;
use crate::contents::cause as contents;
use crate::contents::gather::Contents;
use crate::contents::previous::Previous;
use crate::contents::summary::{self, Summary};
use crate::expectations::apply::Standing;
use crate::expectations::date::Date;
use crate::outputs::line::place;
use crate::results::outcome::Outcome;
use crate::results::swept::Swept;
use crate::telling::shown::Shown;

/// As many rows of a list are in the page without its script.
const ROWS: usize = 300;
/// And as many notices, of which the tests' own list has more to say.
const NOTICES: usize = 6;
/// A finding's text is cut behind so many characters.
const TEXT: usize = 12_000;

/// The template's values: every text in them is escaped where it is put.
#[derive(Template)]
#[template(path = "index.html")]
struct Index {
    tool: &'static str,
    title: String,
    headline: String,
    lead: String,
    /// What of the result is not there, and which expectations are out of date.
    notices: Vec<String>,
    notices_more: usize,
    verdicts: Vec<Part>,
    trend: Option<Trend>,
    coverage: Option<Coverage>,
    not_swept: Vec<NotSwept>,
    not_swept_more: usize,
    facts: Vec<(&'static str, String)>,
    causes: Vec<Cause>,
    causes_more: usize,
    aborting: Vec<Aborting>,
    aborting_more: usize,
    tests: Vec<Test>,
    tests_more: usize,
    findings_count: String,
    chains_count: String,
    aborting_count: String,
    tests_count: String,
}

struct Trend {
    new: usize,
    same: usize,
    gone: usize,
    not_looked_for: usize,
    against: String,
    gone_lines: Vec<Gone>,
}

struct Gone {
    word: &'static str,
    what: String,
}

struct Coverage {
    percent: usize,
    sentence: String,
    parts: Vec<Part>,
    sites: String,
}

struct NotSwept {
    name: String,
    why: String,
}

struct Cause {
    word: &'static str,
    fingerprint: String,
    title: String,
    about: String,
    text: String,
}

struct Aborting {
    place: String,
    link: String,
    function: String,
    chains: usize,
    chains_link: String,
}

struct Test {
    name: String,
    link: String,
    ended: &'static str,
    notes: Vec<String>,
    failed: String,
    known: String,
    allocations: String,
}

/// The page, of a subject and its data.
///
/// # Errors
/// The template cannot be filled: a bug of ours.
pub(crate) fn html(subject: &Subject<'_>, data: &Data) -> Result<String, askama::Error> {
    let outcomes = subject.outcomes();
    let contents = subject.contents;
    let Contents { tests, summary, .. } = contents;
    let causes: Vec<&contents::Cause> = contents.findings().collect();
    let aborting = aborting(&outcomes, data);
    let not_swept: Vec<NotSwept> = tests.iter().filter_map(not_swept).collect();
    let (headline, lead) = headline(summary, causes.len(), outcomes.len());
    let index = Index {
        tool: env!("CARGO_PKG_VERSION"),
        title: clean::line(&subject.title),
        headline,
        lead,
        notices: contents
            .missing
            .iter()
            .chain(&contents.out_of_date)
            .map(|what| clean::line(what))
            .take(NOTICES)
            .collect(),
        notices_more: (contents.missing.len() + contents.out_of_date.len()).saturating_sub(NOTICES),
        verdicts: verdicts(&contents.verdicts()),
        trend: trend(subject),
        coverage: coverage(subject),
        not_swept_more: not_swept.len().saturating_sub(20),
        not_swept: not_swept.into_iter().take(20).collect(),
        facts: facts(subject),
        causes_more: causes.len().saturating_sub(ROWS),
        causes: causes.iter().take(ROWS).filter_map(|cause| told(cause, subject)).collect(),
        findings_count: grouped(causes.len() as u64),
        chains_count: grouped(outcomes.len() as u64),
        aborting_count: grouped(aborting.len() as u64),
        aborting_more: aborting.len().saturating_sub(ROWS),
        aborting: aborting.into_iter().take(ROWS).collect(),
        tests_count: grouped(tests.len() as u64),
        tests_more: tests.len().saturating_sub(2 * ROWS),
        tests: tests.iter().take(2 * ROWS).map(test).collect(),
    };
    index.render()
}

fn several(count: usize, one: &str, more: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {more}", grouped(count as u64)) }
}

/// What there is to be said first, and what was done for it.
fn headline(summary: &Summary, causes: usize, chains: usize) -> (String, String) {
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
fn verdicts(counts: &BTreeMap<Verdict, usize>) -> Vec<Part> {
    let count = |verdict: &Verdict| counts.get(verdict).copied().unwrap_or(0);
    parts(Verdict::ALL.iter().map(|verdict| (verdict.as_str(), verdict.next_step(), count(verdict))))
}

fn trend(subject: &Subject<'_>) -> Option<Trend> {
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
        gone_lines: gone.take(ROWS).collect(),
    })
}

/// What asked for memory, where, of a cause whose chains are not there any more.
fn named(cause: &contents::Cause) -> String {
    let by = cause.by.as_ref();
    let function = by.map(|by| format!(" in {}", by.function)).unwrap_or_default();
    format!("{}{function}  {}", cause.asked, place(by))
}

/// To the minute, of microseconds since 1970.
fn moment(at: u64) -> String {
    let minutes = at / 60_000_000 % 1440;
    format!("{} {:02}:{:02} UTC", Date::at(at), minutes / 60, minutes % 60)
}

fn coverage(subject: &Subject<'_>) -> Option<Coverage> {
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

fn not_swept(test: &Swept) -> Option<NotSwept> {
    let why = summary::not_swept(test)?;
    let name = clean::line(&test.test.to_string());
    let why = why.strip_prefix(&name).map_or(why.as_str(), str::trim_start).to_owned();
    Some(NotSwept { name, why: clean::cut(&why, 2_000) })
}

/// What was run, with what, and when.
fn facts(subject: &Subject<'_>) -> Vec<(&'static str, String)> {
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

fn told(cause: &contents::Cause, subject: &Subject<'_>) -> Option<Cause> {
    let first = subject.contents.shows(cause)?;
    let mut text = Shown(&without_std(first)).to_string();
    if let Some(note) = &cause.note {
        let _ = writeln!(text, "  {note}");
    }
    let _ = write!(text, "  {} See it again: cargo firsthit replay {}", first.verdict.next_step(), first.id.short());
    let said = columns::said(first).unwrap_or_default();
    let about =
        [place(cause.by.as_ref()), said, first.test.to_string(), several(cause.chains.len(), "chain", "chains")]
            .into_iter();
    Some(Cause {
        word: first.verdict.as_str(),
        fingerprint: cause.fingerprint.to_string(),
        title: clean::cut(&columns::title(first), 300),
        about: about
            .filter(|part| !part.is_empty())
            .map(|part| clean::cut(&clean::line(&part), 120))
            .collect::<Vec<_>>()
            .join("  ·  "),
        text: clean::cut(&clean::lines(&text), TEXT),
    })
}

/// The outcome with the frames that somebody here can change, or at least knows.
fn without_std(outcome: &Outcome) -> Outcome {
    let mut outcome = outcome.clone();
    let leaks = outcome.leaks.iter_mut().map(|leak| &mut leak.chain);
    for chain in [&mut outcome.chain, &mut outcome.spawned_by, &mut outcome.stood].into_iter().chain(leaks) {
        chain.retain(|frame| frame.owner != Owner::Std);
    }
    outcome
}

/// Where memory was asked for by chains that abort, whoever expects them; the lines of most chains first.
fn aborting(outcomes: &[&Outcome], data: &Data) -> Vec<Aborting> {
    let summary = Summary::of(outcomes, &vec![Standing::Passed; outcomes.len()], &[]);
    let row = |line: &summary::Aborting| {
        let (file, number) = line.place.rsplit_once(':').unwrap_or((&line.place, ""));
        let known = data.files.get(camino::Utf8Path::new(file));
        Aborting {
            link: known
                .map_or_else(|| "#/chains?verdict=aborted".to_owned(), |file| format!("#/source/{file}?line={number}")),
            chains_link: format!("#/chains?verdict=aborted&file={}", percent_encoding(&line.place)),
            place: clean::cut(&clean::line(&line.place), 300),
            function: clean::cut(&clean::line(&line.function), 300),
            chains: line.chains,
        }
    };
    summary.aborting.iter().map(row).collect()
}

/// A text as a part of an address.
fn percent_encoding(text: &str) -> String {
    let mut safe = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b':') {
            safe.push(char::from(byte));
        } else {
            let _ = write!(safe, "%{byte:02X}");
        }
    }
    safe
}

fn test(swept: &Swept) -> Test {
    let name = clean::line(&swept.test.to_string());
    Test {
        link: format!("#/chains?test={}", percent_encoding(&name)),
        name: clean::cut(&name, 300),
        ended: report::word(&swept.ended),
        notes: swept.notes.iter().take(5).map(|note| clean::cut(&clean::line(note), 300)).collect(),
        failed: grouped(swept.chains.planned.into()),
        known: grouped(swept.chains.known.into()),
        allocations: grouped(swept.allocations),
    }
}
