//! The words for what failed: a request of so many bytes, or a fail point.

use std::fmt::Write as _;

use super::escape;
use super::finding::{Kind, Point, Request, What};

/// What failed, as a report's heading has it.
pub(super) fn what(failed: &What) -> String {
    match failed {
        What::Request(asked) => request(*asked),
        What::Point(of) => point(of),
        What::Told(text) => escape::name(text),
    }
}

/// A fail point, with what it returned.
pub(super) fn point(point: &Point) -> String {
    let Point { name, number, count, text } = point;
    // Line breaks and their indentation tell nothing in one line.
    let text = escape::name(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let which = if *count > 1 { format!("alternative {number} of {count}: ") } else { String::new() };
    format!("fail point \"{}\" ({which}`{text}`)", escape::name(name))
}

fn request(request: Request) -> String {
    let Request { kind, size, align, new_size } = request;
    let mut what = match kind {
        Kind::Alloc => format!("alloc of {}", counted(size, "byte")),
        Kind::AllocZeroed => format!("alloc_zeroed of {}", counted(size, "byte")),
        Kind::Realloc => format!("realloc from {size} to {}", counted(new_size, "byte")),
    };
    // Larger ones than a word or two are chosen on purpose, and then they matter.
    if align > 2 * size_of::<usize>() {
        let _ = write!(what, ", aligned to {align},");
    }
    what
}

/// So many of something: `1 byte`, `2 bytes`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
