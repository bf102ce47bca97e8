//! What happens to the allocations behind the one that was failed.

use std::fmt;
use std::str::FromStr;

/// What happens to the allocations of the scope after the injected failure.
///
/// ```
/// use firsthit::Mode;
/// assert_eq!("sticky".parse(), Ok(Mode::Sticky));
/// assert!("sometimes".parse::<Mode>().unwrap_err().to_string().contains("once, sticky, forbid"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u32)]
pub enum Mode {
    /// They succeed: one failure per run.
    #[default]
    Once,
    /// They fail too, until the body returns: memory is exhausted and stays so. Fail points return their first value.
    Sticky,
    /// They succeed, and each is a finding: recovery code must not allocate. Fail points are not forbidden.
    Forbid,
}

impl Mode {
    const ALL: [Mode; 3] = [Mode::Once, Mode::Sticky, Mode::Forbid];

    /// The word that names the mode in options and attributes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::Once => "once",
            Mode::Sticky => "sticky",
            Mode::Forbid => "forbid",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no value of an option, with the words that do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownWord {
    pub(crate) word: String,
    pub(crate) known: &'static str,
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not one of: {}", self.word.escape_default(), self.known)
    }
}

impl std::error::Error for UnknownWord {}

impl FromStr for Mode {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Mode, UnknownWord> {
        let named = Mode::ALL.into_iter().find(|mode| mode.as_str() == word);
        named.ok_or_else(|| UnknownWord { word: word.to_owned(), known: "once, sticky, forbid" })
    }
}
