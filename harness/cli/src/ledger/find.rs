//! A chain by the first digits of its identity, as a person copies them from a report.

use std::fmt;

use rusqlite::params;

use crate::results::outcome::Outcome;

use super::error::LedgerError;
use super::open::Ledger;

/// Why digits name no chain, or not one.
#[derive(Debug)]
pub(crate) enum FindError {
    Ledger(LedgerError),
    /// No digits, too many, or something else.
    NotDigits(String),
    Unknown(String),
    /// Several chains begin with them: these.
    Ambiguous(String, Vec<Outcome>),
}

/// Of more chains than these only the number is told.
const LISTED_MAX: usize = 10;

impl Ledger {
    /// The latest outcome of the chain whose identity begins with these digits: one, or one for each test that has it.
    ///
    /// # Errors
    ///
    /// The word is no such beginning, no chain has it, or several chains have.
    pub(crate) fn find(&self, digits: &str) -> Result<Vec<Outcome>, FindError> {
        let wanted = digits.to_ascii_lowercase();
        if !(1..=32).contains(&wanted.len()) || !wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(FindError::NotDigits(digits.to_owned()));
        }
        // "g" is the letter behind the last digit.
        let condition = "seen.chain IN (SELECT id FROM chain WHERE chain.chain >= ?1 AND chain.chain < ?1 || 'g')";
        let found = self.latest(condition, params![wanted]).map_err(FindError::Ledger)?;
        match found.first() {
            None => Err(FindError::Unknown(digits.to_owned())),
            Some(first) if found.iter().any(|other| other.id != first.id) => {
                Err(FindError::Ambiguous(digits.to_owned(), found))
            }
            Some(_) => Ok(found),
        }
    }
}

impl fmt::Display for FindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FindError::Ledger(error) => error.fmt(f),
            FindError::NotDigits(word) => write!(
                f,
                "{word:?} is no chain: give the first hexadecimal digits of its identity, as reports show them"
            ),
            FindError::Unknown(digits) => write!(
                f,
                "no chain in the ledger begins with {digits}: `cargo firsthit report` shows those of the last run"
            ),
            FindError::Ambiguous(digits, found) => {
                write!(f, "{digits} is the beginning of several chains: give more digits")?;
                let mut sorted: Vec<&Outcome> = found.iter().collect();
                sorted.sort_by_key(|outcome| outcome.id);
                for outcome in sorted.into_iter().take(LISTED_MAX) {
                    let Outcome { id, verdict, test, .. } = outcome;
                    write!(f, "\n  {id}  {verdict:<9}  {test}")?;
                }
                if found.len() > LISTED_MAX {
                    write!(f, "\n  … and {} more", found.len() - LISTED_MAX)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for FindError {}
