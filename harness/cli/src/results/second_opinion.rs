//! A second opinion: what the same failure came to in a fresh process of the test, which shares nothing with the sweep.

use firsthit::Verdict;
use serde::{Deserialize, Serialize};

use crate::results::verdict_word;

/// What fresh processes of the test showed of a chain that was a finding.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub(crate) enum SecondOpinion {
    /// The failure ended the same: the finding is confirmed.
    Same,
    /// It ended in another way.
    Other {
        #[serde(with = "verdict_word")]
        verdict: Verdict,
    },
    /// The chain was not met.
    Unreached,
    /// There is none: why.
    NotAsked { why: String },
}

impl SecondOpinion {
    /// Of a failure that ended as `first` in the sweep, and as `again` in a fresh process.
    pub(crate) fn of(first: Verdict, again: Verdict) -> SecondOpinion {
        match again {
            Verdict::Unreached => SecondOpinion::Unreached,
            again if again == first => SecondOpinion::Same,
            verdict => SecondOpinion::Other { verdict },
        }
    }

    /// Whether it says the same as the first one.
    pub(crate) fn confirms(&self) -> bool {
        *self == SecondOpinion::Same
    }

    /// The word that marks the finding.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            SecondOpinion::Same => "confirmed",
            _ => "unconfirmed",
        }
    }

    /// What it says, in a sentence that begins with its word.
    pub(crate) fn sentence(&self) -> String {
        let why = match self {
            SecondOpinion::Same => "in a fresh process the same failure ends the same".to_owned(),
            SecondOpinion::Other { verdict } => format!("in a fresh process the same failure ended as {verdict}"),
            SecondOpinion::Unreached => {
                "fresh processes did not reach this chain: what the test allocates differs from run to run".to_owned()
            }
            SecondOpinion::NotAsked { why } => format!("there is no second opinion: {why}"),
        };
        format!("{}: {why}", self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_end_confirms_and_every_other_says_why_not() {
        let of = |again| SecondOpinion::of(Verdict::Leaked, again);
        let why = "the test fails without a failure".to_owned();
        let all =
            [of(Verdict::Leaked), of(Verdict::Recovered), of(Verdict::Unreached), SecondOpinion::NotAsked { why }];
        let confirms: Vec<bool> = all.iter().map(SecondOpinion::confirms).collect();
        assert_eq!(confirms, [true, false, false, false]);
        assert_eq!(all[1].sentence(), "unconfirmed: in a fresh process the same failure ended as recovered");
        let words: Vec<&str> = all.iter().map(SecondOpinion::word).collect();
        assert_eq!(words, ["confirmed", "unconfirmed", "unconfirmed", "unconfirmed"]);
        for opinion in &all {
            let text = serde_json::to_string(opinion).unwrap();
            assert_eq!(serde_json::from_str::<SecondOpinion>(&text).unwrap(), *opinion, "{text}");
        }
        assert_eq!(serde_json::to_string(&all[1]).unwrap(), r#"{"answer":"other","verdict":"recovered"}"#);
    }
}
