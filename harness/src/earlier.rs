//! What the earlier sweeps of a test came to, for fresh processes that only run through them.

use std::cell::RefCell;

use crate::verdict::Verdict;

/// The variable that tells a fresh process, a sweep a word: whether it was clean, and its verdicts.
pub(crate) const EARLIER: &str = "FIRSTHIT_EARLIER";

/// A variable longer than this is refused by the system together with the process.
const LEN_MAX: usize = 100_000;

thread_local! {
    /// The sweeps that this thread has done.
    static DONE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// A sweep that is over.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Earlier {
    pub(crate) clean: bool,
    pub(crate) verdicts: Vec<Verdict>,
}

impl Earlier {
    fn to_word(&self) -> String {
        let place = |verdict: &Verdict| Verdict::ALL.iter().position(|known| known == verdict).unwrap_or(0);
        let letters = self.verdicts.iter().map(|verdict| char::from(b'a' + place(verdict) as u8));
        std::iter::once(if self.clean { '+' } else { '-' }).chain(letters).collect()
    }

    fn from_word(word: &str) -> Earlier {
        let letters = word.bytes().skip(1);
        let verdicts = letters.filter_map(|letter| Verdict::ALL.get(usize::from(letter.wrapping_sub(b'a'))).copied());
        Earlier { clean: word.starts_with('+'), verdicts: verdicts.collect() }
    }
}

/// Notes what a sweep of this thread came to.
pub(crate) fn note(earlier: &Earlier) {
    DONE.with_borrow_mut(|done| done.push(earlier.to_word()));
}

/// The value of [`EARLIER`] for a process that this thread starts.
pub(crate) fn value() -> String {
    let mut value = DONE.with_borrow(|done| done.join(","));
    value.truncate(LEN_MAX);
    value
}

/// What the sweep `ordinal` of this test came to in the process that started this one.
pub(crate) fn of(ordinal: u32) -> Earlier {
    let value = std::env::var(EARLIER).unwrap_or_default();
    value.split(',').nth(ordinal as usize).map(Earlier::from_word).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_reads_as_it_is_written() {
        for clean in [true, false] {
            let earlier = Earlier { clean, verdicts: Verdict::ALL.to_vec() };
            assert_eq!(Earlier::from_word(&earlier.to_word()), earlier);
        }
        assert_eq!(Earlier::from_word(""), Earlier::default());
    }
}
