//! Markdown for a comment on a pull request or a job's summary (`>> "$GITHUB_STEP_SUMMARY"`): counts, findings, what aborts.

use std::fmt::Write as _;

use firsthit::Verdict;

use crate::contents::cause::{Cause, Level};
use crate::contents::gather::Contents;
use crate::contents::previous::Trend;
use crate::formats::text::{facts, replay, sentence, shown, where_of};
use crate::in_words::several;

/// So many causes of a kind are listed: a comment holds 65,536 characters. The counts are of all.
const LISTED_MAX: usize = 40;

/// The text.
pub(crate) fn text(contents: &Contents) -> String {
    let mut text = String::from("## firsthit\n\n");
    let summary = &contents.summary;
    let findings = contents.findings().count();
    let word = if findings == 0 {
        "No findings".to_owned()
    } else {
        let chains = several(summary.findings, "call chain", "call chains");
        format!("**{} on {chains}**", several(findings, "finding", "findings"))
    };
    let _ = writeln!(
        text,
        "{word} in {}. Recovery coverage: {}.\n",
        several(summary.swept, "test", "tests"),
        contents.recovery()
    );
    counts(&mut text, contents);
    if let Some(previous) = &contents.previous {
        trend(&mut text, &previous.trend);
    }
    for why in summary.not_swept.iter().chain(&contents.missing).chain(&contents.out_of_date) {
        let _ = writeln!(text, "- {}", prose(why));
    }
    section(&mut text, contents, Level::Finding, "Findings");
    section(&mut text, contents, Level::Passed, "Lines that end badly and are no findings");
    text
}

fn counts(text: &mut String, contents: &Contents) {
    let all = contents.verdicts();
    if all.is_empty() {
        text.push_str("No call chain failed.\n");
        return;
    }
    text.push_str("| verdict | call chains | of these expected |\n|---|---:|---:|\n");
    for (verdict, count) in Verdict::ALL.iter().filter_map(|verdict| Some((verdict, all.get(verdict)?))) {
        let expected = contents.summary.expected.get(verdict).copied().unwrap_or(0);
        let _ = writeln!(text, "| {verdict} | {count} | {expected} |");
    }
    text.push('\n');
}

fn trend(text: &mut String, trend: &Trend) {
    let Trend { new, gone, same, not_looked_for } = trend;
    let _ = write!(text, "Since the run before: {} new, {} gone, {} still there", new.len(), gone.len(), same.len());
    if !not_looked_for.is_empty() {
        let _ = write!(text, ", {} not looked for", not_looked_for.len());
    }
    text.push_str(".\n\n");
}

fn section(text: &mut String, contents: &Contents, level: Level, title: &str) {
    let causes: Vec<&Cause> = contents.causes.iter().filter(|cause| cause.level == level).collect();
    if causes.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n### {title}\n");
    for cause in causes.iter().take(LISTED_MAX) {
        let new = contents.previous.as_ref().is_some_and(|previous| previous.trend.new.contains(&cause.fingerprint));
        let mark = if new { " (new)" } else { "" };
        let _ = writeln!(text, "- {} at {}{mark}", code_in(&sentence(cause), cause), code(&where_of(cause)));
        // What aborts is told by its line alone.
        if level == Level::Finding {
            for fact in facts(contents, cause).iter().chain(&cause.note.as_deref().map(shown)) {
                let _ = writeln!(text, "  {}  ", prose(fact));
            }
            if let Some(replay) = replay(cause) {
                let _ = writeln!(text, "  {}", code(&replay));
            }
        }
    }
    if causes.len() > LISTED_MAX {
        let _ = writeln!(text, "- … and {} more", causes.len() - LISTED_MAX);
    }
}

/// The sentence, in which names are as harmless as the rest.
fn code_in(sentence: &str, cause: &Cause) -> String {
    format!("**{}**{}", cause.verdict, prose(sentence.strip_prefix(cause.verdict.as_str()).unwrap_or(sentence)))
}

/// A name, as it is: in a code span that is longer than what is in it.
fn code(text: &str) -> String {
    let text = shown(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A span cannot begin or end with a backtick, and is no longer one if it is empty.
    format!("{fence} {text} {fence}")
}

/// Somebody's words in a sentence: nothing in them is markup, a link, a mention or a heading.
fn prose(text: &str) -> String {
    let mut prose = String::with_capacity(text.len());
    for character in shown(text).chars() {
        match character {
            '&' => prose.push_str("&amp;"),
            '<' => prose.push_str("&lt;"),
            '>' => prose.push_str("&gt;"),
            // An entity is no mention, and no emoji.
            '@' => prose.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|' | '~' | '$' => {
                prose.push('\\');
                prose.push(character);
            }
            _ => prose.push(character),
        }
    }
    prose
}
