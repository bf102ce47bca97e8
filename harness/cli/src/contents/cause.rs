//! Causes: chains that end badly in the same way, at the same place, as one thing to be mended, with a lasting fingerprint.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use firsthit::Verdict;

use crate::chains::chain_id::ChainId;
use crate::chains::frame::{Frame, Owner};
use crate::expectations::apply::Standing;
use crate::expectations::function_path;
use crate::results::outcome::Outcome;
use crate::results::run_result::Key;
use crate::results::second_opinion::SecondOpinion;

/// What the run makes of a cause: the least of it comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Level {
    /// It ends badly, and is of a kind that this run does not look for.
    Passed,
    /// It is known, and somebody has given a reason.
    Expected,
    /// It is to be told.
    Finding,
}

impl Level {
    /// As it is written for programs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Level::Passed => "passed",
            Level::Expected => "expected",
            Level::Finding => "finding",
        }
    }

    pub(crate) fn of(standing: &Standing) -> Level {
        match standing {
            Standing::Passed => Level::Passed,
            Standing::Expected(_) => Level::Expected,
            Standing::Finding(_) => Level::Finding,
        }
    }
}

/// Chains with one cause: the same verdict, the same line of the workspace that asked, the same function that was asked, and
/// the same panic behind it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Cause {
    /// Stays when lines shift and other code changes: see [`fingerprint`].
    pub(crate) fingerprint: ChainId,
    pub(crate) level: Level,
    pub(crate) verdict: Verdict,
    /// What was asked for memory: a function of std, or else of the allocator.
    pub(crate) asked: String,
    /// The line that asked: the nearest one of the workspace, else the nearest that is known.
    pub(crate) by: Option<Frame>,
    /// Where it panicked first: file and line.
    pub(crate) panic: Option<(Utf8PathBuf, u32)>,
    /// What the expectations say of it: the reason that it is expected, or why it is not any more.
    pub(crate) note: Option<String>,
    /// By test and identity; the first one shows the cause as well as any other.
    pub(crate) chains: Vec<Key>,
    /// Of the chain that shows it; of the first one that was asked about again, if that one was not.
    pub(crate) second_opinion: Option<SecondOpinion>,
}

impl Cause {
    /// Where it is to be mended: file and line of the code that asked.
    pub(crate) fn place(&self) -> Option<(&Utf8PathBuf, Option<u32>)> {
        let by = self.by.as_ref()?;
        by.file.as_ref().map(|file| (file, by.line))
    }

    /// Whether a fresh process was asked, and did not see the same.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        self.second_opinion.as_ref().is_some_and(|opinion| !opinion.confirms())
    }
}

/// Whether an outcome is part of a cause: it was failed, and ended badly, or in a way that is looked for.
fn counts(outcome: &Outcome, standing: &Standing) -> bool {
    let delivered = outcome.verdict != Verdict::Unreached;
    *standing != Standing::Passed || (delivered && !outcome.verdict.is_good())
}

/// The frame of a chain that asked for memory: the nearest of the workspace, else the nearest whose source is known.
pub(crate) fn asked_by(outcome: &Outcome) -> Option<&Frame> {
    let told = outcome.asked.as_ref().and_then(|asked| asked.by.as_ref());
    let own = || outcome.chain.iter().find(|frame| frame.owner == Owner::Workspace);
    told.or_else(own).or_else(|| outcome.chain.iter().find(|frame| frame.file.is_some())).or(outcome.chain.first())
}

/// Through which function memory was asked for: one of std, or else of the allocator.
pub(crate) fn asked(outcome: &Outcome) -> &str {
    outcome.asked.as_ref().map_or(&outcome.request.function, |asked| &asked.function)
}

