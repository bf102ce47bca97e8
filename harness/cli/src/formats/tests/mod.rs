//! The forms of a report, held against the schemas and readers of others, with everyday and with hostile names.

mod counts;
mod gates;
mod names;
mod schemas;
mod tools;

use crate::contents::gather::Contents;
use crate::contents::sample::{contents, hostile};
use crate::formats::write::text;
use crate::options::format::Format;

/// A report of everyday names.
fn plain() -> Contents {
    contents(&|number| format!("demo::part{number}::work"))
}

/// Reports of everyday and of hostile names.
fn both() -> [Contents; 2] {
    [plain(), contents(&hostile)]
}

fn written(format: Format, contents: &Contents) -> String {
    text(format, contents).unwrap()
}
