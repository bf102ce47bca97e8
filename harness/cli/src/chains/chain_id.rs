//! By what a call chain is known again in another build: 128 bits, written as 32 hexadecimal digits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The identity of one chain of one test, which stays when lines shift and unrelated code changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ChainId(pub(crate) u128);

impl ChainId {
    /// How many digits are shown where a person reads it.
    const SHORT: usize = 12;

    /// The identity of what the words say, in this order: FNV-1a of 128 bits, which is the same everywhere and for ever.
    ///
    /// <http://www.isthe.com/chongo/tech/comp/fnv/>
    pub(crate) fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> ChainId {
        const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        // No word has this byte, so that where one ends counts.
        let bytes = words.into_iter().flat_map(|word| word.bytes().chain([0xff]));
        ChainId(bytes.fold(BASIS, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME)))
    }

    /// The first digits, which tell the chains of one project apart.
    pub(crate) fn short(self) -> String {
        let mut digits = self.to_string();
        digits.truncate(Self::SHORT);
        digits
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for ChainId {
    type Err = String;

    fn from_str(word: &str) -> Result<ChainId, String> {
        let digits = word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = digits.then(|| u128::from_str_radix(word, 16).ok()).flatten();
        number.map(ChainId).ok_or_else(|| format!("{word:?} is no chain's identity: 32 hexadecimal digits are"))
    }
}

impl TryFrom<String> for ChainId {
    type Error = String;

    fn try_from(word: String) -> Result<ChainId, String> {
        word.parse()
    }
}

impl From<ChainId> for String {
    fn from(id: ChainId) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_their_order_and_ends_count() {
        let ids =
            [&["a", "b"][..], &["b", "a"], &["ab"], &["a", "b", ""]].map(|words| ChainId::of(words.iter().copied()));
        assert!((1..ids.len()).all(|n| !ids[..n].contains(&ids[n])));
        // Ledgers of earlier versions know chains by these numbers.
        assert_eq!(ids[0].to_string(), "697222d0e0757277b806e9775b4e0ce2");
    }

    #[test]
    fn an_identity_reads_as_it_is_written() {
        let id = ChainId(0xab);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.short(), "000000000000");
        assert!("ab".parse::<ChainId>().is_err() && "+0000000000000000000000000000001".parse::<ChainId>().is_err());
    }
}
