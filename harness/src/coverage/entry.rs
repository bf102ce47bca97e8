//! One site or recovery arm as it is kept outside of the program that declares it.

use super::id::PointId;
use super::state::State;
use super::tally::Tally;
use crate::annotation::registry::Declared;
use crate::annotation::{Excuse, Kind};

/// A place in the source; ordered by file, line and column.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// What the author of an arm says of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Mark {
    /// No test can reach it, or none needs to.
    Untested(String),
    /// What failed may be dropped there.
    Benign(String),
}

/// What a point is, without what was counted of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Facts {
    pub(crate) place: Place,
    /// With its module: `cache::Cache<K, V>::insert`.
    pub(crate) function: String,
    pub(crate) kind: Word,
    pub(crate) text: String,
    /// For an arm: the call whose failure leads straight to it.
    pub(crate) site: Option<PointId>,
    pub(crate) mark: Option<Mark>,
}

/// A [`Kind`] with an order, for nothing but that merging has the same result in any order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Word(pub(crate) Kind);

impl PartialOrd for Word {
    fn partial_cmp(&self, other: &Word) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Word {
    fn cmp(&self, other: &Word) -> std::cmp::Ordering {
        (self.0 as u8).cmp(&(other.0 as u8))
    }
}

/// A point, and what was counted of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) facts: Facts,
    pub(crate) tally: Tally,
}

impl Entry {
    /// A point of this program, of which nothing is counted; `ids` are those of all its points.
    pub(crate) fn of(declared: &Declared, number: usize, ids: &[PointId]) -> Entry {
        let Declared { function, point } = declared;
        // The function's own points stand around this one.
        let first = number.checked_sub(point.place as usize);
        let site = first.zip(point.site).and_then(|(first, site)| ids.get(first + site as usize));
        let facts = Facts {
            place: Place { file: function.file.to_owned(), line: point.line, column: point.column },
            function: format!("{}::{}", function.module, function.name),
            kind: Word(point.kind),
            text: point.text.to_owned(),
            site: site.copied(),
            mark: match point.excuse {
                Excuse::None => None,
                Excuse::Untested(reason) => Some(Mark::Untested(reason.to_owned())),
                Excuse::Benign(reason) => Some(Mark::Benign(reason.to_owned())),
            },
        };
        Entry { facts, tally: Tally::default() }
    }

    /// Adds what is known elsewhere of the same point. If it is described in two ways, the lesser one stays.
    pub(crate) fn merge(&mut self, other: Entry) {
        if other.facts < self.facts {
            self.facts = other.facts;
        }
        self.tally.merge(&other.tally);
    }

    pub(crate) fn is_site(&self) -> bool {
        self.facts.kind.0.is_site()
    }

    pub(crate) fn state(&self) -> State {
        State::of(&self.tally)
    }

    /// Whether nobody has to test it: it is marked, and the mark says the truth.
    pub(crate) fn is_excused(&self) -> bool {
        self.facts.mark.is_some() && self.state() != State::Tested
    }

    /// Whether it is marked as untested, and tested all the same.
    pub(crate) fn is_stale(&self) -> bool {
        matches!(self.facts.mark, Some(Mark::Untested(_))) && self.state() == State::Tested
    }
}
