//! Findings with one cause, put together and in order.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::chain;
use super::finding::{Chain, Finding, What};
use super::frames::{Frames, Owner};
use super::name;
use crate::verdict::Verdict;

/// Findings that one change to the code would mend.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The finding with the shortest chain.
    pub(super) shown: &'a Finding,
    /// How many more there are.
    pub(super) others: usize,
}

/// Two findings have one cause if all of this is equal. The order of the fields is the order of the report.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    verdict: Reverse<Verdict>,
    at: Point,
    /// The name of a fail point, whatever it returned.
    point: Option<String>,
    second: Option<Point>,
    panics_at: Option<String>,
    leaked_at: Vec<Point>,
    stands_at: Option<Point>,
}

/// The function of a chain that tells where the cause lies, and the line in it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    /// The user's own code comes before what it depends on, and that before the rest.
    distance: u8,
    /// As it is shown, so that the order does not hang on where the user's folders are.
    path: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    function: String,
}

/// The findings that are not good, the most severe first, then by file and line.
pub(super) fn groups<'a>(frames: Frames<'_>, findings: &'a [Finding]) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<Cause, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| !finding.verdict.is_good()) {
        groups.entry(cause(frames, finding)).or_default().push(finding);
    }
    let group = |findings: Vec<&'a Finding>| {
        // What the length leaves open, the text decides, so that the order in which chains were tried does not.
        let length = |finding: &&Finding| {
            let lines = chain::lines(frames, &finding.chain);
            let alternative = match &finding.failed {
                What::Point(point) => point.number,
                What::Request(_) | What::Told(_) => 0,
            };
            (lines.len(), finding.chain.len(), lines, alternative, finding.replay.clone())
        };
        let others = findings.len() - 1;
        findings.into_iter().min_by_key(length).map(|shown| Group { shown, others })
    };
    groups.into_values().filter_map(group).collect()
}

fn cause(frames: Frames<'_>, finding: &Finding) -> Cause {
    let point = |chain: &Chain| point(frames, chain);
    let mut leaked_at: Vec<Point> = finding.leaks.iter().map(|leak| point(&leak.chain)).collect();
    leaked_at.sort();
    leaked_at.dedup();
    Cause {
        verdict: Reverse(finding.verdict),
        at: point(&finding.chain),
        point: match &finding.failed {
            What::Point(point) => Some(point.name.clone()),
            What::Request(_) | What::Told(_) => None,
        },
        second: finding.second.as_ref().map(point),
        panics_at: finding.evidence.iter().find_map(|line| panic_location(line)).map(str::to_owned),
        leaked_at,
        stands_at: finding.stood.as_ref().map(point),
    }
}

fn point(frames: Frames<'_>, chain: &Chain) -> Point {
    match chain::cause(frames, chain) {
        Some((symbol, owner)) => Point {
            distance: match owner {
                Owner::User => 0,
                Owner::Dependency(_) => 1,
                Owner::Std(_) | Owner::Firsthit | Owner::Nameless => 2,
            },
            path: frames.path(symbol),
            line: symbol.line,
            column: symbol.column,
            // One line of generic code is one cause, whatever types it was compiled for.
            function: name::plain(&symbol.function),
        },
        None => Point { distance: 3, path: None, line: None, column: None, function: String::new() },
    }
}

/// The `file:line:column` of a panic's first line, with or without the thread's name before it.
fn panic_location(evidence: &str) -> Option<&str> {
    let (_, rest) = evidence.split_once("panicked at ")?;
    let location = rest.lines().next()?;
    let location = location.split_once(": ").map_or(location, |(location, _)| location);
    Some(location.trim_end_matches(':'))
}

#[cfg(test)]
mod tests {
    use super::{Frames, groups, panic_location};
    use crate::explain::finding::{self, Finding, Leak, What};
    use crate::explain::sample::{chain, finding};
    use crate::verdict::Verdict;
    use std::path::Path;

    fn counts(findings: &[Finding]) -> Vec<(Verdict, Option<u32>, usize)> {
        let groups = groups(Frames { base: Path::new("/home/ann/demo") }, findings);
        let last = |finding: &Finding| finding.chain.last().unwrap().line;
        groups.iter().map(|group| (group.shown.verdict, last(group.shown), group.others + 1)).collect()
    }

    #[test]
    fn one_cause_reached_by_several_ways_is_one_group_under_its_shortest_chain() {
        let push = "alloc::vec::Vec<T,A>::push alloc/src/vec/mod.rs:2600:9";
        let grow = "alloc::raw_vec::RawVec<T,A>::grow_one alloc/src/raw_vec.rs:1:1";
        let token = "demo::token src/lib.rs:10:5";
        let findings = [
            finding(Verdict::Aborted, &[push, token, "demo::run src/lib.rs:20:5", "demo::main src/lib.rs:30:5"]),
            finding(Verdict::Aborted, &[grow, push, token, "demo::other src/lib.rs:40:5"]),
            finding(Verdict::Aborted, &[push, token, "demo::other src/lib.rs:40:5"]),
        ];
        assert_eq!(counts(&findings), [(Verdict::Aborted, Some(40), 3)]);
        let groups = groups(Frames { base: Path::new("/home/ann/demo") }, &findings);
        assert_eq!(groups[0].shown.chain.len(), 3);
    }

