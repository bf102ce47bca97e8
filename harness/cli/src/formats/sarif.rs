//! SARIF 2.1.0 for code scanning: a result for each cause, with a fingerprint that stays when other code changes.
//!
//! Findings are errors, what ends badly and is no finding a note, what is expected a note that is suppressed. How many chains there are
//! of a cause is its `occurrenceCount`; how many of each verdict there are in all stands in the run's `properties`.

use std::collections::BTreeMap;

use firsthit::Verdict;
use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, Location, LogicalLocation, Message, MultiformatMessageString, PhysicalLocation, PropertyBag,
    Region, ReportingDescriptor, Result as SarifResult, ResultLevel, Run, Sarif, Stack, StackFrame, Suppression, Tool,
    ToolComponent,
};

use crate::chains::frame::Frame;
use crate::contents::cause::{Cause, Level};
use crate::contents::gather::Contents;
use crate::formats::text::{escaped, facts, replay, sentence, shown, where_of};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The name of our fingerprints, with the version of how they are made.
pub(crate) const FINGERPRINT: &str = "firsthitCause/v1";

/// The document.
///
/// # Errors
/// Never: it is written into memory.
pub(crate) fn text(contents: &Contents) -> serde_json::Result<String> {
    let driver = ToolComponent::builder()
        .name("firsthit")
        .version(contents.result.plan.tool.clone())
        .rules(Verdict::ALL.iter().map(rule).collect::<Vec<_>>())
        .build();
    let verdicts = contents.verdicts().into_iter().map(|(verdict, count)| (verdict.to_string(), json!(count)));
    let counts: BTreeMap<String, Value> = [
        ("verdicts".to_owned(), Value::Object(verdicts.collect())),
        ("findings".to_owned(), json!(contents.summary.findings)),
    ]
    .into_iter()
    .collect();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .results(contents.causes.iter().map(|cause| result(contents, cause)).collect::<Vec<_>>())
        .column_kind(json!("unicodeCodePoints"))
        .properties(PropertyBag::builder().additional_properties(counts).build())
        .build();
    let sarif = Sarif::builder().schema(SCHEMA).version(json!("2.1.0")).runs(vec![run]).build();
    serde_json::to_string_pretty(&sarif).map(|text| escaped(&text))
}

fn rule(verdict: &Verdict) -> ReportingDescriptor {
    let text = |text: &str| MultiformatMessageString::builder().text(text).build();
    ReportingDescriptor::builder()
        .id(verdict.as_str())
        .name(verdict.as_str())
        .short_description(text(&format!("A failed allocation is {verdict}")))
        .help(text(verdict.next_step()))
        .build()
}

fn result(contents: &Contents, cause: &Cause) -> SarifResult {
    let level = if cause.level == Level::Finding { ResultLevel::Error } else { ResultLevel::Note };
    let mut lines = vec![format!("{} at {}", sentence(cause), where_of(cause))];
    lines.extend(facts(contents, cause));
    lines.push(cause.verdict.next_step().to_owned());
    lines.extend(replay(cause));
    let mut result = SarifResult::builder()
        .rule_id(cause.verdict.as_str())
        .level(level)
        .message(message(&lines.join("\n")))
        .occurrence_count(i64::try_from(cause.chains.len()).unwrap_or(i64::MAX))
        .partial_fingerprints(BTreeMap::from([(FINGERPRINT.to_owned(), cause.fingerprint.to_string())]))
        .build();
    result.rule_index = Verdict::ALL.iter().position(|verdict| *verdict == cause.verdict).map(|at| at as i64);
    result.locations = cause.by.as_ref().map(|by| vec![location(by)]);
    if let Some(outcome) = contents.shows(cause) {
        let frames = outcome.chain.iter().map(|frame| StackFrame::builder().location(location(frame)).build());
        let frames: Vec<StackFrame> = frames.collect();
        result.stacks = Some(vec![Stack::builder().message(message("the call chain")).frames(frames).build()]);
    }
    if cause.level == Level::Expected {
        let mut suppression = Suppression::builder().kind(json!("external")).build();
        suppression.justification = cause.note.as_deref().map(shown);
        result.suppressions = Some(vec![suppression]);
    }
    result
}

fn message(text: &str) -> Message {
    Message::builder().text(text).build()
}

fn location(frame: &Frame) -> Location {
    let function = LogicalLocation::builder().fully_qualified_name(shown(&frame.function)).kind("function").build();
    let mut location = Location::builder().logical_locations(vec![function]).build();
    location.physical_location = frame.file.as_ref().map(|file| {
        let mut place = PhysicalLocation::builder()
            .artifact_location(ArtifactLocation::builder().uri(uri(file.as_str())).build())
            .build();
        place.region = frame.line.filter(|line| *line > 0).map(|line| {
            let mut region = Region::builder().start_line(i64::from(line)).build();
            region.start_column = frame.column.filter(|column| *column > 0).map(i64::from);
            region
        });
        place
    });
    location
}

/// A path as a URI reference: what has a meaning there is written in hexadecimal digits (RFC 3986, section 2.1).
fn uri(path: &str) -> String {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
