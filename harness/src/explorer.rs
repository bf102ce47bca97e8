//! How an injection is isolated from the rest.

use std::fmt;
use std::str::FromStr;

use crate::mode::UnknownWord;

/// How an injection is isolated from the process that asked for the sweep, and from other injections.
///
/// ```
/// use firsthit::Explorer;
/// assert_eq!("worker".parse(), Ok(Explorer::Worker));
/// assert!("thread".parse::<Explorer>().unwrap_err().to_string().contains("worker, snapshot, process, inline"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Explorer {
    /// Processes forked before the body has run, each running it again for one chain after the other.
    Worker = 1,
    /// Processes forked at the first hit of each chain, in the middle of one run of the body.
    Snapshot = 2,
    /// A fresh process for each chain, which runs the test from its beginning.
    Process = 3,
    /// This process: whatever ends it ends the test.
    Inline = 4,
}

impl Explorer {
    const ALL: [Explorer; 4] = [Explorer::Worker, Explorer::Snapshot, Explorer::Process, Explorer::Inline];

    /// The word that names the explorer in options, attributes and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Explorer::Worker => "worker",
            Explorer::Snapshot => "snapshot",
            Explorer::Process => "process",
            Explorer::Inline => "inline",
        }
    }

    /// The explorer that a record's number stands for.
    pub(crate) fn from_number(number: u32) -> Option<Explorer> {
        Explorer::ALL.into_iter().find(|explorer| *explorer as u32 == number)
    }
}

impl fmt::Display for Explorer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Explorer {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Explorer, UnknownWord> {
        let named = Explorer::ALL.into_iter().find(|explorer| explorer.as_str() == word);
        named.ok_or_else(|| UnknownWord { word: word.to_owned(), known: "worker, snapshot, process, inline" })
    }
}
