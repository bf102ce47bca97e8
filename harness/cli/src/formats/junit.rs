//! JUnit's XML: a suite for each test that was swept, and in it a case for each call chain that was to be failed.
//!
//! A finding is a failure. What is expected, or was not met again, is skipped. A test that could not be swept is an error. Of all others
//! the verdict stands in the case's name.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use crate::contents::cause::{asked, asked_by};
use crate::contents::gather::Contents;
use crate::contents::summary::not_swept;
use crate::expectations::apply::Standing;
use crate::formats::text::shown;
use crate::outputs::line::{Asking, place};
use crate::results::outcome::Outcome;
use crate::results::swept::Swept;
use crate::test_id::TestId;

use firsthit::Verdict;

/// The document.
///
/// # Errors
/// Never: it is written into memory, and what XML forbids is left out.
pub(crate) fn text(contents: &Contents) -> Result<String, SerializeError> {
    let mut suites: BTreeMap<&TestId, TestSuite> = BTreeMap::new();
    for swept in &contents.tests {
        let mut suite = TestSuite::new(shown(&swept.test.to_string()));
        suite.set_time(Duration::from_nanos(swept.nanos));
        suite.add_test_cases(could_not_be_swept(swept));
        suites.insert(&swept.test, suite);
    }
    for (outcome, standing) in contents.judged() {
        let suite = suites.entry(&outcome.test);
        suite
            .or_insert_with(|| TestSuite::new(shown(&outcome.test.to_string())))
            .add_test_case(case(outcome, standing));
    }
    let mut report = Report::new("firsthit");
    report.add_test_suites(suites.into_values());
    report.to_string().map(|text| without_skipped_in_all(&text))
}

/// Without the one attribute that the schema of Jenkins does not know: of all suites together, how many cases are skipped. Each suite
/// says it of its own.
fn without_skipped_in_all(text: &str) -> String {
    let begin = text.find("<testsuites ");
    let end = begin.and_then(|begin| text[begin..].find('>').map(|end| begin + end));
    let (Some(begin), Some(end)) = (begin, end) else { return text.to_owned() };
    let kept: Vec<&str> = text[begin..end].split(' ').filter(|word| !word.starts_with("skipped=")).collect();
    format!("{}{}{}", &text[..begin], kept.join(" "), &text[end..])
}

fn case(outcome: &Outcome, standing: &Standing) -> TestCase {
    let place = place(asked_by(outcome));
    let name = format!("{}: {} at {} ({})", outcome.verdict, asked(outcome), place, outcome.id.short());
    let mut status = match standing {
        Standing::Finding(_) => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Standing::Expected(_) => TestCaseStatus::skipped(),
        Standing::Passed if outcome.verdict == Verdict::Unreached => TestCaseStatus::skipped(),
        Standing::Passed => TestCaseStatus::success(),
    };
    match standing {
        Standing::Finding(note) => {
            let facts = outcome.facts().iter().chain(note).map(|fact| shown_lines(fact)).collect::<Vec<_>>().join("\n");
            let replay = format!("cargo firsthit replay {}", outcome.id.short());
            status.set_type(outcome.verdict.as_str());
            status.set_message(shown(&format!("{} fails: {}", Asking(&outcome.request), outcome.verdict)));
            status.set_description(format!("{facts}\n{}\n{replay}", outcome.verdict.next_step()));
        }
        Standing::Expected(reason) => {
            status.set_type(outcome.verdict.as_str()).set_message(shown(&format!("expected: {reason}")));
        }
        Standing::Passed if outcome.verdict == Verdict::Unreached => {
            status.set_type(outcome.verdict.as_str()).set_message("planned, and not met again");
        }
        Standing::Passed => {}
    }
    let mut case = TestCase::new(shown(&name), status);
    case.set_classname(shown(&outcome.test.to_string()));
    case
}

/// Several lines, each without control characters.
fn shown_lines(text: &str) -> String {
    text.lines().map(shown).collect::<Vec<_>>().join("\n")
}

fn could_not_be_swept(swept: &Swept) -> Option<TestCase> {
    let why = not_swept(swept)?;
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("not-swept").set_message(shown(&why));
    let mut case = TestCase::new("sweep", status);
    case.set_classname(shown(&swept.test.to_string()));
    Some(case)
}
