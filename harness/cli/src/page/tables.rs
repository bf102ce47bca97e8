//! Texts and frames of a report, each once and known by its number: ten thousand chains share most of theirs.

use std::collections::HashMap;

use serde::Serialize;

use super::clean;
use crate::chains::frame::{Frame, Owner};

/// What stands where there is no number.
pub(crate) const NONE: i32 = -1;

/// The number of the entry that comes next in a list.
pub(crate) fn number(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// Texts by their numbers.
#[derive(Default, Debug)]
pub(crate) struct Strings {
    numbers: HashMap<String, i32>,
    texts: Vec<String>,
}

impl Strings {
    /// The number of a text that is to stand in one line.
    pub(crate) fn line(&mut self, text: &str) -> i32 {
        self.add(clean::line(text))
    }

    /// The number of a text with lines.
    pub(crate) fn lines(&mut self, text: &str) -> i32 {
        self.add(clean::lines(text))
    }

    pub(crate) fn line_of(&mut self, text: Option<&str>) -> i32 {
        text.map_or(NONE, |text| self.line(text))
    }

    fn add(&mut self, text: String) -> i32 {
        let next = number(self.texts.len());
        *self.numbers.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            next
        })
    }

    /// In the order of their numbers.
    pub(crate) fn texts(self) -> Vec<String> {
        self.texts
    }
}

/// Frames by their numbers, a column for each fact.
#[derive(Default, Debug, Serialize)]
pub(crate) struct Frames {
    function: Vec<i32>,
    file: Vec<i32>,
    /// 0 where it is not known.
    line: Vec<u32>,
    /// 0 for the workspace's, 1 for another crate's, 2 for std's, 3 for foreign code.
    owner: Vec<u8>,
    /// The crate, of another one's.
    #[serde(rename = "crate")]
    krate: Vec<i32>,
    #[serde(skip)]
    numbers: HashMap<(i32, i32, u32, u8, i32), i32>,
}

impl Frames {
    pub(crate) fn add(&mut self, frame: &Frame, strings: &mut Strings) -> i32 {
        let (owner, krate) = match &frame.owner {
            Owner::Workspace => (0, NONE),
            Owner::Dependency(name) => (1, strings.line(name)),
            Owner::Std => (2, NONE),
            Owner::Foreign => (3, NONE),
        };
        let function = strings.line(&frame.function);
        let file = strings.line_of(frame.file.as_ref().map(|file| file.as_str()));
        let line = frame.line.unwrap_or(0);
        let next = number(self.function.len());
        *self.numbers.entry((function, file, line, owner, krate)).or_insert_with(|| {
            self.function.push(function);
            self.file.push(file);
            self.line.push(line);
            self.owner.push(owner);
            self.krate.push(krate);
            next
        })
    }

    /// A module, which stands in the tree above its functions.
    pub(crate) fn module(&mut self, name: &str, strings: &mut Strings) -> i32 {
        let frame = Frame { function: name.to_owned(), file: None, line: None, column: None, owner: Owner::Workspace };
        self.add(&frame, strings)
    }

    /// All of a chain, in its order.
    pub(crate) fn chain(&mut self, frames: &[Frame], strings: &mut Strings) -> Vec<i32> {
        frames.iter().map(|frame| self.add(frame, strings)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample::frame;

    #[test]
    fn what_is_the_same_has_one_number() {
        let (mut strings, mut frames) = (Strings::default(), Frames::default());
        let one = frame("demo::f", "src/a.rs", 3, Owner::Workspace);
        let other = Frame { line: Some(4), ..one.clone() };
        let foreign = Frame { file: None, line: None, owner: Owner::Foreign, ..one.clone() };
        let krate = Frame { owner: Owner::Dependency("x-1.0".to_owned()), ..one.clone() };
        assert_eq!(frames.chain(&[one.clone(), other, one, foreign, krate], &mut strings), [0, 1, 0, 2, 3]);
        assert_eq!(
            (&frames.function, &frames.file, &frames.line),
            (&vec![0; 4], &vec![1, 1, NONE, 1], &vec![3, 4, 0, 3])
        );
        assert_eq!((&frames.owner, &frames.krate), (&vec![0, 0, 3, 1], &vec![NONE, NONE, NONE, 2]));
        assert_eq!(strings.texts(), ["demo::f", "src/a.rs", "x-1.0"]);
    }
}
