//! What a sweep says of its chains, held against what failing each request shows of them.

use std::collections::HashMap;

use firsthit::Verdict;
use serde::Serialize;

use crate::chains::symbols::Address;
use crate::verify::end::End;
use crate::verify::numbers::Nth;

/// By what a chain is known on both sides: return addresses of its own, of the place that spawned its thread, and so on.
pub(crate) type Key = Vec<Vec<Address>>;

/// A run that failed a request of a chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Hit {
    pub(crate) request: Nth,
    pub(crate) end: End,
}

/// In what the two sides differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A request failed on a chain that the sweep does not know.
    Missed,
    /// The sweep tells of a chain on which no request failed.
    Invented,
    /// The first hit ended otherwise than the sweep says.
    Otherwise,
    /// The first hit ended as the sweep says, and a later one otherwise.
    Later,
}

/// One chain of which the two sides do not say the same.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Difference {
    pub(crate) kind: Kind,
    pub(crate) key: Key,
    pub(crate) swept: Option<End>,
    /// The runs that differ, by their numbers.
    pub(crate) hits: Vec<Hit>,
}

/// What came of a comparison.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Comparison {
    /// How many chains both know, and say the same of.
    pub(crate) alike: usize,
    /// In the order of their kinds and numbers.
    pub(crate) differences: Vec<Difference>,
}

/// Compares all chains of a test. `shown` has the runs of a chain in the order of their numbers.
///
/// Where runs differ by themselves, the first hit is not the same request in each: then it does if any hit of the chain ended as
/// the sweep says. With `all`, every chain's first hit is among those that are shown.
pub(crate) fn compare(
    swept: &HashMap<Key, End>,
    shown: &HashMap<Key, Vec<Hit>>,
    varies: bool,
    all: bool,
) -> Comparison {
    let mut comparison = Comparison::default();
    for (key, hits) in shown {
        let of = |kind, swept, hits| Difference { kind, key: key.clone(), swept, hits };
        let Some(end) = swept.get(key).copied() else {
            comparison.differences.push(of(Kind::Missed, None, hits.clone()));
            continue;
        };
        let other: Vec<Hit> = hits.iter().filter(|hit| !hit.end.is_like(end)).copied().collect();
        let first_is_like = hits.first().is_some_and(|first| first.end.is_like(end));
        let is_like = if varies || !all { other.len() < hits.len() } else { first_is_like };
        match (is_like, other.is_empty()) {
            (true, true) => comparison.alike += 1,
            (true, false) => {
                comparison.alike += 1;
                comparison.differences.push(of(Kind::Later, Some(end), other));
            }
            (false, _) => comparison.differences.push(of(Kind::Otherwise, Some(end), other)),
        }
    }
    let untold =
        swept.iter().filter(|(key, end)| all && !shown.contains_key(*key) && end.verdict != Verdict::Unreached);
    let invented = untold.map(|(key, end)| Difference {
        kind: Kind::Invented,
        key: key.clone(),
        swept: Some(*end),
        hits: Vec::new(),
    });
    comparison.differences.extend(invented);
    let place = |difference: &Difference| (difference.kind, difference.hits.first().map(|hit| hit.request));
    comparison.differences.sort_by_key(place);
    comparison
}

#[cfg(test)]
mod tests {
    use firsthit::program::facts::Ending;

    use super::*;
    use crate::verify::end::ProcessEnd;

    const PASSED: End = End { verdict: Verdict::Absorbed, process: None };

    fn end(verdict: Verdict, ending: Ending) -> End {
        End { verdict, process: Some(ProcessEnd::new(ending)) }
    }

    fn key(offset: u64) -> Key {
        vec![vec![Address { module: None, offset }]]
    }

    fn hits(ends: &[(i64, End)]) -> Vec<Hit> {
        ends.iter().map(|(request, end)| Hit { request: Nth(*request), end: *end }).collect()
    }

    /// Kinds of differences, each with the chain and the numbers of the runs; and how many chains are alike.
    fn told(
        swept: &[(u64, End)],
        shown: &[(u64, Vec<Hit>)],
        varies: bool,
        all: bool,
    ) -> (usize, Vec<(Kind, Key, Vec<i64>)>) {
        let swept = swept.iter().map(|(chain, end)| (key(*chain), *end)).collect();
        let shown = shown.iter().map(|(chain, hits)| (key(*chain), hits.clone())).collect();
        let Comparison { alike, differences } = compare(&swept, &shown, varies, all);
        let numbers = |hits: &[Hit]| hits.iter().map(|hit| hit.request.0).collect();
        (alike, differences.into_iter().map(|one| (one.kind, one.key, numbers(&one.hits))).collect())
    }

    #[test]
    fn a_chain_is_missed_invented_or_ends_otherwise() {
        let (recovered, aborted) =
            (end(Verdict::Recovered, Ending::Exited(101)), end(Verdict::Aborted, Ending::Aborted));
        let swept = [(1, recovered), (2, recovered), (3, aborted)];
        let killed = end(Verdict::Aborted, Ending::Killed(6));
        let shown =
            [(1, hits(&[(4, recovered), (9, recovered)])), (2, hits(&[(5, killed)])), (7, hits(&[(6, recovered)]))];
        let differences =
            vec![(Kind::Missed, key(7), vec![6]), (Kind::Invented, key(3), vec![]), (Kind::Otherwise, key(2), vec![5])];
        assert_eq!(told(&swept, &shown, false, true), (1, differences));
        let all_shown = [(1, hits(&[(4, recovered)])), (2, hits(&[(5, recovered)])), (3, hits(&[(6, killed)]))];
        assert_eq!(told(&swept, &all_shown, false, true), (3, vec![]), "an abort is the signal's");
    }

    #[test]
    fn the_same_verdict_with_another_end_of_the_process_is_another_end() {
        let exited = |status| end(Verdict::Recovered, Ending::Exited(status));
        let shown = [(1, hits(&[(4, exited(101))]))];
        assert_eq!(told(&[(1, exited(1))], &shown, false, true).1, [(Kind::Otherwise, key(1), vec![4])]);
        let unknown = End { verdict: Verdict::Recovered, process: None };
        assert_eq!(told(&[(1, unknown)], &shown, false, true), (1, vec![]));
    }

    #[test]
    fn a_later_hit_that_ends_otherwise_is_told_apart() {
        let aborted = end(Verdict::Aborted, Ending::Aborted);
        let shown = [(1, hits(&[(4, PASSED), (9, aborted), (12, PASSED)]))];
        assert_eq!(told(&[(1, PASSED)], &shown, false, true), (1, vec![(Kind::Later, key(1), vec![9])]));
        assert_eq!(told(&[(1, aborted)], &shown, false, true), (0, vec![(Kind::Otherwise, key(1), vec![4, 12])]));
        let varies = (1, vec![(Kind::Later, key(1), vec![4, 12])]);
        assert_eq!(told(&[(1, aborted)], &shown, true, true), varies, "the first hit is another one in each run");
    }

    #[test]
    fn a_chain_that_the_sweep_did_not_meet_again_is_no_claim_of_its() {
        let unreached = end(Verdict::Unreached, Ending::NotMet);
        assert_eq!(told(&[(1, unreached)], &[], false, true), (0, vec![]));
        let shown = [(1, hits(&[(4, PASSED)]))];
        assert_eq!(told(&[(1, unreached)], &shown, false, true).1, [(Kind::Otherwise, key(1), vec![4])]);
        assert_eq!(told(&[(1, PASSED)], &[], false, false), (0, vec![]), "not every first hit was shown");
    }
}
