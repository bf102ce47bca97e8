//! The numbers of a run: what its chains came to, which tests could not be swept, which lines abort, and how the run ended.

use std::collections::BTreeMap;

use firsthit::{SecondFailures, Verdict};

use crate::contents::second_failures;
use crate::contents::second_opinions::SecondOpinions;
use crate::exit_code::ExitCode;
use crate::expectations::apply::Standing;
use crate::outputs::line::{innermost, one_line, place};
use crate::results::outcome::Outcome;
use crate::results::swept::{Chains, Ended, Swept};

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
    /// What fresh processes said of them.
    pub(crate) second_opinions: SecondOpinions,
    /// At depth 2: what became of the chains that are met only behind a failure.
    pub(crate) second_failures: Option<SecondFailures>,
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
        let second_opinions = SecondOpinions::default();
        let second_failures = second_failures::of(tests, outcomes.iter().copied());
        Summary {
            verdicts,
            expected,
            findings,
            second_opinions,
            second_failures,
            aborting,
            swept,
            left_out,
            not_swept,
            notes,
            class,
        }
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
    // What a test printed has lines.
    let why = why.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" | ");
    Some(one_line(&format!("{} {why}", test.test)))
}

#[cfg(test)]
impl Summary {
    /// Of outcomes with their standings.
    pub(crate) fn of_judged(outcomes: &[(Outcome, Standing)], tests: &[Swept]) -> Summary {
        let (outcomes, standings): (Vec<&Outcome>, Vec<Standing>) =
            outcomes.iter().map(|(outcome, standing)| (outcome, standing.clone())).unzip();
        Summary::of(&outcomes, &standings, tests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample::{outcome, swept};

    fn ended(ended: Ended) -> Swept {
        Swept { ended, ..swept("t", 1) }
    }

    fn one(verdict: Verdict, standing: Standing) -> (Outcome, Standing) {
        (outcome("a", 1, verdict), standing)
    }

    #[test]
    fn why_a_test_was_not_swept_is_one_line_of_what_it_printed() {
        let failing =
            ended(Ended::BaselineFails("it ends with status 101\n\nrunning 1 test\r\n  left: 1\n".to_owned()));
        let why = not_swept(&failing).unwrap();
        assert!(why.ends_with("failure: it ends with status 101 | running 1 test | left: 1"), "{why}");
    }

    #[test]
    fn the_worst_that_is_true_classes_the_run() {
        let finding = |verdict| one(verdict, Standing::Finding(None));
        let (good, leaked, hung) =
            (one(Verdict::Recovered, Standing::Passed), finding(Verdict::Leaked), finding(Verdict::Hung));
        let known = one(Verdict::Hung, Standing::Expected("known".to_owned()));
        let fine = [swept("a", 1)];
        let class = |outcomes: &[(Outcome, Standing)], tests: &[Swept]| Summary::of_judged(outcomes, tests).class;
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
}