    #[test]
    fn another_verdict_column_or_function_is_another_cause() {
        let findings = [
            finding(Verdict::Aborted, &["demo::token src/lib.rs:10:5"]),
            finding(Verdict::Aborted, &["demo::token src/lib.rs:10:9"]),
            finding(Verdict::Aborted, &["demo::token<u8> src/lib.rs:10:5"]),
            finding(Verdict::Aborted, &["demo::other src/lib.rs:10:5"]),
            finding(Verdict::Panicked, &["demo::token src/lib.rs:10:5"]),
        ];
        assert_eq!(counts(&findings).len(), 4);
    }

    #[test]
    fn alternatives_of_one_fail_point_are_one_cause_and_another_point_is_not() {
        let at = |name: &str, number| Finding {
            failed: What::Point(finding::Point { name: name.to_owned(), number, count: 2, text: "Err(a)".to_owned() }),
            ..finding(Verdict::Swallowed, &["demo::write src/lib.rs:10:5"])
        };
        let findings =
            [at("a", 1), at("a", 2), at("b", 1), finding(Verdict::Swallowed, &["demo::write src/lib.rs:10:5"])];
        let counts: Vec<_> = counts(&findings).into_iter().map(|(_, _, count)| count).collect();
        assert_eq!(counts, [1, 2, 1]);
        let reversed = [at("a", 2), Finding { replay: "z".to_owned(), ..at("a", 1) }];
        let groups = groups(Frames { base: Path::new("/home/ann/demo") }, &reversed);
        assert_eq!(groups[0].shown.failed, at("a", 1).failed);
    }

    #[test]
    fn panics_leaks_hangs_and_second_failures_are_told_apart_by_where_they_happen() {
        let at = |verdict| finding(verdict, &["demo::token src/lib.rs:10:5"]);
        let panic = |text: &str| Finding { evidence: vec![text.to_owned()], ..at(Verdict::Panicked) };
        let panics = [
            panic("panicked at src/lib.rs:1:5: called `Option::unwrap()`"),
            panic("thread 'a' panicked at src/lib.rs:1:5:\nother words"),
            panic("panicked at src/lib.rs:2:5: called `Option::unwrap()`"),
        ];
        assert_eq!(counts(&panics).len(), 2);
        let leak = |places: &[&str]| Finding {
            leaks: places.iter().map(|place| Leak { bytes: 1, count: 1, chain: chain(&[place]) }).collect(),
            ..at(Verdict::Leaked)
        };
        let (a, b) = ("demo::a src/lib.rs:1:1", "demo::b src/lib.rs:2:1");
        assert_eq!(counts(&[leak(&[a, b]), leak(&[b, a, a]), leak(&[a])]).len(), 2);
        let hang = |place| Finding { stood: Some(chain(&[place])), ..at(Verdict::Hung) };
        assert_eq!(counts(&[hang(a), hang(b), hang(b)]).len(), 2);
        let second = |place| Finding { second: Some(chain(&[place])), ..at(Verdict::Aborted) };
        assert_eq!(counts(&[second(a), second(b), second(b)]).len(), 2);
    }

    #[test]
    fn severity_comes_first_then_file_then_line_whatever_the_order_of_discovery() {
        let mut findings = vec![
            finding(Verdict::Leaked, &["demo::z src/a.rs:1:1"]),
            finding(Verdict::Aborted, &["demo::a src/b.rs:9:1"]),
            finding(Verdict::Recovered, &["demo::good src/a.rs:5:1"]),
            finding(Verdict::Aborted, &["demo::b src/b.rs:10:1"]),
            finding(Verdict::Aborted, &["demo::z src/a.rs:11:1"]),
            finding(Verdict::Corrupted, &["demo::z src/z.rs:12:1"]),
        ];
        let ordered = counts(&findings);
        let lines: Vec<u32> = ordered.iter().filter_map(|group| group.1).collect();
        assert_eq!(lines, [12, 11, 9, 10, 1]);
        findings.reverse();
        assert_eq!(counts(&findings), ordered);
    }

    #[test]
    fn the_users_own_code_comes_before_its_dependencies() {
        let findings = [
            finding(Verdict::Aborted, &["libc.so.6+0x12"]),
            finding(Verdict::Aborted, &["arena::grow dep/arena-1.2.0/src/lib.rs:2:1"]),
            finding(Verdict::Aborted, &["demo::z src/z.rs:1:1"]),
        ];
        let lines: Vec<Option<u32>> = counts(&findings).iter().map(|group| group.1).collect();
        assert_eq!(lines, [Some(1), Some(2), None]);
    }

    #[test]
    fn the_location_of_a_panic_is_found_in_each_of_its_forms() {
        assert_eq!(panic_location("panicked at src/lib.rs:10:5: no: value"), Some("src/lib.rs:10:5"));
        assert_eq!(panic_location("thread 'main' (7) panicked at src/lib.rs:10:5:\nno"), Some("src/lib.rs:10:5"));
        assert_eq!(panic_location(r"panicked at C:\demo\lib.rs:10:5: no"), Some(r"C:\demo\lib.rs:10:5"));
        assert_eq!(panic_location("leaked 64 bytes"), None);
        assert_eq!(panic_location("panicked at "), None);
    }
}
