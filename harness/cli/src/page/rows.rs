//! The rows of a page's lists: findings, lines that abort, tests.

use std::fmt::{Display, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::report::{self, Data};
use super::subject::Subject;
use super::{clean, columns};
use crate::chains::frame::Owner;
use crate::contents::cause::Cause as Finding;
use crate::contents::summary::{self, Summary};
use crate::expectations::apply::Standing;
use crate::in_words::{grouped, several};
use crate::outputs::line::place;
use crate::results::outcome::Outcome;
use crate::results::swept::Swept;
use crate::telling::shown::Shown;

/// A finding's text is cut behind so many characters.
const TEXT: usize = 12_000;

pub(super) struct Cause {
    pub(super) word: &'static str,
    pub(super) fingerprint: String,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) text: String,
}

pub(super) struct Aborting {
    pub(super) place: String,
    pub(super) link: String,
    pub(super) function: String,
    pub(super) chains: usize,
    pub(super) chains_link: String,
}

pub(super) struct Test {
    pub(super) name: String,
    pub(super) link: String,
    pub(super) ended: &'static str,
    pub(super) notes: Vec<String>,
    pub(super) failed: String,
    pub(super) known: String,
    pub(super) allocations: String,
}

pub(super) fn told(cause: &Finding, subject: &Subject<'_>) -> Option<Cause> {
    let first = subject.contents.shows(cause)?;
    let mut text = Shown(&without_std(first)).to_string();
    if let Some(note) = &cause.note {
        let _ = writeln!(text, "  {note}");
    }
    let _ = write!(text, "  {} See it again: cargo firsthit replay {}", first.verdict.next_step(), first.id.short());
    let said = columns::said(first).unwrap_or_default();
    let about =
        [place(cause.by.as_ref()), said, first.test.to_string(), several(cause.chains.len(), "chain", "chains")]
            .into_iter();
    Some(Cause {
        word: first.verdict.as_str(),
        fingerprint: cause.fingerprint.to_string(),
        title: clean::cut(&columns::title(first), 300),
        about: about
            .filter(|part| !part.is_empty())
            .map(|part| clean::cut(&clean::line(&part), 120))
            .collect::<Vec<_>>()
            .join("  ·  "),
        text: clean::cut(&clean::lines(&text), TEXT),
    })
}

/// A text as a part of an address.
fn in_address(text: &str) -> impl Display {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b':');
    utf8_percent_encode(text, KEPT)
}

/// The outcome with the frames that somebody here can change, or at least knows.
fn without_std(outcome: &Outcome) -> Outcome {
    let mut outcome = outcome.clone();
    let leaks = outcome.leaks.iter_mut().map(|leak| &mut leak.chain);
    let leaks = leaks.chain(outcome.behind.as_mut().map(|first| &mut first.chain));
    for chain in [&mut outcome.chain, &mut outcome.spawned_by, &mut outcome.stood].into_iter().chain(leaks) {
        chain.retain(|frame| frame.owner != Owner::Std);
    }
    outcome
}

/// Where memory was asked for by chains that abort, whoever expects them; the lines of most chains first.
pub(super) fn aborting(outcomes: &[&Outcome], data: &Data) -> Vec<Aborting> {
    let summary = Summary::of(outcomes, &vec![Standing::Passed; outcomes.len()], &[]);
    let row = |line: &summary::Aborting| {
        let (file, number) = line.place.rsplit_once(':').unwrap_or((&line.place, ""));
        let known = data.files.get(camino::Utf8Path::new(file));
        Aborting {
            link: known
                .map_or_else(|| "#/chains?verdict=aborted".to_owned(), |file| format!("#/source/{file}?line={number}")),
            chains_link: format!("#/chains?verdict=aborted&file={}", in_address(&line.place)),
            place: clean::cut(&clean::line(&line.place), 300),
            function: clean::cut(&clean::line(&line.function), 300),
            chains: line.chains,
        }
    };
    summary.aborting.iter().map(row).collect()
}

pub(super) fn test(swept: &Swept) -> Test {
    let name = clean::line(&swept.test.to_string());
    Test {
        link: format!("#/chains?test={}", in_address(&name)),
        name: clean::cut(&name, 300),
        ended: report::word(&swept.ended),
        notes: swept.notes.iter().take(5).map(|note| clean::cut(&clean::line(note), 300)).collect(),
        failed: grouped(swept.chains.planned.into()),
        known: grouped(swept.chains.known.into()),
        allocations: grouped(swept.allocations),
    }
}
