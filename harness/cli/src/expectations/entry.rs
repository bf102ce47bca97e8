//! One expectation: which chains it is about, what they may come to, why, and until when.

use std::fmt;

use firsthit::Verdict;

use super::date::Date;
use super::pattern::{Pattern, TestPattern};
use crate::results::outcome::Outcome;

/// An entry of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Where it begins, counted from 1.
    pub(crate) line: usize,
    pub(crate) which: Which,
    pub(crate) test: Option<TestPattern>,
    /// At least one.
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) reason: String,
    /// The last day on which it holds.
    pub(crate) expires: Option<Date>,
}

/// How chains are named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Which {
    /// A function that is in the chain, or in that of the thread's spawning.
    Through(Pattern),
    /// The identity, or its first digits.
    Id(String),
}

impl Entry {
    /// Whether it is about the chain, whatever that came to. `matches` says whether its pattern matches a function.
    pub(super) fn is_about(&self, outcome: &Outcome, matches: impl Fn(&str) -> bool) -> bool {
        let named = match &self.which {
            Which::Id(digits) => outcome.id.to_string().starts_with(digits),
            Which::Through(_) => {
                let mut frames = outcome.chain.iter().chain(&outcome.spawned_by);
                frames.any(|frame| matches(&frame.function))
            }
        };
        named && self.test.as_ref().is_none_or(|test| test.matches(&outcome.test))
    }

    /// Whether it holds no longer.
    pub(crate) fn has_expired(&self, today: Date) -> bool {
        self.expires.is_some_and(|last| last < today)
    }

    /// Its verdicts in words.
    pub(crate) fn words(&self) -> String {
        let words: Vec<&str> = self.verdicts.iter().map(|verdict| verdict.as_str()).collect();
        words.join(" or ")
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Which::Through(pattern) => write!(f, "chain {pattern}"),
            Which::Id(digits) => write!(f, "id {digits}"),
        }
    }
}
