//! One of several equal shares of the chains, so that as many machines can sweep the same tests.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::chains::chain_id::ChainId;
use crate::stable_hash::StableHash;
use crate::test_id::TestId;

/// The `k`-th of `n` shares, counted from 1. Whose a chain is depends on its identity alone, not on order or machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Shard {
    k: u32,
    n: u32,
}

impl Shard {
    /// The only share, with every chain in it.
    pub(crate) const WHOLE: Shard = Shard { k: 1, n: 1 };

    /// Which one it is, from 1.
    pub(crate) fn number(self) -> u32 {
        self.k
    }

    /// How many there are.
    pub(crate) fn of(self) -> u32 {
        self.n
    }

    /// Whether the chain is to be failed in this share.
    pub(crate) fn has(self, test: &TestId, chain: ChainId) -> bool {
        owner(test, chain, self.n) == self.k
    }
}

/// The number, from 1, of the share that a chain belongs to, of `n` of them.
pub(crate) fn owner(test: &TestId, chain: ChainId, n: u32) -> u32 {
    let hash = StableHash::new();
    let hash = hash.bytes(test.binary.as_bytes()).bytes(test.name.as_bytes()).bytes(&chain.0.to_be_bytes()).finish();
    // The product's upper half is below `n`.
    1 + u32::try_from((u128::from(hash) * u128::from(n)) >> 64).unwrap_or(0)
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(word: &str) -> Result<Shard, String> {
        let number = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u32>().ok()).flatten()
        };
        let numbers = word.split_once('/').and_then(|(k, n)| Some((number(k)?, number(n)?)));
        let Some((k, n)) = numbers else {
            return Err(format!("{word:?} is no shard: write which and of how many, as in 1/3"));
        };
        if n == 0 {
            return Err(format!("{word:?} is no shard: there must be one at least, as in 1/1"));
        }
        if k == 0 || k > n {
            return Err(format!("{word:?} is no shard: the first of {n} is 1/{n} and the last {n}/{n}"));
        }
        Ok(Shard { k, n })
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(word: String) -> Result<Shard, String> {
        word.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> String {
        shard.to_string()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.k, self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test_id(name: &str) -> TestId {
        TestId { binary: "demo".to_owned(), name: name.to_owned() }
    }

    #[test]
    fn a_shard_reads_as_it_is_written_and_what_is_none_says_why() {
        assert_eq!("2/3".parse::<Shard>().map(|shard| shard.to_string()), Ok("2/3".to_owned()));
        for (word, cure) in [
            ("0/3", "the first of 3 is 1/3"),
            ("4/3", "the last 3/3"),
            ("1/0", "there must be one"),
            ("1", "as in 1/3"),
            ("+1/3", "as in 1/3"),
            ("/", "as in 1/3"),
            ("1/99999999999", "as in 1/3"),
        ] {
            let error = word.parse::<Shard>().unwrap_err();
            assert!(error.contains(cure) && error.contains(&format!("{word:?}")), "{word}: {error}");
        }
    }

    #[test]
    fn every_chain_is_in_one_shard_and_the_shards_are_balanced() {
        // Identities that differ in few bits are the hardest to spread.
        let chains: Vec<(TestId, ChainId)> =
            (0..10_000).map(|n| (test_id(&format!("t{}", n % 7)), ChainId(n / 7))).collect();
        for n in [1, 2, 3, 7, 10] {
            let mut counts = vec![0_usize; n as usize];
            for (test, chain) in &chains {
                let owners: Vec<u32> = (1..=n).filter(|&k| Shard { k, n }.has(test, *chain)).collect();
                assert_eq!(owners, [owner(test, *chain, n)]);
                counts[owners[0] as usize - 1] += 1;
            }
            let fair = chains.len() as f64 / f64::from(n);
            // Three standard deviations of a fair lot, or 4 % where that is more.
            let slack = (fair * 0.04).max(3.0 * fair.sqrt());
            assert!(counts.iter().all(|&count| (count as f64 - fair).abs() <= slack), "{n}: {counts:?}");
        }
    }

    #[test]
    fn whose_a_chain_is_never_changes() {
        let owners: Vec<u32> = (0..12).map(|n| owner(&test_id("a::b"), ChainId(n), 3)).collect();
        assert_eq!(owners, [1, 3, 3, 2, 2, 2, 3, 3, 1, 1, 1, 1]);
    }
}
