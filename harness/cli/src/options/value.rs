//! Values on the command line that are more than a word: each knows what it takes and says what it does not.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

/// A time limit of at least a millisecond and at most a year.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seconds(pub(crate) Duration);

impl Seconds {
    fn new(seconds: f64) -> Result<Seconds, String> {
        if (0.001..=31_536_000.0).contains(&seconds) {
            Ok(Seconds(Duration::from_secs_f64(seconds)))
        } else {
            Err(format!("{seconds} seconds are no time limit: give a number between 0.001 and 31536000"))
        }
    }
}

impl FromStr for Seconds {
    type Err = String;

    fn from_str(word: &str) -> Result<Seconds, String> {
        word.parse()
            .map_err(|_| format!("{word:?} is no number of seconds: give one such as 20 or 0.5"))
            .and_then(Seconds::new)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Seconds, D::Error> {
        Seconds::new(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// How many allocations fail in a run: one, or two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Depth(pub(crate) u32);

impl Default for Depth {
    fn default() -> Depth {
        Depth(1)
    }
}

impl Depth {
    fn new(number: u32) -> Result<Depth, String> {
        let refused = || format!("{number} is no depth: give 1, or 2 for second failures in recovery code");
        (1..=2).contains(&number).then_some(Depth(number)).ok_or_else(refused)
    }
}

impl FromStr for Depth {
    type Err = String;

    fn from_str(word: &str) -> Result<Depth, String> {
        word.parse().map_err(|_| format!("{word:?} is no depth: give 1 or 2")).and_then(Depth::new)
    }
}

impl<'de> Deserialize<'de> for Depth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Depth, D::Error> {
        Depth::new(u32::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// How many tests are swept at a time: at least one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Jobs(pub(crate) NonZeroUsize);

impl Jobs {
    fn new(number: usize) -> Result<Jobs, String> {
        let jobs = NonZeroUsize::new(number).filter(|jobs| jobs.get() <= 1024);
        jobs.map(Jobs).ok_or_else(|| format!("{number} jobs are none that can be run: give 1 to 1024"))
    }
}

impl FromStr for Jobs {
    type Err = String;

    fn from_str(word: &str) -> Result<Jobs, String> {
        word.parse().map_err(|_| format!("{word:?} is no number of jobs: give 1 to 1024")).and_then(Jobs::new)
    }
}

impl<'de> Deserialize<'de> for Jobs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Jobs, D::Error> {
        Jobs::new(usize::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A part of a hundred, kept in hundredths of a per cent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Percent(pub(crate) u64);

impl Percent {
    fn new(percent: f64) -> Result<Percent, String> {
        if (0.0..=100.0).contains(&percent) {
            Ok(Percent((percent * 100.0).round() as u64))
        } else {
            Err(format!("{percent} is no part of a hundred: give a number from 0 to 100"))
        }
    }
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(word: &str) -> Result<Percent, String> {
        let number = word.strip_suffix('%').unwrap_or(word).trim_end();
        number
            .parse()
            .map_err(|_| format!("{word:?} is no per cent: give a number from 0 to 100"))
            .and_then(Percent::new)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Percent, D::Error> {
        Percent::new(f64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 100, self.0 % 100) {
            (whole, 0) => write!(f, "{whole} %"),
            (whole, rest) => write!(f, "{whole}.{rest:02} %"),
        }
    }
}

/// A chain's identity as a person gives it: its first digits, as far as reports print them, or all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct ChainWord(pub(crate) String);

impl ChainWord {
    /// Fewer would name several chains sooner or later.
    const DIGITS_MIN: usize = 6;
}

impl FromStr for ChainWord {
    type Err = String;

    fn from_str(word: &str) -> Result<ChainWord, String> {
        let fits = (Self::DIGITS_MIN..=32).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits {
            Ok(ChainWord(word.to_ascii_lowercase()))
        } else {
            Err(format!("{word:?} is no chain's identity: give 6 to 32 hexadecimal digits, as reports print them"))
        }
    }
}

impl fmt::Display for ChainWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_limit_and_jobs_are_more_than_nothing() {
        assert_eq!("0.5".parse(), Ok(Seconds(Duration::from_millis(500))));
        for word in ["0", "-1", "nan", "inf", "1e99", "soon", ""] {
            assert!(word.parse::<Seconds>().unwrap_err().contains("give"), "{word}");
        }
        assert_eq!("2".parse::<Jobs>().map(|jobs| jobs.0.get()), Ok(2));
        for word in ["0", "1025", "-1", "many"] {
            assert!(word.parse::<Jobs>().unwrap_err().contains("1 to 1024"), "{word}");
        }
    }

    #[test]
    fn a_per_cent_is_from_0_to_100() {
        for (word, hundredths, shown) in
            [("80", 8_000, "80 %"), ("99.95%", 9_995, "99.95 %"), ("0", 0, "0 %"), ("100", 10_000, "100 %")]
        {
            assert_eq!(word.parse(), Ok(Percent(hundredths)), "{word}");
            assert_eq!(Percent(hundredths).to_string(), shown);
        }
        for word in ["-1", "100.1", "nan", "inf", "all", ""] {
            assert!(word.parse::<Percent>().unwrap_err().contains("from 0 to 100"), "{word}");
        }
    }

    #[test]
    fn an_identity_is_taken_by_its_first_digits() {
        assert_eq!("0123ABCDEF".parse(), Ok(ChainWord("0123abcdef".to_owned())));
        for word in ["01234", "0123456789abcdef0123456789abcdef0", "aborted"] {
            assert!(word.parse::<ChainWord>().is_err(), "{word}");
        }
    }
}
