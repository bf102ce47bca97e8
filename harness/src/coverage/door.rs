//! The door of `cargo firsthit`: what the files in a folder come to, in plain values.

use std::io;
use std::path::Path;

use super::entry::{Entry, Mark};
use super::gathered;
use super::model::Model;
use super::state::State;
use crate::chain::module::fold;
use crate::verdict::Verdict;

/// What test programs have left in a folder.
#[derive(Clone, Default, Debug)]
pub struct Gathered {
    /// How many programs have left something.
    pub programs: usize,
    /// How many of older builds are not counted.
    pub older: usize,
    /// What cannot be read, a sentence an entry.
    pub faults: Vec<String>,
    /// Sites and recovery arms, by their identities.
    pub points: Vec<Point>,
}

/// A site or a recovery arm of annotated code, and what is known of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Point {
    /// Stays after edits elsewhere.
    pub id: String,
    /// As the compiler was given it.
    pub file: String,
    pub line: u32,
    pub column: u32,
    /// With its module.
    pub function: String,
    /// `call`, `question`, and so on.
    pub kind: &'static str,
    pub is_site: bool,
    pub text: String,
    /// Of an arm: the site whose failure leads straight to it.
    pub site: Option<String>,
    /// Of an arm: how far its tests have come.
    pub state: Progress,
    /// Why nobody has to test it, if somebody says so and it is not tested.
    pub excuse: Option<String>,
    pub reached: bool,
    pub ran: bool,
    /// How often one run of each sweep passes it without a failure.
    pub hits: u64,
    /// Of a site: the chains that were first met in it.
    pub chains: u64,
    /// The verdicts of the injections in it, or of those that it ran under.
    pub verdicts: Vec<(Verdict, u64)>,
}

/// How far the tests of an arm have come, the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Progress {
    /// It ran because of a failure that ended well.
    Tested,
    /// It ran because of failures, and none of them ended well.
    OnlyBadly,
    /// It ran, and no failure that a sweep has judged was the reason.
    OnlyWithoutInjection,
    /// What it deals with was evaluated, and never failed.
    NeverFailed,
    /// Nothing came there.
    NeverReached,
}

impl Progress {
    pub const ALL: [Progress; 5] = [
        Progress::Tested,
        Progress::OnlyBadly,
        Progress::OnlyWithoutInjection,
        Progress::NeverFailed,
        Progress::NeverReached,
    ];

    /// In words: `never reached`.
    pub fn as_str(self) -> &'static str {
        State::ALL[self as usize].as_str()
    }
}

/// What lies in the folder of the points that programs of these builds declare, whichever programs have counted it. Builds are
/// named by the digits of their build ids.
///
/// # Errors
/// When the folder cannot be listed.
pub fn gather(folder: &Path, builds: &[&str]) -> io::Result<Gathered> {
    let builds: Vec<u64> = builds.iter().filter_map(|build| named(build)).collect();
    let declared = gathered::gather(folder, |program| builds.contains(&program.build))?;
    let gathered::Gathered { mut model, programs, older, faults } = gathered::gather(folder, |_| true)?;
    model.entries.retain(|id, _| declared.model.entries.contains_key(id));
    Ok(Gathered { programs, older, faults, points: points(&model) })
}

/// By what a build is known in a file: from the digits of its build id.
fn named(build: &str) -> Option<u64> {
    let digits = build.as_bytes().chunks(2).map(|two| str::from_utf8(two).ok());
    let bytes = digits.map(|two| u8::from_str_radix(two?, 16).ok());
    bytes.collect::<Option<Vec<u8>>>().map(|bytes| fold(&bytes))
}

fn points(model: &Model) -> Vec<Point> {
    let point = |(id, entry): (_, &Entry)| {
        let Entry { facts, tally } = entry;
        let reason = match &facts.mark {
            Some(Mark::Untested(reason) | Mark::Benign(reason)) if entry.is_excused() => Some(reason.clone()),
            _ => None,
        };
        Point {
            id: super::id::PointId::to_string(id),
            file: facts.place.file.clone(),
            line: facts.place.line,
            column: facts.place.column,
            function: facts.function.clone(),
            kind: facts.kind.0.as_str(),
            is_site: entry.is_site(),
            text: facts.text.clone(),
            site: facts.site.map(|site| site.to_string()),
            state: Progress::ALL[entry.state() as usize],
            excuse: reason,
            reached: tally.reached,
            ran: tally.ran,
            hits: tally.hits,
            chains: tally.chains,
            verdicts: tally.verdicts().collect(),
        }
    };
    model.entries.iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::sample::{Random, entry, id};

    #[test]
    fn what_goes_through_the_door_is_what_the_totals_count() {
        let mut random = Random(7);
        let mut model = Model::default();
        for number in 0..300 {
            model.add(id(number), entry(&mut random));
        }
        let (points, totals) = (points(&model), model.totals());
        let arms: Vec<&Point> = points.iter().filter(|point| !point.is_site).collect();
        assert_eq!((points.len(), arms.len()), (300, totals.arms));
        let excused = arms.iter().filter(|arm| arm.excuse.is_some()).count();
        let tested = arms.iter().filter(|arm| arm.excuse.is_none() && arm.state == Progress::Tested).count();
        assert_eq!((excused, tested), (totals.excused, totals.tested()));
        assert!(excused > 0 && tested > 0);
        for state in State::ALL {
            assert_eq!(Progress::ALL[state as usize].as_str(), state.as_str());
        }
        assert!(points.iter().all(|point| point.verdicts.iter().all(|(_, count)| *count > 0)));
    }
}
