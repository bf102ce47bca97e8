//! Entries for findings that are to be accepted, as text to be copied or appended.

use camino::Utf8Path;
use toml::Value;

use super::error::ExpectationsError;
use super::file::Expectations;
use super::pattern::TestPattern;
use crate::file_error::FileError;
use crate::outputs::line::{Asking, innermost, one_line, place};
use crate::replace_file::replace_file;
use crate::results::outcome::Outcome;

/// What a file begins with that is made here.
const HEADING: &str =
    "# Findings of cargo firsthit that are known and accepted. Each says why; one that is out of date is reported.\n";

/// The entry that makes this outcome an expected one. Without a reason the entry is refused until somebody writes one.
pub(crate) fn entry_text(outcome: &Outcome, reason: &str) -> String {
    let frame = innermost(&outcome.chain);
    let function = frame.map_or("", |frame| frame.function.as_str());
    let asked = outcome.asked.as_ref().map(|asked| format!("{}: ", asked.function)).unwrap_or_default();
    let comment = one_line(&format!("{function} at {}, {asked}{}", place(frame), Asking(&outcome.request)));
    let quoted = |text: &str| Value::String(text.to_owned()).to_string();
    let test = outcome.test.to_string();
    // The identity is enough; a name that patterns cannot say is left out.
    let named = TestPattern::of(&test).is_ok_and(|pattern| pattern.matches(&outcome.test));
    let test = if named { format!("test = {}\n", quoted(&test)) } else { String::new() };
    let hint = if reason.trim().is_empty() { "  # why this is no finding" } else { "" };
    format!(
        "\n[[expected]]\n# {comment}\nid = {}\n{test}verdict = {}\nreason = {}{hint}\n",
        quoted(&outcome.id.to_string()),
        quoted(outcome.verdict.as_str()),
        quoted(reason),
    )
}

/// Appends an entry for each outcome, and makes the file if there is none. What is in it stays as it is.
///
/// # Errors
///
/// The file is not as it must be, the reason is empty, or it cannot be written; then it is as it was.
pub(crate) fn accept(path: &Utf8Path, outcomes: &[&Outcome], reason: &str) -> Result<(), ExpectationsError> {
    let mut text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => HEADING.to_owned(),
        Err(error) => return Err(FileError::reading(path, error).into()),
    };
    Expectations::parse(path, &text)?;
    outcomes.iter().for_each(|outcome| text.push_str(&entry_text(outcome, reason)));
    // Never a file that the next run cannot read.
    Expectations::parse(path, &text)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| FileError::writing(folder, error))?;
    }
    Ok(replace_file(path, text.as_bytes())?)
}
