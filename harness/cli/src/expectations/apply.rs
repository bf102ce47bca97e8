//! Expectations held against outcomes: what they excuse, and what of them is out of date.

use std::collections::{BTreeMap, HashSet};

use firsthit::Verdict;

use super::date::Date;
use super::entry::{Entry, Which};
use super::file::Expectations;
use super::function_path;
use crate::results::outcome::Outcome;

/// What an outcome is to the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// Nothing is to be done: the end is good, or of a kind that this run does not look for.
    Passed,
    /// A known finding, and the reason that it is one.
    Expected(String),
    /// To be told; with what the expectations have to say about it.
    Finding(Option<String>),
}

/// All outcomes and all entries, each with what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Applied {
    /// In the order of the outcomes.
    pub(crate) standings: Vec<Standing>,
    /// Entries that excuse nothing any more, a sentence an entry, with file, line and the cure.
    pub(crate) stale: Vec<String>,
    /// Entries that have expired, likewise.
    pub(crate) expired: Vec<String>,
}

/// Holds the expectations against the outcomes.
///
/// `denied` are the verdicts that are findings. `complete` says that every chain of every test was tried: only then is an
/// entry that matches nothing out of date. Otherwise, with filters, of a shard, after a stop or with new chains alone, an
/// entry is so only if its very chain was tried.
pub(crate) fn apply(
    expectations: &Expectations,
    outcomes: &[&Outcome],
    denied: &[Verdict],
    complete: bool,
    today: Date,
) -> Applied {
    let Expectations { path, entries } = expectations;
    let functions = functions(entries, outcomes);
    let mut met = vec![Met::default(); entries.len()];
    let mut standings = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        let is_about = |n: &usize| entries[*n].is_about(outcome, |function| functions[*n].contains(function));
        let about: Vec<usize> = (0..entries.len()).filter(is_about).collect();
        let mut excuse = None;
        for &n in &about {
            let excuses = entries[n].verdicts.contains(&outcome.verdict);
            met[n].good += usize::from(outcome.verdict.is_good());
            met[n].excused += usize::from(excuses);
            met[n].other += usize::from(!excuses && !outcome.verdict.is_good());
            // The first one that holds is named.
            if excuses && excuse.is_none() && !entries[n].has_expired(today) {
                excuse = Some(n);
            }
        }
        standings.push(match excuse {
            Some(n) => Standing::Expected(entries[n].reason.clone()),
            None if !denied.contains(&outcome.verdict) => Standing::Passed,
            None => Standing::Finding(note(expectations, outcome, &about)),
        });
    }
    let mut applied = Applied { standings, stale: Vec::new(), expired: Vec::new() };
    for (entry, met) in entries.iter().zip(met) {
        let named = format!("{path}:{}: {}", entry.line, entry.which);
        if let Some(last) = entry.expires.filter(|_| entry.has_expired(today)) {
            applied.expired.push(format!("{named}: has expired on {last}: fix it, or give it another day and reason"));
        } else if let Some(why) = stale(entry, &met, complete) {
            applied.stale.push(format!("{named}: {why}: take the entry out"));
        }
    }
    applied
}

/// For each entry the functions that its pattern matches, of all that there are: each name is taken apart once.
fn functions<'a>(entries: &[Entry], outcomes: &[&'a Outcome]) -> Vec<HashSet<&'a str>> {
    let frames = outcomes.iter().flat_map(|outcome| outcome.chain.iter().chain(&outcome.spawned_by));
    let names: HashSet<&str> = frames.map(|frame| frame.function.as_str()).collect();
    let parts: BTreeMap<&str, Vec<String>> = names.into_iter().map(|name| (name, function_path::parts(name))).collect();
    let matched = |entry: &Entry| match &entry.which {
        Which::Id(_) => HashSet::new(),
        Which::Through(pattern) => {
            parts.iter().filter(|(_, parts)| pattern.matches_parts(parts)).map(|(name, _)| *name).collect()
        }
    };
    entries.iter().map(matched).collect()
}

/// How many outcomes an entry is about, by what they came to.
#[derive(Clone, Default)]
struct Met {
    good: usize,
    excused: usize,
    other: usize,
}

/// Why an entry is out of date, if it is.
fn stale(entry: &Entry, met: &Met, complete: bool) -> Option<String> {
    // Other chains through a function can be elsewhere; of an identity there is one.
    let certain = complete || matches!(entry.which, Which::Id(_));
    match met {
        Met { good: 0, excused: 0, other: 0 } => complete.then(|| "matches no chain".to_owned()),
        Met { good: 1.., excused: 0, other: 0 } if certain => {
            Some(format!("expects {}, and what it matches ends well now", entry.words()))
        }
        _ => None,
    }
}

/// What the entries about a finding say, although none of them excuses it.
fn note(expectations: &Expectations, outcome: &Outcome, about: &[usize]) -> Option<String> {
    let Expectations { path, entries } = expectations;
    let expired = about.iter().map(|&n| &entries[n]).find(|entry| entry.verdicts.contains(&outcome.verdict));
    if let Some(Entry { line, expires: Some(last), .. }) = expired {
        return Some(format!("{path}:{line} excused this until {last}"));
    }
    let entry = &entries[*about.first()?];
    Some(format!("{path}:{} expects {}, not {}", entry.line, entry.words(), outcome.verdict))
}
