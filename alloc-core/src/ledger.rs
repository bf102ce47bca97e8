//! The ledger of a conversion: how far each call site is from "too small to fail" to "may fail", as text that can be kept.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::left_behind::LeftBehind;

/// How far a call site is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Standing {
    /// Its small requests loop. Its recovery ran cleanly so many times in a row.
    Loops {
        /// How many times.
        clean: u32,
    },
    /// Its small requests may fail: its recovery was seen to work.
    MayFail,
    /// Its small requests might have failed, until its recovery left something behind. They loop again.
    Relapsed {
        /// How many times in a row its recovery ran cleanly since.
        clean: u32,
    },
}

/// What came of a recovery.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Recovery {
    /// It ran to its end and left nothing behind.
    Clean,
    /// It left something behind, or did not run to its end.
    Unclean,
}

/// How far each call site is: small requests of a site loop until its recovery has run cleanly so many times in a row, and may fail
/// from then on; as the kernel's big lock was removed, one piece of code at a time (proposed in the comments on LWN's article of 2017).
///
/// As text it has a line for each site, in the order of their names, so that a project can keep it beside its code, and
/// [`Ledger::regressions`] lets its tests fail when a site falls back:
///
/// ```
/// use alloc_core::{Ledger, Recovery, Standing};
/// let mut ledger = Ledger::new(3);
/// for _ in 0..3 {
///     ledger.record("journal", Recovery::Clean);
/// }
/// ledger.record("fsck", Recovery::Clean);
/// let kept = ledger.to_string();
/// assert_eq!(kept, "alloc-core ledger 1: may fail after 3\nloops 1 fsck\nmay-fail journal\n");
///
/// let mut next = Ledger::read(&kept)?;
/// assert_eq!(next.standing("journal"), Some(Standing::MayFail));
/// next.record("journal", Recovery::Unclean);
/// assert_eq!(next.regressions(&ledger).collect::<Vec<_>>(), ["journal"]);
/// # Ok::<(), alloc_core::LedgerError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ledger {
    promote_after: u32,
    sites: BTreeMap<String, Standing>,
}

/// Why a text is no ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the ledger: {}", self.line, self.what)
    }
}

impl core::error::Error for LedgerError {}

const HEADER: &str = "alloc-core ledger 1: may fail after ";

impl Ledger {
    /// An empty ledger, in which sites are promoted after so many clean recoveries in a row; 0 counts as 1.
    pub fn new(promote_after: u32) -> Ledger {
        Ledger { promote_after: promote_after.max(1), sites: BTreeMap::new() }
    }

    /// Reads what a ledger wrote as text. Empty lines, and those that begin with `#`, are the reader's own.
    ///
    /// # Errors
    /// The first line that is not one of a ledger's, or names a site for the second time.
    pub fn read(text: &str) -> Result<Ledger, LedgerError> {
        let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let wrong = |line, what| LedgerError { line, what };
        let (line, header) = lines.next().ok_or(wrong(1, "there is none"))?;
        let count = header.strip_prefix(HEADER).and_then(|count| count.parse().ok()).filter(|count| *count > 0);
        let mut ledger = Ledger::new(count.ok_or(wrong(line, "it is to be `alloc-core ledger 1: may fail after N`"))?);
        for (line, text) in lines {
            let what = "it is to be `loops N NAME`, `may-fail NAME` or `relapsed N NAME`, with N below the ledger's";
            let (name, standing) = site(text, ledger.promote_after).ok_or(wrong(line, what))?;
            if ledger.sites.insert(name, standing).is_some() {
                return Err(wrong(line, "the site has a line already"));
            }
        }
        Ok(ledger)
    }

    /// How far a site is, if the ledger has heard of it.
    pub fn standing(&self, site: &str) -> Option<Standing> {
        self.sites.get(site).copied()
    }

    /// The sites and how far they are, in the order of their names.
    pub fn sites(&self) -> impl Iterator<Item = (&str, Standing)> {
        self.sites.iter().map(|(name, standing)| (name.as_str(), *standing))
    }

    /// Takes down what came of a recovery of a site, and says how far the site is now.
    ///
    /// After an unclean one the count begins anew, and a site that might fail loops again. For those who judge by more than a machine
    /// can see: a harness that runs each failure in a process of its own, or looks whether a file system is still right.
    pub fn record(&mut self, site: &str, recovery: Recovery) -> Standing {
        let before = self.standing(site).unwrap_or(Standing::Loops { clean: 0 });
        let after = match (before, recovery) {
            (Standing::MayFail, Recovery::Clean) => Standing::MayFail,
            (Standing::MayFail | Standing::Relapsed { .. }, Recovery::Unclean) => Standing::Relapsed { clean: 0 },
            (Standing::Loops { .. }, Recovery::Unclean) => Standing::Loops { clean: 0 },
            (Standing::Loops { clean } | Standing::Relapsed { clean }, _) if clean + 1 >= self.promote_after => {
                Standing::MayFail
            }
            (Standing::Loops { clean }, Recovery::Clean) => Standing::Loops { clean: clean + 1 },
            (Standing::Relapsed { clean }, Recovery::Clean) => Standing::Relapsed { clean: clean + 1 },
        };
        self.sites.insert(String::from(site), after);
        after
    }

