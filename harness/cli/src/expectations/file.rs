//! Reading the file of expectations.

use camino::{Utf8Path, Utf8PathBuf};
use firsthit::Verdict;
use serde::Deserialize;
use toml::value::Datetime;
use toml::{Spanned, Value};

use super::date::Date;
use super::entry::{Entry, Which};
use super::error::ExpectationsError;
use super::pattern::{Pattern, TestPattern};
use crate::file_error::FileError;

/// The file, read and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Expectations {
    pub(crate) path: Utf8PathBuf,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    expected: Vec<Spanned<Fields>>,
}

/// An entry as it is written. What must be there is asked for later, so that the error can tell the cure.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    chain: Option<Spanned<String>>,
    id: Option<Spanned<String>>,
    test: Option<Spanned<String>>,
    verdict: Option<Spanned<Value>>,
    reason: Option<Spanned<String>>,
    expires: Option<Spanned<Datetime>>,
}

/// Fewer digits than reports show could be the beginning of any chain.
const ID_DIGITS_MIN: usize = 12;

impl Expectations {
    /// Reads the file; without one nothing is expected.
    ///
    /// # Errors
    ///
    /// It cannot be read, or something in it is not as it must be.
    pub(crate) fn read(path: &Utf8Path) -> Result<Expectations, ExpectationsError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Expectations::parse(path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(Expectations { path: path.to_owned(), entries: Vec::new() })
            }
            Err(error) => Err(FileError::reading(path, error).into()),
        }
    }

    /// # Errors
    ///
    /// Something is not as it must be.
    pub(crate) fn parse(path: &Utf8Path, text: &str) -> Result<Expectations, ExpectationsError> {
        let line_of = |at: usize| 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        let wrong = |at: usize, field, words| ExpectationsError::Text {
            path: path.to_owned(),
            line: line_of(at),
            field,
            words,
        };
        let document: Document = toml::from_str(text).map_err(|error| {
            let words = error.message().lines().collect::<Vec<_>>().join("; ");
            wrong(error.span().map_or(0, |span| span.start), None, words)
        })?;
        let mut entries = Vec::with_capacity(document.expected.len());
        for fields in document.expected {
            let at = fields.span().start;
            let entry = entry(line_of(at), fields.into_inner());
            entries.push(
                entry.map_err(|Wrong { at: place, field, words }| wrong(place.unwrap_or(at), Some(field), words))?,
            );
        }
        Ok(Expectations { path: path.to_owned(), entries })
    }
}

/// What is wrong with a field; without a place, it is not there.
struct Wrong {
    at: Option<usize>,
    field: &'static str,
    words: String,
}

fn entry(line: usize, fields: Fields) -> Result<Entry, Wrong> {
    let absent = |field, words: &str| Wrong { at: None, field, words: words.to_owned() };
    let which = match (fields.chain, fields.id) {
        (Some(chain), None) => Which::Through(checked("chain", &chain, Pattern::of)?),
        (None, Some(id)) => Which::Id(checked("id", &id, digits)?),
        (Some(_), Some(id)) => {
            let words = "an entry has chain or id, not both: take one out".to_owned();
            return Err(Wrong { at: Some(id.span().start), field: "id", words });
        }
        (None, None) => {
            return Err(absent("chain", "it says of no chain: give `chain = \"crate::function\"` or `id = \"…\"`"));
        }
    };
    let test = fields.test.map(|test| checked("test", &test, TestPattern::of)).transpose()?;
    let verdict = fields.verdict.ok_or_else(|| absent("verdict", "it is missing: say what the chain comes to"))?;
    let at = verdict.span().start;
    let verdicts = verdicts(verdict.get_ref()).map_err(|words| Wrong { at: Some(at), field: "verdict", words })?;
    let reason = fields.reason.ok_or_else(|| absent("reason", "it is missing: say why this is no finding"))?;
    let reason = checked("reason", &reason, |word| match word.trim() {
        "" => Err("it is empty: say why this is no finding".to_owned()),
        word => Ok(word.to_owned()),
    })?;
    let expires = match fields.expires {
        None => None,
        Some(day) => Some(Date::of_toml(day.get_ref()).ok_or_else(|| Wrong {
            at: Some(day.span().start),
            field: "expires",
            words: format!("{} is not a day: write it as in 2027-01-31", day.get_ref()),
        })?),
    };
    Ok(Entry { line, which, test, verdicts, reason, expires })
}

fn checked<T>(
    field: &'static str,
    word: &Spanned<String>,
    check: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, Wrong> {
    check(word.get_ref()).map_err(|words| Wrong { at: Some(word.span().start), field, words })
}

fn digits(word: &str) -> Result<String, String> {
    let hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hexadecimal && (ID_DIGITS_MIN..=32).contains(&word.len()) {
        return Ok(word.to_ascii_lowercase());
    }
    Err(format!("{word:?} is no chain's identity: copy its {ID_DIGITS_MIN} to 32 hexadecimal digits from a report"))
}

fn verdicts(value: &Value) -> Result<Vec<Verdict>, String> {
    let words: Vec<&Value> = match value {
        Value::Array(words) => words.iter().collect(),
        word => vec![word],
    };
    if words.is_empty() {
        return Err("the list is empty: say what the chain comes to".to_owned());
    }
    let verdict = |word: &Value| {
        let Value::String(word) = word else { return Err(format!("{word} is no verdict: write one in quotes")) };
        let verdict: Verdict = word.parse().map_err(|error: firsthit::UnknownVerdict| error.to_string())?;
        if verdict == Verdict::Recovered {
            return Err(format!("{word} is how it should end, which needs no entry: take it out"));
        }
        Ok(verdict)
    };
    words.into_iter().map(verdict).collect()
}
