//! The whole report as one JSON document, whose form has a number and a published schema: `schemas/report-1.json`.

use std::collections::BTreeMap;

use firsthit::SecondFailures;
use firsthit::coverage::door::Point;
use serde::Serialize;
use serde_json::{Value, json};

use crate::chains::chain_id::ChainId;
use crate::chains::frame::Frame;
use crate::contents::arms;
use crate::contents::cause::{Cause, Level};
use crate::contents::gather::Contents;
use crate::contents::lines::LineCoverage;
use crate::contents::previous::Previous;
use crate::contents::second_failures;
use crate::expectations::apply::Standing;
use crate::formats::text::escaped;
use crate::results::outcome::Outcome;
use crate::results::run_result::Key;
use crate::results::swept::Swept;

/// The number of the form: it counts up with every change that a reader of an earlier one could not bear. Fields may be added
/// without.
pub(crate) const VERSION: u32 = 1;
/// The form in the words of JSON Schema.
pub(crate) const SCHEMA: &str = include_str!("../../schemas/report-1.json");

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: &'a str,
    run: Value,
    counts: Value,
    recovery: Value,
    tests: &'a [Swept],
    causes: Vec<Value>,
    chains: Vec<Chain<'a>>,
    lines: Vec<Value>,
    arms: Vec<Value>,
    previous: Option<Value>,
    /// What of the result, or of what was counted, is not there or cannot be read.
    missing: Vec<&'a str>,
    out_of_date: &'a [String],
}

#[derive(Serialize)]
struct Chain<'a> {
    #[serde(flatten)]
    outcome: &'a Outcome,
    level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<ChainId>,
}

/// The document.
///
/// # Errors
/// Never: it is written into memory.
pub(crate) fn text(contents: &Contents) -> serde_json::Result<String> {
    let plan = &contents.result.plan;
    let recovery = contents.recovery();
    let behind = second_failures::by_arm(&contents.result, &contents.tests);
    let of: BTreeMap<&Key, ChainId> =
        contents.causes.iter().flat_map(|cause| cause.chains.iter().map(|key| (key, cause.fingerprint))).collect();
    let chains = contents.result.outcomes.iter().zip(&contents.standings).map(|((key, outcome), standing)| Chain {
        outcome,
        level: Level::of(standing).word(),
        note: match standing {
            Standing::Passed => None,
            Standing::Expected(reason) => Some(reason),
            Standing::Finding(note) => note.as_deref(),
        },
        cause: of.get(key).copied(),
    });
    let faults = contents.arms.iter().flat_map(|arms| &arms.faults);
    let lines =
        contents.lines.iter().flat_map(|(file, lines)| lines.iter().map(move |(number, line)| (file, number, line)));
    let document = Document {
        version: VERSION,
        tool: &plan.tool,
        run: json!({
            "name": plan.name(), "begun": plan.begun, "options": plan.options, "shards": plan.shards, "whole": plan.whole,
        }),
        counts: json!({
            "chains": contents.result.outcomes.len(),
            "verdicts": words(contents.verdicts()),
            "expected": words(contents.summary.expected.clone()),
            "findings": contents.summary.findings,
            "swept": contents.summary.swept,
            "second_failures": contents.summary.second_failures.map(second),
            "second_opinions": contents.summary.second_opinions,
        }),
        recovery: json!({
            "counted": recovery.counted.word(), "tested": recovery.rate.tested, "all": recovery.rate.all,
        }),
        tests: &contents.tests,
        causes: contents.causes.iter().map(cause).collect(),
        chains: chains.collect(),
        lines: lines.map(|(file, number, line)| self::line(file.as_str(), *number, line)).collect(),
        arms: contents
            .arms
            .iter()
            .flat_map(|arms| &arms.points)
            .map(|point| arm(point, behind.get(&point.id)))
            .collect(),
        previous: contents.previous.as_ref().map(previous),
        missing: contents.missing.iter().chain(faults).map(String::as_str).collect(),
        out_of_date: &contents.out_of_date,
    };
    serde_json::to_string(&document).map(|text| escaped(&text))
}

fn words<K: std::fmt::Display, V: Serialize>(counts: BTreeMap<K, V>) -> Value {
    counts.into_iter().map(|(word, count)| (word.to_string(), json!(count))).collect()
}

fn second(second: SecondFailures) -> Value {
    let SecondFailures { met, failed, unreached, left } = second;
    json!({ "met": met, "failed": failed, "unreached": unreached, "left": left })
}

fn cause(cause: &Cause) -> Value {
    let by: Option<&Frame> = cause.by.as_ref();
    json!({
        "fingerprint": cause.fingerprint,
        "level": cause.level.word(),
        "verdict": cause.verdict.as_str(),
        "asked": cause.asked,
        "by": by,
        "panic": cause.panic.as_ref().map(|(file, line)| json!({ "file": file, "line": line })),
        "note": cause.note,
        "second_opinion": cause.second_opinion,
        "chains": cause.chains.iter().map(|(test, id)| json!({ "test": test, "id": id })).collect::<Vec<_>>(),
    })
}

fn line(file: &str, number: u32, line: &LineCoverage) -> Value {
    json!({
        "file": file,
        "line": number,
        "state": line.state().word(),
        "asked": line.asked,
        "verdicts": words(line.verdicts.clone()),
        "findings": line.findings,
        "through": line.through.len(),
    })
}

fn arm(point: &Point, behind: Option<&SecondFailures>) -> Value {
    json!({
        "id": point.id,
        "file": point.file,
        "line": point.line,
        "column": point.column,
        "function": point.function,
        "kind": point.kind,
        "site": point.site,
        "is_site": point.is_site,
        "text": point.text,
        "state": if point.is_site { None } else { Some(point.state.as_str()) },
        "excuse": point.excuse,
        "reached": point.reached,
        "ran": point.ran,
        "injections": arms::injections(point),
        "second_failures": behind.copied().map(second),
        "verdicts": point.verdicts.iter().map(|(verdict, count)| (verdict.to_string(), json!(count))).collect::<Value>(),
    })
}

fn previous(previous: &Previous) -> Value {
    let trend = &previous.trend;
    json!({
        "name": previous.name,
        "begun": previous.begun,
        "verdicts": words(previous.verdicts.clone()),
        "new": trend.new,
        "gone": trend.gone,
        "same": trend.same,
        "not_looked_for": trend.not_looked_for,
    })
}
