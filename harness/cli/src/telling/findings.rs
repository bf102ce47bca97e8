//! Findings for people: each cause once, with the chain that shows it, what was seen, and how to see it again.

use std::fmt::{self, Formatter};

use crate::chains::chain_id::ChainId;
use crate::chains::frame::{Frame, Owner};
use crate::results::outcome::Outcome;
use crate::telling::shown::Shown;

/// Findings with one cause: the same verdict, at the same place, of the same function.
#[derive(Debug)]
struct Cause<'a> {
    first: &'a Outcome,
    note: Option<&'a str>,
    /// The other chains.
    more: Vec<ChainId>,
}

/// All findings of a run, the worst first.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    causes: Vec<Cause<'a>>,
}

impl<'a> Findings<'a> {
    /// Of outcomes that are findings, each with what the expectations have to say about it.
    pub(crate) fn of(findings: impl IntoIterator<Item = (&'a Outcome, Option<&'a str>)>) -> Findings<'a> {
        let mut causes: Vec<Cause<'a>> = Vec::new();
        for (outcome, note) in findings {
            let same = |cause: &&mut Cause<'_>| is_one_cause(cause.first, outcome);
            match causes.iter_mut().find(same) {
                Some(cause) => cause.more.push(outcome.id),
                None => causes.push(Cause { first: outcome, note, more: Vec::new() }),
            }
        }
        causes.sort_by(|one, other| {
            let key = |cause: &Cause<'_>| (cause.first.test.clone(), cause.first.id);
            other.first.verdict.cmp(&one.first.verdict).then_with(|| key(one).cmp(&key(other)))
        });
        Findings { causes }
    }
}

fn is_one_cause(one: &Outcome, other: &Outcome) -> bool {
    let at = |outcome: &Outcome| {
        let by = innermost(&outcome.chain).cloned();
        let panic = outcome.panic.as_ref().map(|panic| (panic.file.clone(), panic.line));
        (outcome.verdict, outcome.asked.as_ref().map(|asked| asked.function.clone()), by, panic)
    };
    at(one) == at(other)
}

/// The innermost frame of code that somebody here can change.
fn innermost(chain: &[Frame]) -> Option<&Frame> {
    chain.iter().find(|frame| frame.owner == Owner::Workspace)
}

impl fmt::Display for Findings<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for cause in &self.causes {
            let Outcome { id, verdict, .. } = cause.first;
            write!(f, "{}", Shown { outcome: cause.first, whole: false })?;
            if let Some(note) = cause.note {
                writeln!(f, "  {note}")?;
            }
            match cause.more.len() {
                0 => {}
                1 => writeln!(f, "  and 1 more chain with the same cause: {}", cause.more[0].short())?,
                more => writeln!(f, "  and {more} more chains with the same cause, such as {}", cause.more[0].short())?,
            }
            writeln!(f, "  {} See it again: cargo firsthit replay {}\n", verdict.next_step(), id.short())?;
        }
        Ok(())
    }
}
