//! What a page is made of: a run's result, what it is held against, and where its sources lie.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use firsthit::Verdict;

use super::columns::Since;
use crate::expectations::apply::Standing;
use crate::results::outcome::Outcome;
use crate::results::run_result::{Key, RunResult};

/// All that is told in a page.
pub(crate) struct Subject<'a> {
    /// The project's name, or the program's.
    pub(crate) title: String,
    /// Where the result lies.
    pub(crate) origin: String,
    /// The folder of the workspace.
    pub(crate) root: Option<&'a Utf8Path>,
    pub(crate) result: &'a RunResult,
    /// In the order of the result's outcomes.
    pub(crate) standings: Vec<Standing>,
    /// What ended badly, each cause once: findings first, the worst of them first.
    pub(crate) causes: Vec<Cause>,
    pub(crate) previous: Option<Previous>,
    /// The sites and recovery arms of annotated code.
    pub(crate) points: Vec<Point>,
}

/// Chains that are one thing to fix.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    /// By what it is known again in other runs.
    pub(crate) fingerprint: String,
    /// Whether it is to be told; otherwise it is expected, or of a kind that this run does not look for.
    pub(crate) is_finding: bool,
    /// The places of its outcomes in the result, the one that stands for all first.
    pub(crate) outcomes: Vec<usize>,
}

/// What the chains came to in the run before.
pub(crate) struct Previous {
    /// Which run it is, in words.
    pub(crate) name: String,
    pub(crate) verdicts: BTreeMap<Key, Verdict>,
    /// What was found in it and is found no more: the verdict, and what it was.
    pub(crate) gone: Vec<(Verdict, String)>,
}

/// A place that annotated code declares.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) file: Utf8PathBuf,
    pub(crate) line: u32,
    /// What it is: `?`, `match arm`, …
    pub(crate) kind: String,
    /// What stands there.
    pub(crate) text: String,
    pub(crate) state: State,
    /// Its state in words, with the author's reason where one is given.
    pub(crate) words: String,
    pub(crate) is_site: bool,
}

/// How far a point has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum State {
    Tested,
    /// It ran because of failures that ended badly.
    Bad,
    /// It ran, and not because of an injected failure.
    Ran,
    NeverFailed,
    NeverReached,
    Excused,
}

impl State {
    pub(crate) const ALL: [State; 6] =
        [State::Tested, State::Bad, State::Ran, State::NeverFailed, State::NeverReached, State::Excused];

    /// As the page's styles name it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            State::Tested => "tested",
            State::Bad => "bad",
            State::Ran => "ran",
            State::NeverFailed => "never-failed",
            State::NeverReached => "never-reached",
            State::Excused => "excused",
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            State::Tested => "tested",
            State::Bad => "ran only under failures that ended badly",
            State::Ran => "ran only without an injected failure",
            State::NeverFailed => "reached but never failed",
            State::NeverReached => "never reached",
            State::Excused => "excused",
        }
    }
}

impl Subject<'_> {
    /// In the order of the result.
    pub(crate) fn outcomes(&self) -> Vec<&Outcome> {
        self.result.outcomes.values().collect()
    }

    /// What the outcome is, held against the run before.
    pub(crate) fn since(&self, outcome: &Outcome) -> Since {
        let Some(previous) = &self.previous else { return Since::Same };
        match previous.verdicts.get(&(outcome.test.clone(), outcome.id)) {
            None => Since::New,
            Some(before) if *before == outcome.verdict => Since::Same,
            Some(_) => Since::Changed,
        }
    }

    /// How many chains of the run before are not in this one.
    pub(crate) fn gone(&self) -> usize {
        let Some(previous) = &self.previous else { return 0 };
        previous.verdicts.keys().filter(|key| !self.result.outcomes.contains_key(key)).count()
    }
}
