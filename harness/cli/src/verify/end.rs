//! How a run with a failure ended: its verdict, and the end of its process.

use std::fmt;

use firsthit::Verdict;
use firsthit::program::facts::Ending;
use firsthit::program::words;
use serde::{Serialize, Serializer};

/// The signal that `abort` ends a process with.
const SIGABRT: i32 = 6;

/// The end of a process, so far as both explorers can tell it: an exit status, a signal, or its time was over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ProcessEnd(Ending);

impl ProcessEnd {
    /// A sweep's process notes that it called `abort`, and the system that it was killed by the signal. By which way a
    /// process came to its status the system does not say.
    pub(crate) fn new(ending: Ending) -> ProcessEnd {
        ProcessEnd(match ending {
            Ending::Aborted => Ending::Killed(SIGABRT),
            Ending::Left(status) => Ending::Exited(status),
            other => other,
        })
    }
}

impl fmt::Display for ProcessEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ending::Exited(status) | Ending::Left(status) => write!(f, "status {status}"),
            Ending::Killed(signal) => f.write_str(&words::signal(signal)),
            Ending::Aborted => f.write_str("abort"),
            Ending::Hung => f.write_str("out of time"),
            Ending::NotMet => f.write_str("no failure delivered"),
            Ending::Untold => f.write_str("an end that nobody knows"),
        }
    }
}

impl Serialize for ProcessEnd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct End {
    #[serde(serialize_with = "word")]
    pub(crate) verdict: Verdict,
    /// Nothing where a sweep's program was killed from outside, and its record with it.
    pub(crate) process: Option<ProcessEnd>,
}

fn word<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(verdict.as_str())
}

impl End {
    /// Whether two runs ended alike, as far as it is known.
    pub(crate) fn is_like(self, other: End) -> bool {
        let processes = self.process.zip(other.process);
        self.verdict == other.verdict && processes.is_none_or(|(one, other)| one == other)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.verdict)?;
        self.process.map_or(Ok(()), |process| write!(f, " ({process})"))
    }
}