/// The causes of all that ended badly: findings first, of these the worst first, then by place. Outcomes come in the order of
/// their tests and identities, each with its standing.
pub(crate) fn causes<'a>(outcomes: impl IntoIterator<Item = (&'a Outcome, &'a Standing)>) -> Vec<Cause> {
    let mut found: BTreeMap<Vec<String>, Cause> = BTreeMap::new();
    for (outcome, standing) in outcomes.into_iter().filter(|(outcome, standing)| counts(outcome, standing)) {
        let by = asked_by(outcome);
        let panic = outcome.panic.as_ref().and_then(|panic| Some((panic.file.clone()?, panic.line?)));
        let level = Level::of(standing);
        let number = |number: Option<u32>| number.map(|number| format!("{number:010}")).unwrap_or_default();
        let text = |text: Option<&Utf8PathBuf>| text.map(ToString::to_string).unwrap_or_default();
        let same = vec![
            level.word().to_owned(),
            outcome.verdict.as_str().to_owned(),
            asked(outcome).to_owned(),
            by.map(|by| by.function.clone()).unwrap_or_default(),
            text(by.and_then(|by| by.file.as_ref())),
            number(by.and_then(|by| by.line)),
            text(panic.as_ref().map(|(file, _)| file)),
            number(panic.as_ref().map(|(_, line)| *line)),
        ];
        let note = match standing {
            Standing::Passed => None,
            Standing::Expected(reason) => Some(reason.clone()),
            Standing::Finding(note) => note.clone(),
        };
        let cause = found.entry(same).or_insert_with(|| Cause {
            fingerprint: ChainId::of([]),
            level,
            verdict: outcome.verdict,
            asked: asked(outcome).to_owned(),
            by: by.cloned(),
            panic,
            note: None,
            chains: Vec::new(),
            second_opinion: None,
        });
        cause.note = cause.note.take().or(note);
        cause.second_opinion = cause.second_opinion.take().or_else(|| outcome.second_opinion.clone());
        cause.chains.push((outcome.test.clone(), outcome.id));
    }
    let mut causes: Vec<Cause> = found.into_values().collect();
    give_fingerprints(&mut causes);
    let place = |cause: &Cause| cause.place().map(|(file, line)| (file.clone(), line));
    causes.sort_by(|one, other| {
        let worst = (other.level, other.verdict).cmp(&(one.level, one.verdict));
        worst.then_with(|| place(one).cmp(&place(other))).then_with(|| one.fingerprint.cmp(&other.fingerprint))
    });
    causes
}

/// By what a cause is known again in another run, also after edits elsewhere: the verdict, what was asked, the function that
/// asked and where it panicked, without lines. Several causes that are alike in all this are numbered in the order of their lines.
fn give_fingerprints(causes: &mut [Cause]) {
    // Of each line once: chains of one cause that differ in their standing alone are one thing to be mended.
    let line = |cause: &Cause| {
        let by = cause.by.as_ref();
        (by.and_then(|by| by.file.clone()), by.and_then(|by| by.line), cause.panic.clone())
    };
    let mut alike: BTreeMap<Vec<String>, Vec<_>> = BTreeMap::new();
    for cause in causes.iter() {
        alike.entry(words(cause)).or_default().push(line(cause));
    }
    for lines in alike.values_mut() {
        lines.sort();
        lines.dedup();
    }
    for cause in causes {
        let mut words = words(cause);
        let number = alike[&words].iter().position(|known| *known == line(cause)).unwrap_or(0);
        words.push(number.to_string());
        cause.fingerprint = ChainId::of(words.iter().map(String::as_str));
    }
}