    /// The sites whose requests might fail by an earlier ledger and may not by this one, be it that they relapsed or that this one
    /// has not heard of them: for tests that let a conversion only go forward.
    pub fn regressions<'l>(&'l self, earlier: &'l Ledger) -> impl Iterator<Item = &'l str> {
        let may_fail = |ledger: &Ledger, name: &str| ledger.standing(name) == Some(Standing::MayFail);
        let names = earlier.sites.keys().map(String::as_str);
        names.filter(move |name| may_fail(earlier, name) && !may_fail(self, name))
    }
}

/// One site's line.
fn site(text: &str, promote_after: u32) -> Option<(String, Standing)> {
    let counted = |rest: &str| -> Option<(u32, String)> {
        let (count, name) = rest.split_once(' ')?;
        Some((count.parse().ok().filter(|count| *count < promote_after)?, plain(name)?))
    };
    let (word, rest) = text.split_once(' ')?;
    match word {
        "may-fail" => Some((plain(rest)?, Standing::MayFail)),
        "loops" => counted(rest).map(|(clean, name)| (name, Standing::Loops { clean })),
        "relapsed" => counted(rest).map(|(clean, name)| (name, Standing::Relapsed { clean })),
        _ => None,
    }
}

/// A name as it was before it was written: backslashes and ends of lines are escaped there.
fn plain(written: &str) -> Option<String> {
    let mut name = String::new();
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        name.push(match character {
            '\\' => match characters.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            other => other,
        });
    }
    Some(name)
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}{}", self.promote_after)?;
        for (name, standing) in &self.sites {
            match standing {
                Standing::Loops { clean } => write!(f, "loops {clean} ")?,
                Standing::MayFail => f.write_str("may-fail ")?,
                Standing::Relapsed { clean } => write!(f, "relapsed {clean} ")?,
            }
            let escaped = name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r");
            writeln!(f, "{escaped}")?;
        }
        Ok(())
    }
}

/// A machine's ledger, and what the last unclean recovery of each site left behind.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) ledger: Ledger,
    pub(crate) left: Vec<(&'static str, LeftBehind)>,
}

impl Default for Converted {
    /// Three clean recoveries are enough.
    fn default() -> Converted {
        Converted { ledger: Ledger::new(3), left: Vec::new() }
    }
}

impl Converted {
    /// Keeps what a recovery of a site left behind.
    pub(crate) fn note_left(&mut self, site: &'static str, left: LeftBehind) {
        self.left.retain(|(name, _)| *name != site);
        self.left.push((site, left));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    #[test]
    fn row_009_a_ledger_reads_what_it_wrote_whatever_the_names() {
        let mut ledger = Ledger::new(2);
        for (name, recoveries) in [
            ("a b  c ", vec![Recovery::Clean]),
            ("", vec![Recovery::Clean, Recovery::Clean]),
            ("# no remark", vec![Recovery::Unclean]),
            ("two\nlines\r and a \\n", vec![Recovery::Clean, Recovery::Clean, Recovery::Unclean, Recovery::Clean]),
            ("back", vec![Recovery::Clean, Recovery::Clean, Recovery::Unclean, Recovery::Clean, Recovery::Clean]),
        ] {
            for recovery in recoveries {
                ledger.record(name, recovery);
            }
        }
        let text = ledger.to_string();
        assert_eq!(Ledger::read(&text), Ok(ledger.clone()), "{text}");
        let remarked = text.replacen('\n', "\n\n# kept by hand\n", 1);
        assert_eq!(Ledger::read(&remarked), Ok(ledger.clone()));
        let found: Vec<_> = ledger.sites().collect();
        assert_eq!(
            found,
            [
                ("", Standing::MayFail),
                ("# no remark", Standing::Loops { clean: 0 }),
                ("a b  c ", Standing::Loops { clean: 1 }),
                ("back", Standing::MayFail),
                ("two\nlines\r and a \\n", Standing::Relapsed { clean: 1 }),
            ]
        );
    }

    #[test]
    fn row_009_what_is_no_ledger_is_refused_with_its_line() {
        let head = "alloc-core ledger 1: may fail after 3\n";
        let line = |rest: &str| Ledger::read(&[head, rest].concat()).map_err(|error| error.line);
        for wrong in ["loops fsck", "loops 3 fsck", "loops -1 fsck", "may-fail", "stops 1 fsck", "relapsed 1 a\\b", "x"]
        {
            assert_eq!(line(wrong), Err(2), "{wrong}");
        }
        assert_eq!(line("loops 1 fsck\n# remark\nmay-fail fsck"), Err(4));
        for wrong in ["", "#", "alloc-core ledger 2: may fail after 3", "alloc-core ledger 1: may fail after 0"] {
            assert_eq!(Ledger::read(wrong).map_err(|error| error.line), Err(1), "{wrong}");
        }
        assert!(line("").is_ok());
    }

    #[test]
    fn row_009_a_ledger_that_forgot_a_site_or_saw_it_fall_back_is_told() {
        let mut earlier = Ledger::new(1);
        for site in ["gone", "kept", "relapsed"] {
            earlier.record(site, Recovery::Clean);
        }
        earlier.record("loops", Recovery::Unclean);
        let mut now = Ledger::new(1);
        now.record("kept", Recovery::Clean);
        now.record("new", Recovery::Unclean);
        now.record("relapsed", Recovery::Clean);
        now.record("relapsed", Recovery::Unclean);
        assert_eq!(now.regressions(&earlier).collect::<Vec<_>>(), ["gone", "relapsed"]);
        assert_eq!(earlier.regressions(&now).count(), 0);
    }
}
