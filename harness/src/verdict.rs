//! What one injection showed, in thirteen words, each a different thing to do next.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// What one injection showed.
///
/// Verdicts order by severity: the greater one is the more urgent to look at, so the verdict of several observations
/// is their maximum.
///
/// ```
/// use firsthit::Verdict;
///
/// let verdict: Verdict = "aborted".parse()?;
/// assert_eq!(verdict.to_string(), "aborted");
/// assert!(!verdict.is_good());
/// assert!(verdict > Verdict::Recovered);
/// assert_eq!(Verdict::ALL.into_iter().max(), Some(Verdict::Corrupted));
/// # Ok::<(), firsthit::UnknownVerdict>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Verdict {
    /// The error surfaced, nothing was lost and a clean retry works. Nothing is left to do.
    Recovered,
    /// The result is the same as without the failure: the code did without the memory. Nothing is left to do.
    Absorbed,
    /// The call reported success, yet its result differs from the baseline's, or its site says that the error must
    /// surface. Return the error, or say that this loss is meant.
    Swallowed,
    /// An infallible API was reached and ended the process through `handle_alloc_error`. Call its fallible twin.
    Aborted,
    /// The crate's own code panicked on the failure. Return an error where it unwraps.
    Panicked,
    /// A signal ended the process. Look for a pointer that was used without a null check.
    Crashed,
    /// The test did not end within its time limit. Look at the chain it hung in: a retry without a bound, or a lock
    /// that nobody released.
    Hung,
    /// Something allocated before or during the recovery was never released. Release it on the error path.
    Leaked,
    /// Memory that was freed behind the failure was used again, the C library found its heap damaged, or an invariant of the
    /// user does not hold. Look at what the error path left half done.
    Corrupted,
    /// The code allocated again after the failure, although mode `forbid` says that it must not. Recover with the
    /// memory at hand.
    Allocated,
    /// The retry without a failure did not give the baseline's result: the failure left bad state behind. Restore the
    /// state before the error is returned.
    Unusable,
    /// The baseline itself differs from run to run. Make the test deterministic; its recovery code was not judged.
    Unstable,
    /// The chain was planned and not met again. Look for what makes the test take another path.
    Unreached,
}

impl Verdict {
    /// Every verdict, in the order in which summaries count them.
    pub const ALL: [Verdict; 13] = [
        Verdict::Recovered,
        Verdict::Absorbed,
        Verdict::Swallowed,
        Verdict::Aborted,
        Verdict::Panicked,
        Verdict::Crashed,
        Verdict::Hung,
        Verdict::Leaked,
        Verdict::Corrupted,
        Verdict::Allocated,
        Verdict::Unusable,
        Verdict::Unstable,
        Verdict::Unreached,
    ];

