//! Words of others in a report: names, paths and messages that anybody can have written, as no format minds them.

use crate::contents::cause::Cause;
use crate::contents::gather::Contents;
use crate::in_words::several;
use crate::outputs::line::{one_line, place};
use crate::results::outcome::Outcome;

/// Of a name only this many characters are shown where people read it; the JSON document has all of it.
const SHOWN_MAX: usize = 200;

/// In one line, without what steers a terminal and what XML 1.0 forbids.
pub(crate) fn plain(text: &str) -> String {
    one_line(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// In one line, without what steers a terminal, and no longer than a person reads.
pub(crate) fn shown(text: &str) -> String {
    let line = plain(text);
    match line.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A JSON text in which no character steers a terminal: those that JSON itself leaves as they are stand in strings alone.
pub(crate) fn escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}' => escaped.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => escaped.push(character),
        }
    }
    escaped.push('\n');
    escaped
}

/// What a cause is, in one sentence without its place.
pub(crate) fn sentence(cause: &Cause) -> String {
    let chains = several(cause.chains.len(), "call chain", "call chains");
    let mark = if cause.is_unconfirmed() { " (unconfirmed)" } else { "" };
    format!("{}: {} fails on {chains}{mark}", cause.verdict, shown(&cause.asked))
}

/// Where a cause is to be mended, as `file:line`.
pub(crate) fn where_of(cause: &Cause) -> String {
    shown(&place(cause.by.as_ref()))
}

/// How a chain of the cause is seen again.
pub(crate) fn replay(cause: &Cause) -> Option<String> {
    cause.chains.first().map(|(_, id)| format!("cargo firsthit replay {}", id.short()))
}

/// The facts that were seen of the chain that shows the cause, an entry each, in one line each.
pub(crate) fn facts(contents: &Contents, cause: &Cause) -> Vec<String> {
    let facts = contents.shows(cause).map(Outcome::facts).unwrap_or_default();
    facts.iter().map(|fact| shown(fact.lines().next().unwrap_or_default())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_characters_and_control_characters_are_gone() {
        let name = format!("\u{1b}[31m{}", "é".repeat(10_000));
        let told = shown(&name);
        assert!(told.chars().count() == SHOWN_MAX + 1 && told.ends_with('…') && !told.contains(char::is_control));
        assert_eq!(shown("a\nb"), "a\u{fffd}b");
    }
}
