//! The chains of a report and what is told of each in lists, a column for each fact.

use serde::Serialize;

use super::clean;
use super::tables::{Frames, NONE, Strings};
use super::tree::Tree;
use crate::contents::cause::asked_by;
use crate::expectations::apply::Standing;
use crate::outputs::line::Asking;
use crate::results::outcome::Outcome;

/// As many characters of what was said stand in lists.
const SAID: usize = 160;

/// All chains, in the order in which lists show them.
#[derive(Default, Debug, Serialize)]
pub(crate) struct Columns {
    id: Vec<String>,
    /// Where the chain ends in the tree.
    node: Vec<i32>,
    test: Vec<i32>,
    /// By the place in the list of verdicts.
    verdict: Vec<i32>,
    /// The function of std that was asked.
    asked: Vec<i32>,
    /// `malloc of 64 bytes`.
    request: Vec<i32>,
    /// The frame that asked: the nearest of the workspace.
    by: Vec<i32>,
    cause: Vec<i32>,
    /// 0 for what passed, 1 for what is expected, 2 for a finding.
    standing: Vec<u8>,
    /// What the expectations say of it.
    note: Vec<i32>,
    /// The beginning of what was said or seen.
    said: Vec<i32>,
}

/// A chain as it comes into the columns.
pub(crate) struct Entry<'a> {
    pub(crate) outcome: &'a Outcome,
    pub(crate) test: i32,
    pub(crate) verdict: i32,
    pub(crate) cause: i32,
    pub(crate) standing: &'a Standing,
}

impl Columns {
    pub(crate) fn add(&mut self, entry: &Entry<'_>, tree: &mut Tree, frames: &mut Frames, strings: &mut Strings) {
        let Entry { outcome, test, verdict, cause, standing } = entry;
        let by = asked_by(outcome);
        let (standing, note) = match standing {
            Standing::Passed => (0, None),
            Standing::Expected(reason) => (1, Some(reason.as_str())),
            Standing::Finding(note) => (2, note.as_deref()),
        };
        self.id.push(outcome.id.to_string());
        self.node.push(tree.add(&outcome.chain, frames, strings));
        self.test.push(*test);
        self.verdict.push(*verdict);
        self.asked.push(strings.line_of(outcome.asked.as_ref().map(|asked| asked.function.as_str())));
        self.request.push(strings.line(&Asking(&outcome.request).to_string()));
        self.by.push(by.map_or(NONE, |frame| frames.add(frame, strings)));
        self.cause.push(*cause);
        self.standing.push(standing);
        self.note.push(note.map_or(NONE, |note| strings.lines(note)));
        self.said.push(strings.line_of(said(outcome).as_deref()));
    }
}

/// The first line of what a panic said, or else of what was seen; and before it whether a fresh process has not seen it.
pub(crate) fn said(outcome: &Outcome) -> Option<String> {
    let message = outcome.panic.as_ref().and_then(|panic| panic.message.as_deref());
    let first = message.or_else(|| outcome.evidence.first().map(String::as_str));
    let first = first.and_then(|text| text.lines().next());
    let mark = if outcome.is_unconfirmed() { "unconfirmed  ·  " } else { "" };
    (first.is_some() || !mark.is_empty()).then(|| clean::cut(&format!("{mark}{}", first.unwrap_or_default()), SAID))
}

/// What a chain asks for, and in which function: as the titles of the page have it.
pub(crate) fn title(outcome: &Outcome) -> String {
    let by = asked_by(outcome);
    let asked =
        outcome.asked.as_ref().map_or_else(|| Asking(&outcome.request).to_string(), |asked| asked.function.clone());
    let function = by.map(|frame| format!(" in {}", frame.function)).unwrap_or_default();
    clean::line(&format!("{asked}{function}"))
}

#[cfg(test)]
mod tests {
    use firsthit::Verdict;

    use super::*;
    use crate::results::outcome::Panic;
    use crate::results::sample::outcome;

    #[test]
    fn a_chain_is_told_by_its_columns() {
        let mut outcome = outcome("a", 1, Verdict::Panicked);
        assert_eq!(title(&outcome), "Vec::push in demo::store::insert");
        assert_eq!(said(&outcome).as_deref(), Some("chain 1 ended"));
        outcome.panic =
            Some(Panic { file: None, line: None, column: None, message: Some("no\nroom".to_owned()), in_test: false });
        assert_eq!(said(&outcome).as_deref(), Some("no"));
        let (mut columns, mut tree) = (Columns::default(), Tree::new());
        let (mut frames, mut strings) = (Frames::default(), Strings::default());
        let standing = Standing::Expected("known".to_owned());
        let entry = Entry { outcome: &outcome, test: 4, verdict: 5, cause: NONE, standing: &standing };
        columns.add(&entry, &mut tree, &mut frames, &mut strings);
        let mut bare = outcome.clone();
        bare.asked = None;
        bare.chain.clear();
        columns.add(&Entry { outcome: &bare, ..entry }, &mut tree, &mut frames, &mut strings);
        assert_eq!((&columns.node, &columns.standing), (&vec![4, 0], &vec![1, 1]));
        assert_eq!((columns.asked[1], columns.by[1]), (NONE, NONE));
        let texts = strings.texts();
        let text = |number: i32| texts[usize::try_from(number).unwrap()].as_str();
        assert_eq!((text(columns.asked[0]), text(columns.request[0])), ("Vec::push", "malloc of 64 bytes"));
        assert_eq!((text(columns.note[0]), text(columns.said[0])), ("known", "no"));
        assert_eq!(title(&bare), "malloc of 64 bytes");
    }
}
