//! Which requests of a run are failed: all of them, or an even share with every chain's first.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A request by its number in the run, from 1. Those of the program's first thread, which waits for the test's, are counted apart
/// and have negative numbers: which of the two asks first is chance.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub(crate) struct Nth(pub(crate) i64);

impl fmt::Display for Nth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {}", self.0)
    }
}

impl FromStr for Nth {
    type Err = String;

    fn from_str(word: &str) -> Result<Nth, String> {
        let number = word.parse().ok().filter(|number| *number != 0);
        number.map(Nth).ok_or_else(|| {
            format!("{word:?} is no request: they are numbered from 1, and those of the first thread from -1 downwards")
        })
    }
}

/// Whose requests are counted together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lane {
    /// All threads but the first: the test's, and those that it spawns.
    Others,
    /// The program's first thread.
    First,
}

impl Lane {
    /// Whether a request is one of it.
    pub(crate) fn has(self, request: Nth) -> bool {
        (request.0 < 0) == (self == Lane::First)
    }

    fn nth(self, number: u64) -> Nth {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        Nth(if self == Lane::First { -number } else { number })
    }
}

/// Which requests of a lane are failed.
#[derive(Clone, Debug)]
pub(crate) enum Numbers {
    /// Every one, until a run has no more.
    All { lane: Lane, most: u64 },
    /// These.
    Some(BTreeSet<u64>, Lane),
}

impl Numbers {
    /// Of a test whose runs make at most so many requests in the lane, of which these are the first of a chain. More than
    /// `limit` are not failed, but for first ones.
    pub(crate) fn of(lane: Lane, most: u64, firsts: &[Nth], limit: u64) -> Numbers {
        if most <= limit {
            return Numbers::All { lane, most };
        }
        let spread = (0..limit).map(|place| 1 + (u128::from(place) * u128::from(most) / u128::from(limit)) as u64);
        let firsts = firsts.iter().filter(|first| lane.has(**first)).map(|first| first.0.unsigned_abs());
        Numbers::Some(spread.chain(firsts).collect(), lane)
    }

    /// The numbers from the lowest on. Where all are meant, `is_past` says whether a run has had fewer requests.
    pub(crate) fn iter<'a>(&'a self, is_past: &'a dyn Fn() -> bool) -> Box<dyn Iterator<Item = Nth> + 'a> {
        match self {
            Numbers::All { lane, most } => {
                let numbers = (1..).take_while(move |number| number <= most || !is_past());
                Box::new(numbers.map(|number| lane.nth(number)))
            }
            Numbers::Some(numbers, lane) => Box::new(numbers.iter().map(|number| lane.nth(*number))),
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Numbers::All { most, .. } => *most,
            Numbers::Some(numbers, _) => numbers.len() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn numbers(numbers: &[i64]) -> Vec<Nth> {
        numbers.iter().copied().map(Nth).collect()
    }

    #[test]
    fn all_go_on_until_a_run_has_no_more() {
        let past = Cell::new(false);
        let is_past = || past.get();
        let all = Numbers::of(Lane::First, 3, &[Nth(-2)], 10);
        let mut iter = all.iter(&is_past);
        past.set(true);
        assert_eq!(
            iter.by_ref().take(3).collect::<Vec<_>>(),
            numbers(&[-1, -2, -3]),
            "one that had fewer stops nothing"
        );
        past.set(false);
        assert_eq!(iter.next(), Some(Nth(-4)));
        past.set(true);
        assert_eq!(iter.next(), None);
    }

    #[test]
    fn a_share_is_even_and_has_every_first_of_its_lane() {
        let firsts = numbers(&[1, 999, -7]);
        let share = Numbers::of(Lane::Others, 1000, &firsts, 4);
        assert_eq!(share.iter(&|| true).collect::<Vec<_>>(), numbers(&[1, 251, 501, 751, 999]));
        assert_eq!(share.count(), 5);
        let none = Numbers::of(Lane::First, 10, &firsts, 0);
        assert_eq!(none.iter(&|| true).collect::<Vec<_>>(), numbers(&[-7]), "first ones alone");
    }

    #[test]
    fn there_is_no_request_of_number_0() {
        assert_eq!("-3".parse(), Ok(Nth(-3)));
        assert!("0".parse::<Nth>().unwrap_err().contains("from 1") && "x".parse::<Nth>().is_err());
    }
}
