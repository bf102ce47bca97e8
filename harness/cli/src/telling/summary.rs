//! What a run came to in a few lines: counts, tests that could not be swept, and the lines that abort.

use std::collections::BTreeMap;

use firsthit::Verdict;

use crate::exit_code::ExitCode;
use crate::expectations::apply::Standing;
use crate::outputs::line::{innermost, one_line, place};
use crate::results::outcome::Outcome;
use crate::results::swept::{Chains, Ended, Swept};
use crate::telling::look::Look;

/// Of more lines that abort, those with fewest chains are only counted.
const LINES_MAX: usize = 20;

/// How a run ended, of which each has an exit code; the later one counts if several are true.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Class {
    /// Nothing was found.
    Clean,
    /// There are findings that nobody expects.
    Findings,
    /// Among them some that do not end.
    Hung,
    /// Not one failure was delivered, although nothing was asked that could be the reason.
    NothingInjected,
    /// Tests fail, or do not end, without a failure.
    BaselineFails,
}

impl Class {
    pub(crate) const fn exit_code(self) -> ExitCode {
        match self {
            Class::Clean => ExitCode::Clean,
            Class::Findings => ExitCode::Findings,
            Class::Hung => ExitCode::Hung,
            Class::NothingInjected => ExitCode::NothingInjected,
            Class::BaselineFails => ExitCode::BaselineFails,
        }
    }
}

/// The numbers of a run.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Summary {
    /// Chains by what they came to, without those that are expected.
    pub(crate) verdicts: BTreeMap<Verdict, usize>,
    /// Those that are expected.
    pub(crate) expected: BTreeMap<Verdict, usize>,
    /// How many of the chains are findings.
    pub(crate) findings: usize,
    /// Where memory was asked for by chains that abort; those that are expected are not among them.
    pub(crate) aborting: Vec<Aborting>,
    /// How many tests were swept to the end.
    pub(crate) swept: usize,
    /// Chains that were met and not failed, as the options ask.
    pub(crate) left_out: LeftOut,
    /// Those that were not, a sentence an entry.
    pub(crate) not_swept: Vec<String>,
    /// What else is to be known of tests, a sentence an entry.
    pub(crate) notes: Vec<String>,
    pub(crate) class: Class,
}

/// How many chains the options left out, by the option.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct LeftOut {
    /// By `--new`.
    pub(crate) seen_before: u64,
    /// By `--shard`.
    pub(crate) other_shards: u64,
    /// By `--in-diff`.
    pub(crate) not_asked_for: u64,
}

/// One line of the code under test, the function of std that it calls, and how many chains abort there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Aborting {
    pub(crate) function: String,
    /// As `file:line`.
    pub(crate) place: String,
    pub(crate) chains: usize,
}

