//! The recovery arms of annotated code: what its test programs have left of them, and how many are tested.

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use camino::{Utf8Path, Utf8PathBuf};
use firsthit::Verdict;
use firsthit::coverage::door::{self, Point, Progress};

use crate::results::outcome::Outcome;
use crate::results::run_result::RunResult;

/// All sites and recovery arms that are known.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Arms {
    /// By file, line and column; paths are as the compiler was given them, mostly relative to the workspace.
    pub(crate) points: Vec<Point>,
    /// What could not be read, a sentence an entry.
    pub(crate) faults: Vec<String>,
}

impl Arms {
    /// What lies where the environment says, or else in this folder of the project; nothing if no annotated program has run.
    ///
    /// Those of the programs that the run swept; what other programs have shown of them counts as well as what the run itself has.
    pub(crate) fn read(usual: &Utf8Path, result: &RunResult) -> Option<Arms> {
        let named = env::var_os("FIRSTHIT_COVERAGE_DIR").filter(|folder| !folder.is_empty());
        let folder = named.map_or_else(|| usual.as_std_path().to_owned(), Into::into);
        let builds: BTreeSet<&str> = result.swept.values().map(|swept| swept.build.as_str()).collect();
        let mut gathered = door::gather(&folder, &builds.into_iter().collect::<Vec<_>>()).ok()?;
        if gathered.points.is_empty() && gathered.faults.is_empty() {
            return None;
        }
        add(&mut gathered.points, result.outcomes.values());
        gathered.points.sort_by(|one, other| place(one).cmp(&place(other)));
        Some(Arms { points: gathered.points, faults: gathered.faults })
    }

    /// The arms, without the sites.
    pub(crate) fn arms(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(|point| !point.is_site)
    }

    /// The arms that are to be tested: those that nobody has excused.
    pub(crate) fn wanted(&self) -> usize {
        self.arms().filter(|arm| arm.excuse.is_none()).count()
    }

    /// Of these, those that ran because of a failure that ended well.
    pub(crate) fn tested(&self) -> usize {
        self.arms().filter(|arm| arm.excuse.is_none() && arm.state == Progress::Tested).count()
    }
}

/// Adds the failures of a run to the arms that ran because of them.
fn add<'a>(points: &mut [Point], outcomes: impl Iterator<Item = &'a Outcome>) {
    let mut places: BTreeMap<String, &mut Point> = points.iter_mut().map(|point| (point.id.clone(), point)).collect();
    for outcome in outcomes {
        for id in &outcome.arms {
            let Some(point) = places.get_mut(id) else { continue };
            match point.verdicts.iter_mut().find(|(verdict, _)| *verdict == outcome.verdict) {
                Some((_, count)) => *count += 1,
                None => point.verdicts.push((outcome.verdict, 1)),
            }
            let state = if outcome.verdict.is_good() { Progress::Tested } else { Progress::OnlyBadly };
            point.state = point.state.min(state);
            // A mark that says what is not true excuses nothing.
            if point.state == Progress::Tested {
                point.excuse = None;
            }
        }
    }
}

fn place(point: &Point) -> (&str, u32, u32, &str) {
    (&point.file, point.line, point.column, &point.id)
}

/// How often an injected failure led a run through a point, whatever came of it.
pub(crate) fn injections(point: &Point) -> u64 {
    point.verdicts.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
}

/// How many of these ended well.
pub(crate) fn ended_well(point: &Point) -> u64 {
    let well = point.verdicts.iter().filter(|(verdict, _)| Verdict::is_good(*verdict));
    well.fold(0, |sum, (_, count)| sum.saturating_add(*count))
}

/// A point's file as the lines of chains name theirs: relative to the workspace if it lies in there.
pub(crate) fn file(point: &Point, root: Option<&Utf8Path>) -> Utf8PathBuf {
    let path = Utf8Path::new(&point.file);
    root.and_then(|root| path.strip_prefix(root).ok()).unwrap_or(path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::sample::outcome;

    #[test]
    fn a_good_end_tests_the_arms_that_ran_and_a_bad_one_does_not() {
        let point = |id: &str, state, excuse: Option<&str>| Point {
            id: id.to_owned(),
            file: "src/a.rs".to_owned(),
            line: 1,
            column: 1,
            function: "f".to_owned(),
            kind: "question",
            is_site: false,
            text: "x()?".to_owned(),
            site: None,
            state,
            excuse: excuse.map(str::to_owned),
            reached: false,
            ran: false,
            hits: 0,
            chains: 0,
            verdicts: Vec::new(),
        };
        let never = Progress::NeverReached;
        let mut points = [
            point("good", never, None),
            point("bad", Progress::OnlyWithoutInjection, None),
            point("excused", never, Some("known")),
            point("tested", Progress::Tested, None),
            point("other", never, None),
        ];
        let ran = |number, verdict, arms: &[&str]| Outcome {
            arms: arms.iter().map(|arm| (*arm).to_owned()).collect(),
            ..outcome("a", number, verdict)
        };
        let outcomes = [
            ran(1, Verdict::Recovered, &["good", "excused", "unknown"]),
            ran(2, Verdict::Absorbed, &["good"]),
            ran(3, Verdict::Recovered, &["good"]),
            ran(4, Verdict::Leaked, &["bad", "tested", "good"]),
        ];
        add(&mut points, outcomes.iter());
        let states = points.each_ref().map(|point| point.state);
        assert_eq!(states, [Progress::Tested, Progress::OnlyBadly, Progress::Tested, Progress::Tested, never]);
        assert_eq!((ended_well(&points[0]), injections(&points[0])), (3, 4));
        let arms = Arms { points: points.to_vec(), faults: Vec::new() };
        assert_eq!((arms.tested(), arms.wanted()), (3, 5));
    }
}
