//! What became of the chains, by the line of the source that asked for memory, and by every line that they run through.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use firsthit::Verdict;

use crate::chains::frame::{Frame, Owner};
use crate::contents::cause::{Level, asked, asked_by};
use crate::expectations::apply::Standing;
use crate::results::outcome::Outcome;

/// The lines of one file of the workspace, by their numbers.
pub(crate) type FileLines = BTreeMap<u32, LineCoverage>;

/// How far the failures of a line have come, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum LineState {
    /// A failure ended badly, and is a finding.
    Finding,
    /// A failure ended badly, and is expected or of a kind that this run does not look for.
    Bad,
    /// Chains were planned there, and not one of them was met again.
    Unreached,
    /// All that was failed there ended well.
    Tested,
    /// Chains run through it; it asks for nothing itself.
    Through,
}

impl LineState {
    /// As it is written for programs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            LineState::Finding => "finding",
            LineState::Bad => "bad",
            LineState::Unreached => "unreached",
            LineState::Tested => "tested",
            LineState::Through => "through",
        }
    }
}

/// What is known of one line. Outcomes go by their number in the order of tests and identities.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct LineCoverage {
    /// What was asked for memory there.
    pub(crate) asked: Vec<String>,
    /// The chains that ask for memory there, by what they came to.
    pub(crate) verdicts: BTreeMap<Verdict, usize>,
    /// How many of them are findings.
    pub(crate) findings: usize,
    /// Their outcomes.
    pub(crate) outcomes: Vec<usize>,
    /// The outcomes of all chains that run through it, those that ask there among them.
    pub(crate) through: Vec<usize>,
}

impl LineCoverage {
    /// How many chains were failed there.
    pub(crate) fn failed(&self) -> usize {
        self.verdicts.iter().filter(|(verdict, _)| **verdict != Verdict::Unreached).map(|(_, count)| count).sum()
    }

    /// How many of these ended well.
    pub(crate) fn ended_well(&self) -> usize {
        self.verdicts.iter().filter(|(verdict, _)| verdict.is_good()).map(|(_, count)| count).sum()
    }

    pub(crate) fn state(&self) -> LineState {
        match (self.findings, self.failed(), self.outcomes.len()) {
            (1.., _, _) => LineState::Finding,
            (_, _, 0) => LineState::Through,
            (_, 0, _) => LineState::Unreached,
            (_, failed, _) if failed == self.ended_well() => LineState::Tested,
            _ => LineState::Bad,
        }
    }
}

/// All lines of the workspace's code that chains ask for memory in or run through, by file. Outcomes whose line is not known are
/// in none.
pub(crate) fn lines<'a>(
    outcomes: impl IntoIterator<Item = (&'a Outcome, &'a Standing)>,
) -> BTreeMap<Utf8PathBuf, FileLines> {
    let mut files: BTreeMap<Utf8PathBuf, FileLines> = BTreeMap::new();
    for (number, (outcome, standing)) in outcomes.into_iter().enumerate() {
        let own = |frame: &&Frame| frame.owner == Owner::Workspace;
        if let Some(line) = asked_by(outcome).filter(own).and_then(|by| entry(&mut files, by)) {
            let asked = asked(outcome);
            if !line.asked.iter().any(|known| known == asked) {
                line.asked.push(asked.to_owned());
            }
            *line.verdicts.entry(outcome.verdict).or_default() += 1;
            line.findings += usize::from(Level::of(standing) == Level::Finding);
            line.outcomes.push(number);
        }
        for frame in outcome.chain.iter().chain(&outcome.spawned_by).filter(own) {
            if let Some(line) = entry(&mut files, frame)
                && line.through.last() != Some(&number)
            {
                line.through.push(number);
            }
        }
    }
    files
}

fn entry<'a>(files: &'a mut BTreeMap<Utf8PathBuf, FileLines>, frame: &Frame) -> Option<&'a mut LineCoverage> {
    let (file, line) = (frame.file.as_ref()?, frame.line?);
    if !files.contains_key(file) {
        files.insert(file.clone(), FileLines::new());
    }
    Some(files.get_mut(file)?.entry(line).or_default())
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::results::sample::{frame, outcome};

    #[test]
    fn a_line_has_the_worst_of_its_chains() {
        let at = |number, verdict, line| {
            let mut outcome = outcome("a", number, verdict);
            let by = frame("demo::f", "src/a.rs", line, Owner::Workspace);
            outcome.chain = vec![by.clone(), frame("demo::main", "src/main.rs", 1, Owner::Workspace)];
            // Recursion: the line is there twice, the chain once.
            outcome.chain.push(by.clone());
            outcome.asked.as_mut().unwrap().by = Some(by);
            outcome
        };
        let finding = || Standing::Finding(None);
        let all = [
            (at(1, Verdict::Recovered, 1), Standing::Passed),
            (at(2, Verdict::Leaked, 1), finding()),
            (at(3, Verdict::Recovered, 2), Standing::Passed),
            (at(4, Verdict::Unreached, 2), Standing::Passed),
            (at(5, Verdict::Unreached, 3), Standing::Passed),
            (at(6, Verdict::Aborted, 4), Standing::Passed),
        ];
        let files = lines(all.iter().map(|(outcome, standing)| (outcome, standing)));
        let states: Vec<LineState> = files[Utf8Path::new("src/a.rs")].values().map(LineCoverage::state).collect();
        assert_eq!(states, [LineState::Finding, LineState::Tested, LineState::Unreached, LineState::Bad]);
        let first = &files[Utf8Path::new("src/a.rs")][&1];
        assert_eq!((first.failed(), first.ended_well(), &first.through), (2, 1, &vec![0, 1]));
        let main = &files[Utf8Path::new("src/main.rs")][&1];
        assert_eq!((main.state(), main.through.len(), main.outcomes.len()), (LineState::Through, 6, 0));
    }
}