fn words(cause: &Cause) -> Vec<String> {
    let function = cause.by.as_ref().map(|by| function_path::parts(&by.function).join("::")).unwrap_or_default();
    let panic = cause.panic.as_ref().map(|(file, _)| file.to_string()).unwrap_or_default();
    vec![cause.verdict.as_str().to_owned(), cause.asked.clone(), function, panic]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::outcome::Panic;
    use crate::results::sample::{frame, outcome};

    fn at(number: u128, verdict: Verdict, function: &str, line: u32) -> (Outcome, Standing) {
        let mut outcome = outcome("a", number, verdict);
        let by = frame(function, "src/a.rs", line, Owner::Workspace);
        outcome.asked.as_mut().unwrap().by = Some(by);
        (outcome, Standing::Finding(None))
    }

    fn of(judged: &[(Outcome, Standing)]) -> Vec<Cause> {
        causes(judged.iter().map(|(outcome, standing)| (outcome, standing)))
    }

    #[test]
    fn chains_of_one_line_and_end_are_one_cause_and_what_ends_well_is_none() {
        let mut judged = vec![
            at(1, Verdict::Leaked, "demo::f", 7),
            at(2, Verdict::Leaked, "demo::f", 7),
            at(3, Verdict::Leaked, "demo::f", 8),
            at(4, Verdict::Hung, "demo::f", 7),
            at(5, Verdict::Aborted, "demo::f", 7),
            at(6, Verdict::Recovered, "demo::f", 7),
            at(7, Verdict::Unreached, "demo::f", 7),
            at(8, Verdict::Leaked, "demo::f", 7),
            at(9, Verdict::Panicked, "demo::f", 7),
            at(10, Verdict::Panicked, "demo::f", 7),
        ];
        for passed in [4, 5, 6] {
            judged[passed].1 = Standing::Passed;
        }
        judged[7].1 = Standing::Expected("known".to_owned());
        let panic = |line| Panic { file: Some("src/b.rs".into()), line, column: None, message: None, in_test: false };
        judged[8].0.panic = Some(panic(Some(1)));
        judged[9].0.panic = Some(panic(Some(2)));
        let told: Vec<(Level, Verdict, usize)> =
            of(&judged).iter().map(|cause| (cause.level, cause.verdict, cause.chains.len())).collect();
        assert_eq!(
            told,
            [
                (Level::Finding, Verdict::Hung, 1),
                (Level::Finding, Verdict::Panicked, 1),
                (Level::Finding, Verdict::Panicked, 1),
                (Level::Finding, Verdict::Leaked, 2),
                (Level::Finding, Verdict::Leaked, 1),
                (Level::Expected, Verdict::Leaked, 1),
                (Level::Passed, Verdict::Aborted, 1),
            ]
        );
        assert_eq!(of(&judged)[5].note.as_deref(), Some("known"));
    }

    #[test]
    fn a_fingerprint_stays_when_lines_shift_and_tells_causes_apart() {
        let fingerprints = |judged: &[(Outcome, Standing)]| -> Vec<ChainId> {
            of(judged).iter().map(|cause| cause.fingerprint).collect()
        };
        let before = [at(1, Verdict::Leaked, "demo::f", 7), at(2, Verdict::Leaked, "demo::f", 9)];
        // Lower in the file, by other chains, and inside of a closure.
        let after = [at(3, Verdict::Leaked, "demo::f", 17), at(4, Verdict::Leaked, "demo::f::{{closure}}", 19)];
        assert_eq!(fingerprints(&before), fingerprints(&after));
        let mut all = fingerprints(&before);
        all.extend(fingerprints(&[at(1, Verdict::Leaked, "demo::g", 7)]));
        all.extend(fingerprints(&[at(1, Verdict::Hung, "demo::f", 7)]));
        let mut other = at(1, Verdict::Leaked, "demo::f", 7);
        other.0.asked.as_mut().unwrap().function = "Box::new".to_owned();
        all.extend(fingerprints(&[other]));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 5);
        // Stored results of earlier versions know causes by these numbers.
        assert_eq!(fingerprints(&before)[0].short(), "d9e640a3bf45");
    }

    #[test]
    fn what_is_expected_of_one_chain_does_not_shift_the_others() {
        let plain = [at(1, Verdict::Leaked, "demo::f", 7), at(2, Verdict::Leaked, "demo::f", 7)];
        let mut excused = plain.clone();
        excused[0].1 = Standing::Expected("known".to_owned());
        let (plain, excused) = (of(&plain), of(&excused));
        assert_eq!((plain.len(), excused.len()), (1, 2));
        assert!(excused.iter().all(|cause| cause.fingerprint == plain[0].fingerprint));
    }
}
