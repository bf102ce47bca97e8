//! The word that replays one chain: which chain, of which build.

use std::fmt;
use std::str::FromStr;

/// A chain of one build, as a finding prints it: `chain@build`, or `chain+second@build` for two failures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub(crate) chain: u64,
    pub(crate) second: Option<u64>,
    pub(crate) build: u32,
}

/// Why a word is no token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NoToken;

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "it is not a replay token: 16 hex digits, `@`, 8 hex digits, as the `replay:` line of a finding has it",
        )
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.chain)?;
        if let Some(second) = self.second {
            write!(f, "+{second:016x}")?;
        }
        write!(f, "@{:08x}", self.build)
    }
}

impl FromStr for Token {
    type Err = NoToken;

    fn from_str(word: &str) -> Result<Token, NoToken> {
        let hex = |digits: &str, len: usize| {
            let plain = digits.len() == len && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            plain.then(|| u64::from_str_radix(digits, 16).ok()).flatten().ok_or(NoToken)
        };
        let (chains, build) = word.split_once('@').ok_or(NoToken)?;
        let (chain, second) = chains.split_once('+').map_or((chains, None), |(one, two)| (one, Some(two)));
        Ok(Token {
            chain: hex(chain, 16)?,
            second: second.map(|second| hex(second, 16)).transpose()?,
            build: hex(build, 8)? as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_as_it_is_written() {
        for second in [None, Some(7)] {
            let token = Token { chain: 0x0123_4567_89ab_cdef, second, build: 0xdead_beef };
            assert_eq!(token.to_string().parse(), Ok(token));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for word in [
            "",
            "@",
            "1@2",
            "0123456789abcdef",
            "0123456789abcdef@0123456",
            "+123456789abcdef@01234567",
            "0123456789abcdef@01234567 ",
        ] {
            assert_eq!(word.parse::<Token>(), Err(NoToken), "{word:?}");
        }
    }
}
