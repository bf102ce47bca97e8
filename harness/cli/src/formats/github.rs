//! Commands of GitHub's workflows: an annotation at the line of each finding's cause, and one with the counts.
//!
//! The form is that of "Workflow commands for GitHub Actions" in GitHub's documentation: in properties `%`, line ends, `:` and `,` are
//! written as `%25`, `%0D`, `%0A`, `%3A` and `%2C`, in messages the first three.

use crate::contents::cause::{Cause, Level};
use crate::contents::gather::Contents;
use crate::formats::text::{facts, plain, replay, sentence, shown};

/// The commands, a line each. What aborts and is no finding is a warning; what is expected is not told but counted.
pub(crate) fn text(contents: &Contents) -> String {
    let mut text = String::new();
    for cause in &contents.causes {
        match cause.level {
            Level::Finding => text += &annotation("error", contents, cause),
            Level::Passed => text += &annotation("warning", contents, cause),
            Level::Expected => {}
        }
    }
    let counts: Vec<String> =
        contents.verdicts().into_iter().map(|(verdict, count)| format!("{count} {verdict}")).collect();
    let counts = if counts.is_empty() { "no chain failed".to_owned() } else { counts.join(", ") };
    let told = format!("{counts}; {} findings; recovery coverage {}", contents.summary.findings, contents.recovery());
    text += &format!("::notice title={}::{}\n", property("firsthit"), message(&told));
    text
}

fn annotation(word: &str, contents: &Contents, cause: &Cause) -> String {
    let mut properties = Vec::new();
    if let Some((file, line)) = cause.place() {
        properties.push(format!("file={}", property(file.as_str())));
        properties.extend(line.map(|line| format!("line={line}")));
        let column = cause.by.as_ref().and_then(|by| by.column);
        properties.extend(column.map(|column| format!("col={column}")));
    }
    properties.push(format!("title={}", property(&sentence(cause))));
    let mut lines = facts(contents, cause);
    lines.extend(cause.note.as_deref().map(shown));
    lines.push(cause.verdict.next_step().to_owned());
    lines.extend(replay(cause));
    format!("::{word} {}::{}\n", properties.join(","), message(&lines.join("\n")))
}

fn message(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(plain).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(&shown(text)).replace(':', "%3A").replace(',', "%2C")
}
