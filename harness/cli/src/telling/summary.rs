//! What a run came to in a few lines: counts, tests that could not be swept, and the lines that abort.

use std::collections::BTreeMap;

use firsthit::{SecondFailures, Verdict};

use crate::contents::summary::{Aborting, Summary};
use crate::in_words::several;
use crate::telling::look::Look;

/// Of more lines that abort, those with fewest chains are only counted.
const LINES_MAX: usize = 20;

/// `30 recovered, 10 aborted`, in the order of the verdicts.
fn counted(counts: &BTreeMap<Verdict, usize>, verdicts: &[Verdict], look: Look) -> String {
    let of =
        |verdict: &Verdict| counts.get(verdict).map(|count| look.of_verdict(*verdict, &format!("{count} {verdict}")));
    verdicts.iter().filter_map(of).collect::<Vec<_>>().join(", ")
}

/// How much of depth 2 was done.
fn told_second(second: SecondFailures) -> String {
    let why = if second.left > 0 { ": more than --pairs-max" } else { "" };
    format!("depth 2: {second}{why}")
}

impl Summary {
    /// The numbers in words, and the lines that abort: all of them, or those with most chains.
    pub(crate) fn told(&self, look: Look, all: bool) -> String {
        let Summary { not_swept, notes, left_out, .. } = self;
        let mut lines = vec![self.failed(look)];
        lines.extend(self.second_failures.map(told_second));
        lines.extend(self.second_opinions.told());
        let sum = |counts: &BTreeMap<Verdict, usize>| counts.get(&Verdict::Unreached).copied().unwrap_or(0);
        let were = |count: u64| if count == 1 { "1 chain was".to_owned() } else { format!("{count} chains were") };
        let options = [
            (sum(&self.verdicts) as u64, "planned and not met again"),
            (left_out.seen_before, "known from earlier sweeps and not failed again (--new)"),
            (left_out.other_shards, "left to the other shards (--shard)"),
            (left_out.not_asked_for, "not touched by the changes (--in-diff)"),
        ];
        let counted = options.into_iter().filter(|(count, _)| *count > 0);
        lines.extend(counted.map(|(count, why)| format!("{} {why}", were(count))));
        lines.extend(not_swept.iter().chain(notes).cloned());
        if !self.aborting.is_empty() {
            lines.extend(self.aborting(look, all));
        }
        lines.join("\n")
    }

    /// `12 chains of 3 tests failed once each: 11 recovered, 1 leaked`
    fn failed(&self, look: Look) -> String {
        let Summary { verdicts, expected, swept, .. } = self;
        let delivered: Vec<Verdict> =
            Verdict::ALL.into_iter().filter(|verdict| *verdict != Verdict::Unreached).collect();
        let of = |verdict: &Verdict| verdicts.get(verdict).into_iter().chain(expected.get(verdict)).sum::<usize>();
        let failed: usize = delivered.iter().map(of).sum();
        let tests = several(*swept, "test", "tests");
        let mut parts = vec![counted(verdicts, &delivered, look)];
        let known: usize = expected.values().sum();
        if known > 0 {
            parts.push(format!("{known} expected ({})", counted(expected, &Verdict::ALL, Look::PLAIN)));
        }
        parts.retain(|part| !part.is_empty());
        let colon = if parts.is_empty() { "" } else { ": " };
        let what = match failed {
            0 => format!("no chain of {tests} failed"),
            _ => {
                let pairs = self.second_failures.map_or(0, |second| second.failed.min(failed));
                let together = match pairs {
                    0 => String::new(),
                    _ => format!(" and {} together", several(pairs, "pair", "pairs")),
                };
                format!("{} of {tests} failed once each{together}", several(failed - pairs, "chain", "chains"))
            }
        };
        format!("{}{colon}{}", look.strong(&what), parts.join(", "))
    }

    fn aborting(&self, look: Look, all: bool) -> Vec<String> {
        let aborting = &self.aborting;
        let chains: usize = aborting.iter().map(|line| line.chains).sum();
        let abort = several(chains, "call chain aborts", "call chains abort");
        let (lines, cause) = match (aborting.len(), chains) {
            (1, 1) => ("this line causes".to_owned(), "it"),
            (1, _) => ("this line causes".to_owned(), "them"),
            (lines, _) => (format!("these {lines} lines cause"), "them"),
        };
        let mut told = vec![format!("{abort} the process when memory runs out; {lines} {cause}:")];
        let shown = if all { aborting.len() } else { aborting.len().min(LINES_MAX) };
        let digits = aborting[0].chains.to_string().len();
        let width = aborting[..shown].iter().map(|line| line.place.chars().count()).max().unwrap_or(0).min(60);
        told.extend(aborting[..shown].iter().map(|Aborting { function, place, chains }| {
            format!(
                "  {}  {place:<width$}  {}",
                look.of_verdict(Verdict::Aborted, &format!("{chains:>digits$}")),
                look.quiet(function)
            )
        }));
        let rest = &aborting[shown..];
        if !rest.is_empty() {
            let chains: usize = rest.iter().map(|line| line.chains).sum();
            let what = format!(
                "and {} with {}: --verbose names them",
                several(rest.len(), "line", "lines"),
                several(chains, "chain", "chains")
            );
            told.push(format!("  {}", look.quiet(&what)));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expectations::apply::Standing;
    use crate::results::sample::{frame, outcome, swept};
    use crate::results::swept::{Ended, Swept};

    #[test]
    fn the_text_counts_and_names_the_lines_that_abort() {
        let at = |chain, line, standing| {
            let mut outcome = outcome("a", chain, Verdict::Aborted);
            if let Some(asked) = &mut outcome.asked {
                asked.by = Some(frame("demo::f", "src/store.rs", line, crate::chains::frame::Owner::Workspace));
            }
            (outcome, standing)
        };
        let expected = || Standing::Expected("known".to_owned());
        let mut outcomes = vec![
            at(1, 7, Standing::Finding(None)),
            at(2, 120, Standing::Finding(None)),
            at(3, 120, Standing::Passed),
            at(4, 5, expected()),
            (outcome("a", 1, Verdict::Recovered), Standing::Passed),
            (outcome("a", 1, Verdict::Hung), expected()),
            (outcome("a", 1, Verdict::Unreached), Standing::Finding(None)),
        ];
        outcomes[0].0.asked = None;
        let tests = [swept("a", 1), Swept { ended: Ended::Unstable("two\nlines".to_owned()), ..swept("t", 1) }];
        assert_eq!(
            Summary::of_judged(&outcomes, &tests).told(Look::PLAIN, false),
            "6 chains of 1 test failed once each: 1 recovered, 3 aborted, 2 expected (1 aborted, 1 hung)\n\
             1 chain was planned and not met again\n\
             demo t differs from run to run: two | lines\n\
             3 call chains abort the process when memory runs out; these 2 lines cause them:\n\
             \u{20} 2  src/store.rs:120  Vec::push\n\
             \u{20} 1  src/store.rs:12   malloc"
        );
        assert_eq!(Summary::of_judged(&outcomes, &tests).findings, 3);
        let single = Summary::of_judged(&outcomes[..1], &[swept("a", 1), swept("b", 1)]).told(Look::PLAIN, false);
        assert!(single.starts_with("1 chain of 2 tests failed once each: 1 aborted\n1 call chain aborts"), "{single}");
        assert!(single.contains("runs out; this line causes it:\n  1  src/store.rs:12  malloc"), "{single}");
        assert_eq!(Summary::of_judged(&[], &[]).told(Look::PLAIN, false), "no chain of 0 tests failed");
    }
}
