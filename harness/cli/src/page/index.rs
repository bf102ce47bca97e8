//! The page as it is without its script: summary, findings, lines that abort, tests.

use askama::Template;

use super::overview::{self, Coverage, NotSwept, Trend};
use super::report::Data;
use super::rows::{self, Aborting, Cause, Test};
use super::share::Part;
use super::subject::Subject;
use super::{ROWS, clean};
use crate::contents::cause as contents;
use crate::contents::gather::Contents;
use crate::in_words::grouped;

/// As many notices are in the page without its script; the tests' own list has more to say.
const NOTICES: usize = 6;

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

/// The page, of a subject and its data.
///
/// # Errors
/// The template cannot be filled: a bug of ours.
pub(crate) fn html(subject: &Subject<'_>, data: &Data) -> Result<String, askama::Error> {
    let outcomes = subject.outcomes();
    let contents = subject.contents;
    let Contents { tests, summary, .. } = contents;
    let causes: Vec<&contents::Cause> = contents.findings().collect();
    let aborting = rows::aborting(&outcomes, data);
    let not_swept: Vec<NotSwept> = tests.iter().filter_map(overview::not_swept).collect();
    let (headline, lead) = overview::headline(summary, causes.len(), outcomes.len());
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
        verdicts: overview::verdicts(&contents.verdicts()),
        trend: overview::trend(subject),
        coverage: overview::coverage(subject),
        not_swept_more: not_swept.len().saturating_sub(20),
        not_swept: not_swept.into_iter().take(20).collect(),
        facts: overview::facts(subject),
        causes_more: causes.len().saturating_sub(ROWS),
        causes: causes.iter().take(ROWS).filter_map(|cause| rows::told(cause, subject)).collect(),
        findings_count: grouped(causes.len() as u64),
        chains_count: grouped(outcomes.len() as u64),
        aborting_count: grouped(aborting.len() as u64),
        aborting_more: aborting.len().saturating_sub(ROWS),
        aborting: aborting.into_iter().take(ROWS).collect(),
        tests_count: grouped(tests.len() as u64),
        tests_more: tests.len().saturating_sub(2 * ROWS),
        tests: tests.iter().take(2 * ROWS).map(rows::test).collect(),
    };
    index.render()
}
