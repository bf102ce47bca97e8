//! Recovery coverage: what of the failures that were tried, and of the recovery arms that are declared, is tested.

use std::collections::BTreeMap;
use std::fmt;

use camino::Utf8PathBuf;
use firsthit::Verdict;
use firsthit::coverage::door::Progress;

use crate::contents::arms::{self, Arms, ended_well};
use crate::contents::gather::Contents;

/// One thing that is tested or not: a chain, or a recovery arm.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tried {
    /// It was tried this often with a good end.
    Well(u64),
    /// It was tried, or ran, and has not been seen to end well.
    Badly,
    /// Nothing came there.
    Never,
}

/// What is to be tested in one line, the chains first.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Line {
    /// The chains that ask for memory there, by their identities.
    pub(crate) chains: Vec<Tried>,
    /// The recovery arms, the excused ones left out.
    pub(crate) arms: Vec<Tried>,
}

impl Line {
    /// Chains and arms in this order.
    pub(crate) fn all(&self) -> impl Iterator<Item = Tried> {
        self.chains.iter().chain(&self.arms).copied()
    }

    /// How often a failure there ended well.
    pub(crate) fn hits(&self) -> u64 {
        self.all().fold(0, |sum, tried| match tried {
            Tried::Well(count) => sum.saturating_add(count),
            Tried::Badly | Tried::Never => sum,
        })
    }
}

/// How many of several things are tested.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Rate {
    pub(crate) tested: u64,
    pub(crate) all: u64,
}

impl Rate {
    /// Of a line, or of several.
    pub(crate) fn of(tried: impl Iterator<Item = Tried>) -> Rate {
        tried.fold(Rate::default(), |Rate { tested, all }, tried| Rate {
            tested: tested + u64::from(matches!(tried, Tried::Well(_))),
            all: all + 1,
        })
    }

    /// As a part of 1; 1 of nothing.
    pub(crate) fn part(self) -> f64 {
        if self.all == 0 { 1.0 } else { self.tested as f64 / self.all as f64 }
    }

    /// In hundredths of a per cent, rounded down; all of nothing.
    pub(crate) fn hundredths(self) -> u64 {
        self.tested.saturating_mul(10_000).checked_div(self.all).unwrap_or(10_000)
    }
}

/// What recovery coverage is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Counted {
    /// Declared recovery arms that are not excused.
    Arms,
    /// Where nothing is declared: call chains that were to be failed.
    Chains,
}

impl Counted {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Counted::Arms => "recovery arms",
            Counted::Chains => "call chains",
        }
    }
}

/// The recovery coverage of a run as one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Recovery {
    pub(crate) counted: Counted,
    pub(crate) rate: Rate,
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Recovery { counted, rate } = self;
        let hundredths = rate.hundredths();
        let (whole, rest) = (hundredths / 100, hundredths % 100);
        write!(f, "{whole}.{rest:02} % ({} of {} {})", rate.tested, rate.all, counted.word())
    }
}

/// A failure that ended well is tested; one that was planned and not met again was never tried.
fn chain(verdict: Verdict) -> Tried {
    match verdict {
        Verdict::Unreached => Tried::Never,
        verdict if verdict.is_good() => Tried::Well(1),
        _ => Tried::Badly,
    }
}

impl Contents {
    /// Of recovery arms that are declared and not excused, those that are tested; without any, of the chains that were to be
    /// failed those that ended well.
    pub(crate) fn recovery(&self) -> Recovery {
        if let Some(arms) = self.arms.as_ref().filter(|arms| arms.wanted() > 0) {
            let rate = Rate { tested: arms.tested() as u64, all: arms.wanted() as u64 };
            return Recovery { counted: Counted::Arms, rate };
        }
        let rate = Rate::of(self.result.outcomes.values().map(|outcome| chain(outcome.verdict)));
        Recovery { counted: Counted::Chains, rate }
    }

    /// By file and line. A chain whose asking line in the workspace is not known is in none.
    pub(crate) fn recovery_lines(&self) -> BTreeMap<Utf8PathBuf, BTreeMap<u32, Line>> {
        let mut files: BTreeMap<Utf8PathBuf, BTreeMap<u32, Line>> = BTreeMap::new();
        let outcomes: Vec<_> = self.result.outcomes.values().collect();
        for (file, lines) in &self.lines {
            for (number, line) in lines.iter().filter(|(_, line)| !line.outcomes.is_empty()) {
                let ends = line.outcomes.iter().filter_map(|number| outcomes.get(*number));
                let chains = ends.map(|outcome| chain(outcome.verdict)).collect();
                files.entry(file.clone()).or_default().insert(*number, Line { chains, arms: Vec::new() });
            }
        }
        let declared = self.arms.iter().flat_map(Arms::arms).filter(|arm| arm.excuse.is_none());
        for arm in declared {
            let tried = match arm.state {
                Progress::Tested => Tried::Well(ended_well(arm)),
                Progress::OnlyBadly | Progress::OnlyWithoutInjection | Progress::NeverFailed => Tried::Badly,
                Progress::NeverReached => Tried::Never,
            };
            let file = arms::file(arm, self.root.as_deref());
            files.entry(file).or_default().entry(arm.line).or_default().arms.push(tried);
        }
        files
    }
}
