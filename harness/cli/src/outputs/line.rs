//! An outcome in one line of text: which chain, of which test, where, and what was asked for.

use std::fmt;

use crate::chains::frame::{Frame, Owner};
use crate::results::outcome::{Outcome, Request};

/// Shown as `short id  test  file:line  what was asked`.
pub(crate) struct Line<'a>(pub(crate) &'a Outcome);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { id, test, chain, request, asked, .. } = self.0;
        let asked = asked.as_ref().map(|asked| format!("{}: ", asked.function)).unwrap_or_default();
        let place = place(innermost(chain));
        let line = format!("{}  {test}  {place}  {asked}{}", id.short(), Asking(request));
        f.write_str(&one_line(&line))
    }
}

/// What was asked of the allocator, in words: `malloc of 64 bytes`.
pub(crate) struct Asking<'a>(pub(crate) &'a Request);

impl fmt::Display for Asking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Request { function, size, align, old_size } = self.0;
        let bytes = |count: u64| if count == 1 { "byte" } else { "bytes" };
        write!(f, "{function} ")?;
        if *old_size > 0 {
            write!(f, "from {old_size} to {size} {}", bytes(*size))?;
        } else {
            write!(f, "of {size} {}", bytes(*size))?;
        }
        if *align > 0 { write!(f, ", aligned to {align}") } else { Ok(()) }
    }
}

/// The innermost frame of the workspace; without one, the innermost whose source is known.
pub(crate) fn innermost(chain: &[Frame]) -> Option<&Frame> {
    let own = chain.iter().find(|frame| frame.owner == Owner::Workspace && frame.file.is_some());
    own.or_else(|| chain.iter().find(|frame| frame.file.is_some())).or(chain.first())
}

/// `file:line`, or as much as is known of the frame.
pub(crate) fn place(frame: Option<&Frame>) -> String {
    match frame {
        Some(Frame { file: Some(file), line: Some(line), .. }) => format!("{file}:{line}"),
        Some(Frame { file: Some(file), .. }) => file.to_string(),
        Some(frame) => frame.function.clone(),
        None => "?".to_owned(),
    }
}

/// Names come from files that anybody can have made: nothing in them ends the line or steers a terminal.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use firsthit::Verdict;

    use super::*;
    use crate::results::sample::{frame, outcome};

    #[test]
    fn a_line_tells_chain_test_place_and_request() {
        let mut outcome = outcome("a::b", 1, Verdict::Aborted);
        assert_eq!(
            Line(&outcome).to_string(),
            "9e3779b97f4a  demo a::b  src/store.rs:12  Vec::push: malloc of 64 bytes"
        );
        outcome.request = Request { function: "realloc".to_owned(), size: 1, align: 64, old_size: 7 };
        outcome.asked = None;
        outcome.chain = vec![frame("zmalloc", "zlib.c", 9, Owner::Foreign)];
        let line = Line(&outcome).to_string();
        assert_eq!(line, "9e3779b97f4a  demo a::b  zlib.c:9  realloc from 7 to 1 byte, aligned to 64");
        outcome.chain[0].file = None;
        assert!(Line(&outcome).to_string().contains("  zmalloc  "));
        outcome.chain.clear();
        assert!(Line(&outcome).to_string().contains("  ?  "));
    }

    #[test]
    fn a_name_with_control_characters_stays_in_its_line() {
        let mut outcome = outcome("a", 1, Verdict::Aborted);
        outcome.test.name = "a\n\u{1b}[2Jb".to_owned();
        assert!(!Line(&outcome).to_string().contains(char::is_control));
    }
}
