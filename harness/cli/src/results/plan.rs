//! What a run set out to do: its tests and their builds, its options, its share of the chains.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::results::origin::Origin;
use crate::shard::Shard;
use crate::stable_hash::StableHash;
use crate::test_id::TestId;

/// The plan of one run, or of the runs that were merged into one result.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The form of what is written: see [`Plan::SCHEMA`].
    pub(crate) schema: u32,
    /// The version of this tool.
    pub(crate) tool: String,
    /// When the first of its runs began, in microseconds since 1970.
    pub(crate) begun: u64,
    /// All that can change what is found, by name: not the shard, and not how it is shown.
    pub(crate) options: BTreeMap<String, String>,
    /// How many shards the chains are split into.
    pub(crate) shards: u32,
    /// The names of the runs that are in here, by the number of their shard.
    pub(crate) runs: BTreeMap<u32, BTreeSet<String>>,
    pub(crate) tests: Vec<PlannedTest>,
    /// Whether every chain of every test is to be failed, by all shards together.
    #[serde(default)]
    pub(crate) whole: bool,
    /// What was built or started; nothing if that cannot be told, or is no longer known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<Origin>,
}

/// A test, and the build it is swept in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) struct PlannedTest {
    #[serde(flatten)]
    pub(crate) test: TestId,
    /// The test binary's build id, in hexadecimal digits.
    pub(crate) build: String,
}

impl Plan {
    /// Counts up with every change that an earlier version could not read.
    pub(crate) const SCHEMA: u32 = 1;

    /// The plan of a run that begins now.
    pub(crate) fn new(options: BTreeMap<String, String>, shard: Option<Shard>, mut tests: Vec<PlannedTest>) -> Plan {
        tests.sort();
        tests.dedup();
        let shard = shard.unwrap_or(Shard::WHOLE);
        let begun = now();
        // Two machines that begin in the same microsecond differ in what the hasher's keys are.
        let name = format!("{begun:014x}-{:016x}", RandomState::new().hash_one(std::process::id()));
        Plan {
            schema: Plan::SCHEMA,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            begun,
            options,
            shards: shard.of(),
            runs: BTreeMap::from([(shard.number(), BTreeSet::from([name]))]),
            tests,
            whole: false,
            origin: None,
        }
    }

    /// By what a run is known that did the same: version, options and shards. Builds are not in it: what is known of
    /// a test says itself which build it was.
    pub(crate) fn digest(&self) -> String {
        let mut hash = StableHash::new().bytes(self.tool.as_bytes());
        for (name, value) in &self.options {
            hash = hash.bytes(name.as_bytes()).bytes(value.as_bytes());
        }
        for number in self.runs.keys().chain([&self.shards]) {
            hash = hash.bytes(&number.to_le_bytes());
        }
        format!("{:016x}", hash.finish())
    }

    /// The run's name, of several the names joined.
    pub(crate) fn name(&self) -> String {
        let names: Vec<&str> = self.runs.values().flatten().map(String::as_str).collect();
        names.join("+")
    }
}

/// Microseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(options: &[(&str, &str)], shard: Option<&str>) -> Plan {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Plan::new(options, shard.map(|shard| shard.parse().unwrap()), Vec::new())
    }

    #[test]
    fn the_digest_is_of_options_and_shard_and_not_of_the_moment() {
        let plain = plan(&[("mode", "once")], None);
        assert_eq!(plain.digest(), plan(&[("mode", "once")], None).digest());
        assert_ne!(plain.name(), plan(&[("mode", "once")], None).name());
        for other in [plan(&[("mode", "sticky")], None), plan(&[], None), plan(&[("mode", "once")], Some("1/2"))] {
            assert_ne!(plain.digest(), other.digest());
        }
        assert_ne!(plan(&[], Some("1/2")).digest(), plan(&[], Some("2/2")).digest());
    }

    #[test]
    fn a_plan_reads_as_it_is_written() {
        let mut plan = plan(&[("mode", "once")], Some("2/3"));
        let test = TestId { binary: "demo".to_owned(), name: "a::b".to_owned() };
        plan.tests.push(PlannedTest { test, build: "ab12".to_owned() });
        let text = serde_json::to_string(&plan).unwrap();
        assert!(text.contains(r#""binary":"demo","name":"a::b","build":"ab12""#), "{text}");
        assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }
}
