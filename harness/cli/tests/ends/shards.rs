//! Shards: each has its part, no two have the same, and together they are what the whole is.

use std::collections::BTreeMap;

use crate::swept::{Found, Key, Place};

const WORDS: [&str; 6] = ["--workspace", "--timeout", "1", "--skip", "meets_a_chain_once", "-q"];

#[test]
fn three_shards_are_the_whole() {
    let whole = Place::new("shard-0").sweep(&WORDS);
    let mut all: BTreeMap<Key, Found> = BTreeMap::new();
    for number in 1..=3 {
        let shard = format!("{number}/3");
        let place = Place::new(&format!("shard-{number}"));
        let part = place.sweep(&[&WORDS[..], &["--shard", &shard]].concat());
        assert!(part.found.len() > whole.found.len() / 6, "shard {shard} has {}", part.found.len());
        let count = all.len() + part.found.len();
        all.extend(part.found);
        assert_eq!(all.len(), count, "shard {shard} has what another one has");
    }
    assert_eq!(all, whole.found);
}