impl Summary {
    /// Of outcomes, what the expectations made of each, and the tests.
    pub(crate) fn of(outcomes: &[&Outcome], standings: &[Standing], tests: &[Swept]) -> Summary {
        let (mut verdicts, mut expected, mut findings, mut class) = (BTreeMap::new(), BTreeMap::new(), 0, Class::Clean);
        let mut lines: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (outcome, standing) in outcomes.iter().zip(standings) {
            let counts = if matches!(standing, Standing::Expected(_)) { &mut expected } else { &mut verdicts };
            *counts.entry(outcome.verdict).or_default() += 1;
            if matches!(standing, Standing::Finding(_)) {
                findings += 1;
                class = class.max(if outcome.verdict == Verdict::Hung { Class::Hung } else { Class::Findings });
            }
            if outcome.verdict == Verdict::Aborted && !matches!(standing, Standing::Expected(_)) {
                *lines.entry(line_of(outcome)).or_default() += 1;
            }
        }
        let mut aborting: Vec<Aborting> =
            lines.into_iter().map(|((place, function), chains)| Aborting { function, place, chains }).collect();
        // The order of places stays among equals.
        aborting.sort_by_key(|line| std::cmp::Reverse(line.chains));

        let fails = |test: &Swept| matches!(test.ended, Ended::BaselineFails(_) | Ended::BaselineHangs(_));
        if tests.iter().any(fails) {
            class = Class::BaselineFails;
        }
        let delivered = outcomes.iter().any(|outcome| outcome.verdict != Verdict::Unreached);
        let left_out =
            |test: &Swept| test.chains.seen_before + test.chains.other_shards + test.chains.not_asked_for > 0;
        let stopped = |test: &Swept| test.ended == Ended::Stopped;
        if !delivered && !tests.iter().any(|test| left_out(test) || stopped(test)) {
            class = class.max(Class::NothingInjected);
        }
        let not_swept: Vec<String> = tests.iter().filter_map(not_swept).collect();
        let swept = tests.len() - not_swept.len();
        let noted = |test: &Swept| {
            test.notes.iter().map(|note| one_line(&format!("{}: {note}", test.test))).collect::<Vec<_>>()
        };
        let notes = tests.iter().flat_map(noted).collect();
        let sum = |count: fn(&Chains) -> u32| tests.iter().map(|test| u64::from(count(&test.chains))).sum();
        let left_out = LeftOut {
            seen_before: sum(|chains| chains.seen_before),
            other_shards: sum(|chains| chains.other_shards),
            not_asked_for: sum(|chains| chains.not_asked_for),
        };
        Summary { verdicts, expected, findings, aborting, swept, left_out, not_swept, notes, class }
    }
}

/// Where memory was asked for, and through what.
fn line_of(outcome: &Outcome) -> (String, String) {
    let asked = outcome.asked.as_ref();
    let by = asked.and_then(|asked| asked.by.as_ref()).or_else(|| innermost(&outcome.chain));
    let function = asked.map_or(&outcome.request.function, |asked| &asked.function);
    (one_line(&place(by)), one_line(function))
}

/// Why a test was not swept to its end; nothing if it was.
pub(crate) fn not_swept(test: &Swept) -> Option<String> {
    let why = match &test.ended {
        Ended::Swept => return None,
        Ended::Stopped => "was stopped: go on with --resume".to_owned(),
        Ended::BaselineFails(how) => format!("fails without an injected failure: {how}"),
        Ended::BaselineHangs(stood) => format!("does not end without an injected failure: {stood}"),
        Ended::Unstable(what) => format!("differs from run to run: {what}"),
        Ended::NothingInjected(why) => format!("had nothing injected: {why}"),
        Ended::Refused(why) => format!("could not be swept: {why}"),
    };
    Some(one_line(&format!("{} {why}", test.test)))
}

/// `30 recovered, 10 aborted`, in the order of the verdicts.
fn counted(counts: &BTreeMap<Verdict, usize>, verdicts: &[Verdict], look: Look) -> String {
    let of =
        |verdict: &Verdict| counts.get(verdict).map(|count| look.of_verdict(*verdict, &format!("{count} {verdict}")));
    verdicts.iter().filter_map(of).collect::<Vec<_>>().join(", ")
}

fn several(count: usize, one: &str, more: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {more}") }
}

