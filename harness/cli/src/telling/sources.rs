//! Lines of the workspace's sources, for excerpts: as they were when the run began.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::contents::source::SourceFile;

/// A line that is longer was made by a program, and an excerpt of it shows nothing.
const LINE_MAX: usize = 400;

/// The files, each read once.
#[derive(Debug)]
pub(crate) struct Sources<'a> {
    root: Option<&'a Utf8Path>,
    /// When the run began, in microseconds since 1970.
    begun: u64,
    files: RefCell<HashMap<Utf8PathBuf, Option<Rc<str>>>>,
}

impl<'a> Sources<'a> {
    /// Of a run that began at this time, in microseconds since 1970, in a workspace that lies here.
    pub(crate) fn new(root: Option<&'a Utf8Path>, begun: u64) -> Sources<'a> {
        Sources { root, begun, files: RefCell::default() }
    }

    /// The text of a file, if an excerpt of it can be shown.
    pub(super) fn text(&self, file: &Utf8Path) -> Option<Rc<str>> {
        let known = self.files.borrow().get(file).cloned();
        known.unwrap_or_else(|| {
            let read = self.read(file);
            self.files.borrow_mut().insert(file.to_owned(), read.clone());
            read
        })
    }

    fn read(&self, file: &Utf8Path) -> Option<Rc<str>> {
        let read = SourceFile::read(file, self.root, self.begun).ok().filter(|read| !read.is_changed)?;
        // What steers a terminal is not shown; of the same length, so that columns stay what they are.
        let shown = |c: char| if c.is_control() && !"\n\t\r".contains(c) { '?' } else { c };
        let odd = read.text.chars().any(|c| c == char::REPLACEMENT_CHARACTER || shown(c) != c && c.len_utf8() > 1);
        (!odd).then(|| read.text.chars().map(shown).collect::<String>().into())
    }
}

/// The word that stands at a line and column of a text, both from 1; without a column, what the line has.
pub(super) fn word(text: &str, line: u32, column: Option<u32>) -> Option<Range<usize>> {
    let number = usize::try_from(line).ok()?.checked_sub(1)?;
    let start: usize = text.split_inclusive('\n').take(number).map(str::len).sum();
    let whole = text.split_inclusive('\n').nth(number)?.trim_end();
    if whole.len() > LINE_MAX || whole.is_empty() {
        return None;
    }
    let at = column.and_then(|column| usize::try_from(column).ok()?.checked_sub(1)).filter(|at| *at < whole.len());
    let Some(rest) = at.and_then(|at| whole.get(at..)) else {
        let indent = whole.len() - whole.trim_start().len();
        return Some(start + indent..start + whole.len());
    };
    let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let length = if length == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { length };
    let from = start + at.unwrap_or(0);
    Some(from..from + length)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_word_is_found_by_line_and_column() {
        let text = "fn a() {\r\n    b.push_all(1);\n\n\u{e4}b\n";
        let found = |line, column| word(text, line, column).map(|range| &text[range]);
        assert_eq!(found(2, Some(7)), Some("push_all"));
        assert_eq!(found(2, Some(6)), Some("."));
        assert_eq!(found(2, None), Some("b.push_all(1);"));
        assert_eq!(found(2, Some(400)), Some("b.push_all(1);"));
        assert_eq!(found(1, Some(4)), Some("a"));
        assert_eq!((found(3, Some(1)), found(9, None), found(0, None)), (None, None, None));
        // A column within a character is none.
        assert_eq!(found(4, Some(2)), Some("\u{e4}b"));
    }

    #[test]
    fn only_what_the_run_saw_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        fs::write(root.join("a.rs"), "let x = \u{1b}[2J;\n").unwrap();
        let later = crate::results::plan::now() + 1_000_000;
        assert_eq!(Sources::new(Some(root), later).text("a.rs".into()).as_deref(), Some("let x = ?[2J;\n"));
        assert!(Sources::new(Some(root), later).text("b.rs".into()).is_none());
        assert!(Sources::new(Some(root), 1_000_000).text("a.rs".into()).is_none());
        assert!(Sources::new(None, later).text("a.rs".into()).is_none());
    }
}
