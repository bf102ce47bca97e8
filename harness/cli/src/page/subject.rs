//! What a page is made of: the contents of a report, what the page is called, and how far each point of annotated code has come.

use std::collections::BTreeMap;

use firsthit::coverage::door::{Point, Progress};

use crate::contents::arms::{ended_well, injections};
use crate::contents::cause::Cause;
use crate::contents::gather::Contents;
use crate::results::outcome::Outcome;
use crate::results::run_result::Key;

/// All that is told in a page.
pub(crate) struct Subject<'a> {
    /// The project's name, or the program's.
    pub(crate) title: String,
    pub(crate) contents: &'a Contents,
    /// The places of the outcomes in the result's order.
    places: BTreeMap<&'a Key, usize>,
}

impl<'a> Subject<'a> {
    pub(crate) fn new(contents: &'a Contents, title: String) -> Subject<'a> {
        let places = contents.result.outcomes.keys().enumerate().map(|(place, key)| (key, place)).collect();
        Subject { title, contents, places }
    }

    /// In the order of the result.
    pub(crate) fn outcomes(&self) -> Vec<&'a Outcome> {
        self.contents.result.outcomes.values().collect()
    }

    /// The places of a cause's outcomes.
    pub(crate) fn places(&self, cause: &Cause) -> Vec<usize> {
        cause.chains.iter().filter_map(|key| self.places.get(key).copied()).collect()
    }

    /// The sites and recovery arms of annotated code.
    pub(crate) fn points(&self) -> &'a [Point] {
        self.contents.arms.as_ref().map_or(&[], |arms| &arms.points)
    }

    /// Whether a cause is a finding that the run before had not.
    pub(crate) fn is_new(&self, cause: &Cause) -> bool {
        self.contents.previous.as_ref().is_some_and(|previous| previous.trend.new.contains(&cause.fingerprint))
    }
}

/// How far a point has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum State {
    Tested,
    /// It ran because of failures that ended badly.
    Bad,
    /// It ran, and not because of an injected failure.
    Ran,
    NeverFailed,
    NeverReached,
    Excused,
}

impl State {
    pub(crate) const ALL: [State; 6] =
        [State::Tested, State::Bad, State::Ran, State::NeverFailed, State::NeverReached, State::Excused];

    /// Of a site, what was failed in it says it.
    pub(crate) fn of(point: &Point) -> State {
        if point.is_site {
            return match (injections(point), ended_well(point)) {
                (0, _) if point.reached => State::NeverFailed,
                (0, _) => State::NeverReached,
                (all, well) if all == well => State::Tested,
                _ => State::Bad,
            };
        }
        match point.state {
            _ if point.excuse.is_some() => State::Excused,
            Progress::Tested => State::Tested,
            Progress::OnlyBadly => State::Bad,
            Progress::OnlyWithoutInjection => State::Ran,
            Progress::NeverFailed => State::NeverFailed,
            Progress::NeverReached => State::NeverReached,
        }
    }

    /// As the page's styles name it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            State::Tested => "tested",
            State::Bad => "bad",
            State::Ran => "ran",
            State::NeverFailed => "never-failed",
            State::NeverReached => "never-reached",
            State::Excused => "excused",
        }
    }

    /// As a summary says it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            State::Tested => Progress::Tested.as_str(),
            State::Bad => Progress::OnlyBadly.as_str(),
            State::Ran => Progress::OnlyWithoutInjection.as_str(),
            State::NeverFailed => Progress::NeverFailed.as_str(),
            State::NeverReached => Progress::NeverReached.as_str(),
            State::Excused => "excused",
        }
    }
}

/// A recovery arm that nothing is known of.
#[cfg(test)]
pub(super) fn sample_point() -> Point {
    Point {
        id: "1".to_owned(),
        file: "src/a.rs".to_owned(),
        line: 1,
        column: 1,
        function: "demo::f".to_owned(),
        kind: "question",
        is_site: false,
        text: "f()?".to_owned(),
        site: None,
        state: Progress::NeverReached,
        excuse: None,
        reached: true,
        ran: false,
        hits: 1,
        chains: 0,
        verdicts: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use firsthit::Verdict;

    use super::*;

    #[test]
    fn a_site_is_judged_by_its_failures_and_an_arm_by_its_tests() {
        let arm = Point { state: Progress::OnlyBadly, ..sample_point() };
        assert_eq!(State::of(&arm), State::Bad);
        assert_eq!(State::of(&Point { excuse: Some("no disk".to_owned()), ..arm.clone() }), State::Excused);
        let site = |reached, verdicts: &[(Verdict, u64)]| {
            State::of(&Point { is_site: true, reached, verdicts: verdicts.to_vec(), ..arm.clone() })
        };
        assert_eq!((site(false, &[]), site(true, &[])), (State::NeverReached, State::NeverFailed));
        assert_eq!(site(true, &[(Verdict::Recovered, 2)]), State::Tested);
        assert_eq!(site(true, &[(Verdict::Recovered, 2), (Verdict::Leaked, 1)]), State::Bad);
    }
}
