//! What the check of one test came to.

use serde::{Serialize, Serializer};

use crate::chains::frame::Frame;
use crate::results::outcome::Request;
use crate::test_id::TestId;
use crate::verify::compared::{Hit, Kind};
use crate::verify::end::End;

/// One test, with both sides compared, or not.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Checked {
    #[serde(serialize_with = "name")]
    pub(crate) test: TestId,
    /// Why the two sides could not be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_compared: Option<String>,
    /// Whether it fails by itself.
    #[serde(skip)]
    pub(crate) fails: bool,
    /// Requests of a run without a failure, those of the next field left out.
    pub(crate) requests: u64,
    /// Requests of the runner's own thread, of which none was failed.
    pub(crate) requests_of_runner: u64,
    /// How many runs had a failure, one each.
    pub(crate) runs: u64,
    /// Of these, how many failed what no sweep fails.
    pub(crate) runs_out_of_scope: u64,
    /// Of these, how many failed a request whose chain nobody found.
    pub(crate) runs_without_chain: u64,
    /// Whether only a part of the requests was failed.
    pub(crate) share: bool,
    /// Chains that a sweep fails.
    pub(crate) chains: usize,
    /// How many of them both sides say the same of.
    pub(crate) alike: usize,
    /// How many of them neither side met again.
    pub(crate) unreached: usize,
    /// Why runs differ by themselves, if they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) varies: Option<String>,
    /// Whether it was stopped on the way.
    pub(crate) stopped: bool,
    pub(crate) differences: Vec<Told>,
    pub(crate) seconds: f64,
}

/// A difference, with all that is told of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Told {
    pub(crate) kind: Kind,
    /// Whether it was the same when both sides were asked again, in a test whose runs do not vary: only then it counts.
    pub(crate) certain: bool,
    pub(crate) request: Option<Request>,
    pub(crate) chain: Vec<Frame>,
    /// What the sweep says.
    pub(crate) swept: Option<End>,
    /// The runs that say otherwise.
    pub(crate) hits: Vec<Hit>,
}

impl Told {
    /// Whether the two sides contradict each other.
    pub(crate) fn is_disagreement(&self) -> bool {
        self.certain && self.kind != Kind::Later
    }
}

impl Checked {
    /// A test of which nothing was compared.
    pub(crate) fn not(test: &TestId, why: String) -> Checked {
        Checked {
            test: test.clone(),
            not_compared: Some(why),
            fails: false,
            requests: 0,
            requests_of_runner: 0,
            runs: 0,
            runs_out_of_scope: 0,
            runs_without_chain: 0,
            share: false,
            chains: 0,
            alike: 0,
            unreached: 0,
            varies: None,
            stopped: false,
            differences: Vec::new(),
            seconds: 0.0,
        }
    }

    /// How many differences are of this kind, and certain or not.
    pub(crate) fn count(&self, kind: Kind, certain: bool) -> usize {
        self.differences.iter().filter(|one| one.kind == kind && one.certain == certain).count()
    }
}

fn name<S: Serializer>(test: &TestId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(test)
}
