//! How many chains failed, and what came of them.

use super::finding::Finding;
use crate::verdict::Verdict;

/// The counts, one verdict after the other in the order of [`Verdict::ALL`], and the chains that never failed apart.
///
/// `allowed` more were found and accepted.
pub(super) fn lines(findings: &[Finding], allowed: usize) -> Vec<String> {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let unreached = count(Verdict::Unreached);
    let failed = findings.len() - unreached + allowed;
    let pairs =
        findings.iter().filter(|finding| finding.second.is_some() && finding.verdict != Verdict::Unreached).count();
    let mut lines = Vec::new();
    if failed == 0 {
        lines.push("no chain failed: nothing was injected".to_owned());
    } else {
        let counts = Verdict::ALL.into_iter().filter(|&verdict| verdict != Verdict::Unreached);
        let counts = counts.map(|verdict| (verdict, count(verdict))).filter(|&(_, count)| count != 0);
        let mut counts: Vec<String> = counts.map(|(verdict, count)| format!("{count} {verdict}")).collect();
        if allowed > 0 {
            counts.push(format!("{allowed} allowed"));
        }
        let mut what = Vec::new();
        match failed - pairs {
            0 => {}
            1 => what.push("1 chain failed once".to_owned()),
            chains => what.push(format!("{chains} chains failed once each")),
        }
        match pairs {
            0 => {}
            1 => what.push("1 pair of chains failed together".to_owned()),
            pairs => what.push(format!("{pairs} pairs of chains failed together")),
        }
        lines.push(format!("{}: {}", what.join(" and "), counts.join(", ")));
    }
    match unreached {
        0 => {}
        1 => lines.push("1 chain was planned and not met again: 1 unreached".to_owned()),
        _ => lines.push(format!("{unreached} chains were planned and not met again: {unreached} unreached")),
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::explain::finding::Finding;
    use crate::explain::sample::{chain, finding};
    use crate::verdict::Verdict;

    fn several(counts: &[(usize, Verdict)]) -> Vec<Finding> {
        counts.iter().flat_map(|&(count, verdict)| vec![finding(verdict, &["demo::f"]); count]).collect()
    }

    #[test]
    fn verdicts_are_counted_in_one_order() {
        let findings = several(&[(2, Verdict::Leaked), (10, Verdict::Aborted), (30, Verdict::Recovered)]);
        assert_eq!(lines(&findings, 0), ["42 chains failed once each: 30 recovered, 10 aborted, 2 leaked"]);
        assert_eq!(lines(&several(&[(1, Verdict::Hung)]), 0), ["1 chain failed once: 1 hung"]);
    }

    #[test]
    fn chains_that_were_not_met_again_did_not_fail() {
        let findings = several(&[(1, Verdict::Unreached), (2, Verdict::Absorbed)]);
        assert_eq!(
            lines(&findings, 0),
            ["2 chains failed once each: 2 absorbed", "1 chain was planned and not met again: 1 unreached"]
        );
        assert_eq!(
            lines(&several(&[(3, Verdict::Unreached)]), 0),
            ["no chain failed: nothing was injected", "3 chains were planned and not met again: 3 unreached"]
        );
        assert_eq!(lines(&[], 0), ["no chain failed: nothing was injected"]);
    }

    #[test]
    fn pairs_are_counted_apart() {
        let mut findings = several(&[(3, Verdict::Recovered), (1, Verdict::Aborted)]);
        findings[3].second = Some(chain(&["demo::g"]));
        assert_eq!(
            lines(&findings, 0),
            ["3 chains failed once each and 1 pair of chains failed together: 3 recovered, 1 aborted"]
        );
    }
    #[test]
    fn what_is_allowed_failed_too() {
        let findings = several(&[(1, Verdict::Recovered)]);
        assert_eq!(lines(&findings, 2), ["3 chains failed once each: 1 recovered, 2 allowed"]);
    }
}
