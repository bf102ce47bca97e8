//! Second opinions: findings failed once more, each in a fresh process of its test, before they are told.

use std::collections::{BTreeMap, BTreeSet};

use crate::chains::chain_id::ChainId;
use crate::chains::named::Named;
use crate::contents::cause::Level;
use crate::contents::gather::Contents;
use crate::options::confirm::Confirm;
use crate::results::outcome::Outcome;
use crate::results::run_result::Key;
use crate::results::second_opinion::SecondOpinion;
use crate::results::swept::Ended;
use crate::running::crowd::{News, sweep_all};
use crate::running::subject::Subject;
use crate::running::sweep::{Choice, Common};
use crate::test_id::TestId;

/// The outcomes that are to be seen a second time: of each finding the chain that shows it, or all of its chains. Those that
/// have a second opinion, from an earlier part of the run, are not among them.
pub(super) fn doubted(contents: Contents, confirm: Confirm) -> Vec<Outcome> {
    let Contents { causes, mut result, .. } = contents;
    let findings = causes.into_iter().filter(|cause| cause.level == Level::Finding);
    let open = findings.filter(|cause| confirm == Confirm::All || cause.second_opinion.is_none());
    let chains = open.flat_map(|cause| {
        let most = if confirm == Confirm::All { cause.chains.len() } else { 1 };
        cause.chains.into_iter().take(most)
    });
    let outcomes = chains.filter_map(|key| result.outcomes.remove(&key));
    outcomes.filter(|outcome| outcome.second_opinion.is_none()).collect()
}

/// Who is asked: the tests, each in fresh processes that nothing was forked from.
pub(super) struct SecondOpinions<'a> {
    pub(super) subjects: &'a [Subject],
    pub(super) common: &'a Common<'a>,
    pub(super) jobs: usize,
}

impl SecondOpinions<'_> {
    /// Fails each of them once more, and tells `hear` of each again, with what was seen. Gives how many are left without,
    /// where the user stops that.
    pub(super) fn ask(&self, doubted: Vec<Outcome>, mut hear: impl FnMut(Outcome)) -> usize {
        let mut open: BTreeMap<Key, Outcome> =
            doubted.into_iter().map(|outcome| ((outcome.test.clone(), outcome.id), outcome)).collect();
        let asked: Vec<Key> = open.keys().cloned().collect();
        let subjects: Vec<Subject> = self
            .subjects
            .iter()
            .filter(|subject| asked.iter().any(|(test, _)| *test == subject.test))
            .cloned()
            .collect();
        let common = Common { symbols: self.common.symbols.clone(), apart: true, ..*self.common };
        let firsts: BTreeSet<Key> =
            open.values().filter_map(|outcome| Some((outcome.test.clone(), outcome.behind.as_ref()?.id))).collect();
        let choose = |test: &TestId, id: ChainId, _: &Named| {
            let key = (test.clone(), id);
            // Without its first failure no second one is met.
            if asked.binary_search(&key).is_ok() || firsts.contains(&key) { Choice::Fail } else { Choice::NotAskedFor }
        };
        sweep_all(&subjects, &common, self.jobs, &choose, |news| match news {
            News::Outcome(again) => {
                if let Some(first) = open.remove(&(again.test.clone(), again.id)) {
                    let opinion = SecondOpinion::of(first.verdict, again.verdict);
                    hear(Outcome { second_opinion: Some(opinion), ..first });
                }
            }
            News::Done(swept) if swept.ended != Ended::Stopped => {
                let opinion = of_unmet(&swept.ended);
                let of_test: Vec<Key> = open.keys().filter(|(test, _)| *test == swept.test).cloned().collect();
                for first in of_test.iter().filter_map(|key| open.remove(key)) {
                    hear(Outcome { second_opinion: Some(opinion.clone()), ..first });
                }
            }
            News::Done(_) | News::Begun(_) | News::Planned(..) | News::Pause => {}
        });
        open.len()
    }
}

/// Of a chain that fresh processes have not failed, by how the test ended in them.
fn of_unmet(ended: &Ended) -> SecondOpinion {
    let why = match ended {
        Ended::Swept | Ended::Stopped => return SecondOpinion::Unreached,
        Ended::BaselineFails(_) => "in a fresh process the test fails without an injected failure".to_owned(),
        Ended::BaselineHangs(_) => "in a fresh process the test does not end without an injected failure".to_owned(),
        Ended::Unstable(_) => "in fresh processes the test differs from run to run".to_owned(),
        Ended::NothingInjected(why) | Ended::Refused(why) => why.lines().next().unwrap_or_default().to_owned(),
    };
    SecondOpinion::NotAsked { why }
}