impl Summary {
    /// The numbers in words, and the lines that abort: all of them, or those with most chains.
    pub(crate) fn told(&self, look: Look, all: bool) -> String {
        let Summary { not_swept, notes, left_out, .. } = self;
        let mut lines = vec![self.failed(look)];
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
            _ => format!("{} of {tests} failed once each", several(failed, "chain", "chains")),
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
    use crate::results::sample::{frame, outcome, swept};

    fn summary(outcomes: &[(Outcome, Standing)], tests: &[Swept]) -> Summary {
        let (outcomes, standings): (Vec<&Outcome>, Vec<Standing>) =
            outcomes.iter().map(|(outcome, standing)| (outcome, standing.clone())).unzip();
        Summary::of(&outcomes, &standings, tests)
    }

    fn ended(ended: Ended) -> Swept {
        Swept { ended, ..swept("t", 1) }
    }

    fn one(verdict: Verdict, standing: Standing) -> (Outcome, Standing) {
        (outcome("a", 1, verdict), standing)
    }

    #[test]
    fn the_worst_that_is_true_classes_the_run() {
        let finding = |verdict| one(verdict, Standing::Finding(None));
        let (good, leaked, hung) =
            (one(Verdict::Recovered, Standing::Passed), finding(Verdict::Leaked), finding(Verdict::Hung));
        let known = one(Verdict::Hung, Standing::Expected("known".to_owned()));
        let fine = [swept("a", 1)];
        let class = |outcomes: &[(Outcome, Standing)], tests: &[Swept]| summary(outcomes, tests).class;
        assert_eq!(class(std::slice::from_ref(&good), &fine), Class::Clean);
        assert_eq!(class(&[good.clone(), known], &fine), Class::Clean);
        assert_eq!(class(&[good.clone(), leaked.clone()], &fine), Class::Findings);
        assert_eq!(class(&[hung.clone(), leaked.clone()], &fine), Class::Hung);
        assert_eq!(class(&[leaked, hung.clone()], &fine), Class::Hung);
        for failing in [Ended::BaselineFails("x".to_owned()), Ended::BaselineHangs("x".to_owned())] {
            assert_eq!(
                class(std::slice::from_ref(&hung), &[ended(Ended::Swept), ended(failing.clone())]),
                Class::BaselineFails
            );
            assert_eq!(class(&[], &[ended(failing)]), Class::BaselineFails);
        }
        // Nothing at all is no pass.
        let unreached = one(Verdict::Unreached, Standing::Passed);
        let none = ended(Ended::NothingInjected("no allocation".to_owned()));
        assert_eq!(class(&[], &[]), Class::NothingInjected);
        assert_eq!(class(&[unreached], std::slice::from_ref(&none)), Class::NothingInjected);
        assert_eq!(class(&[good], &[none.clone(), swept("a", 1)]), Class::Clean);
        // Unless it was asked for.
        assert_eq!(class(&[], &[ended(Ended::Stopped)]), Class::Clean);
        for chains in [
            Chains { seen_before: 1, ..Chains::default() },
            Chains { other_shards: 1, ..Chains::default() },
            Chains { not_asked_for: 1, ..Chains::default() },
        ] {
            assert_eq!(class(&[], &[none.clone(), Swept { chains, ..swept("a", 0) }]), Class::Clean);
        }
    }

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
            one(Verdict::Recovered, Standing::Passed),
            one(Verdict::Hung, expected()),
            one(Verdict::Unreached, Standing::Finding(None)),
        ];
        outcomes[0].0.asked = None;
        let tests = [swept("a", 1), ended(Ended::Unstable("two\nlines".to_owned()))];
        assert_eq!(
            summary(&outcomes, &tests).told(Look::PLAIN, false),
            "6 chains of 1 test failed once each: 1 recovered, 3 aborted, 2 expected (1 aborted, 1 hung)\n\
             1 chain was planned and not met again\n\
             demo t differs from run to run: two\u{fffd}lines\n\
             3 call chains abort the process when memory runs out; these 2 lines cause them:\n\
             \u{20} 2  src/store.rs:120  Vec::push\n\
             \u{20} 1  src/store.rs:12   malloc"
        );
        assert_eq!(summary(&outcomes, &tests).findings, 3);
        let single = summary(&outcomes[..1], &[swept("a", 1), swept("b", 1)]).told(Look::PLAIN, false);
        assert!(single.starts_with("1 chain of 2 tests failed once each: 1 aborted\n1 call chain aborts"), "{single}");
        assert!(single.contains("runs out; this line causes it:\n  1  src/store.rs:12  malloc"), "{single}");
        assert_eq!(summary(&[], &[]).told(Look::PLAIN, false), "no chain of 0 tests failed");
    }
}