    /// The verdict's word, as reports and ledgers write it.
    ///
    /// ```
    /// assert_eq!(firsthit::Verdict::Leaked.as_str(), "leaked");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Recovered => "recovered",
            Verdict::Absorbed => "absorbed",
            Verdict::Swallowed => "swallowed",
            Verdict::Aborted => "aborted",
            Verdict::Panicked => "panicked",
            Verdict::Crashed => "crashed",
            Verdict::Hung => "hung",
            Verdict::Leaked => "leaked",
            Verdict::Corrupted => "corrupted",
            Verdict::Allocated => "allocated",
            Verdict::Unusable => "unusable",
            Verdict::Unstable => "unstable",
            Verdict::Unreached => "unreached",
        }
    }

    /// Whether the recovery code did its work.
    ///
    /// ```
    /// use firsthit::Verdict;
    ///
    /// let good: Vec<Verdict> = Verdict::ALL.into_iter().filter(|verdict| verdict.is_good()).collect();
    /// assert_eq!(good, [Verdict::Recovered, Verdict::Absorbed]);
    /// ```
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Verdict::Recovered | Verdict::Absorbed)
    }

    /// What to do next, in one sentence.
    ///
    /// ```
    /// assert!(firsthit::Verdict::Aborted.next_step().contains("try_reserve"));
    /// ```
    #[must_use]
    pub const fn next_step(self) -> &'static str {
        match self {
            Verdict::Recovered | Verdict::Absorbed => "Nothing is left to do.",
            Verdict::Swallowed => "Return the error to the caller, or declare that losing it is meant.",
            Verdict::Aborted => {
                "Call what can fail instead, where there is such a call: `try_reserve` before `push`, say."
            }
            Verdict::Panicked => "Return an error where the code panics.",
            Verdict::Crashed => "Check the pointer for null before it is used.",
            Verdict::Hung => "Bound the retry, or release the lock, in the chain that the test hung in.",
            Verdict::Leaked => "Release this memory before the error is returned.",
            Verdict::Corrupted => "Look at what the error path leaves half done or releases twice.",
            Verdict::Allocated => "Recover with the memory at hand; nothing may be allocated after the failure.",
            Verdict::Unusable => "Restore the state that the failure left behind before the error is returned.",
            Verdict::Unstable => "Make the test deterministic first; its recovery code was not judged.",
            Verdict::Unreached => {
                "Look for what makes the test take another path, such as time, threads or hash seeds."
            }
        }
    }

    /// The place in the order of severity: damage nobody sees stands above a loud end, and that above a loss.
    const fn severity(self) -> u8 {
        match self {
            Verdict::Recovered => 0,
            Verdict::Absorbed => 1,
            Verdict::Unreached => 2,
            Verdict::Unstable => 3,
            Verdict::Allocated => 4,
            Verdict::Leaked => 5,
            Verdict::Panicked => 6,
            Verdict::Aborted => 7,
            Verdict::Hung => 8,
            Verdict::Swallowed => 9,
            Verdict::Unusable => 10,
            Verdict::Crashed => 11,
            Verdict::Corrupted => 12,
        }
    }
}

impl Ord for Verdict {
    fn cmp(&self, other: &Self) -> Ordering {
        self.severity().cmp(&other.severity())
    }
}

impl PartialOrd for Verdict {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Verdict {
    type Err = UnknownVerdict;

    fn from_str(word: &str) -> Result<Verdict, UnknownVerdict> {
        let found = Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == word);
        found.ok_or_else(|| UnknownVerdict { word: word.to_owned() })
    }
}

/// A word that is no [`Verdict`].
///
/// ```
/// let error = "fine".parse::<firsthit::Verdict>().unwrap_err();
/// assert!(error.to_string().starts_with(r#"unknown verdict "fine": expected one of recovered, absorbed"#));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownVerdict {
    word: String,
}

impl fmt::Display for UnknownVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = Verdict::ALL.map(Verdict::as_str).join(", ");
        write!(f, "unknown verdict {:?}: expected one of {words}", self.word)
    }
}

impl std::error::Error for UnknownVerdict {}

#[cfg(test)]
mod tests {
    use super::Verdict;

    #[test]
    fn every_verdict_comes_back_from_its_word() {
        for verdict in Verdict::ALL {
            assert_eq!(verdict.as_str().parse(), Ok(verdict));
            assert_eq!(verdict.as_str(), format!("{verdict:?}").to_lowercase());
        }
        assert!("Recovered".parse::<Verdict>().is_err());
    }

    #[test]
    fn the_order_is_total_and_puts_good_verdicts_lowest() {
        let mut verdicts = Verdict::ALL;
        verdicts.sort();
        assert!(verdicts.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(verdicts.iter().map(|verdict| verdict.is_good()).eq((0..13).map(|place| place < 2)));
    }

    #[test]
    fn every_next_step_is_one_sentence() {
        for verdict in Verdict::ALL {
            let step = verdict.next_step();
            assert!(step.ends_with('.') && step.len() < 100, "{step}");
        }
    }
}
