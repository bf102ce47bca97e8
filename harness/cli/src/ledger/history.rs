//! What has been seen of one chain over time, and which chains do not always come to the same.

use firsthit::Verdict;
use rusqlite::{Row, params};

use crate::chains::chain_id::ChainId;
use crate::test_id::TestId;

use super::error::LedgerError;
use super::open::Ledger;

/// One time that a chain was failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    /// Microseconds since 1970.
    pub(crate) at: u64,
    /// The name of the run.
    pub(crate) run: String,
    pub(crate) build: String,
    pub(crate) verdict: Verdict,
}

/// A chain that came to different verdicts in one build.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Flapping {
    pub(crate) test: TestId,
    pub(crate) chain: ChainId,
    pub(crate) build: String,
    /// In the order of time; the last one is what counts now.
    pub(crate) verdicts: Vec<Verdict>,
}

const SEEN: &str = "SELECT seen.at, run.name, build.name, told.verdict, test.binary, test.name, chain.chain FROM seen
    JOIN run ON run.id = seen.run JOIN build ON build.id = seen.build JOIN told ON told.id = seen.told
    JOIN chain ON chain.id = seen.chain JOIN test ON test.id = chain.test";

impl Ledger {
    /// Every time that the chain was seen to come to something, the first time first. A run that came to the same twice
    /// counts once.
    ///
    /// # Errors
    ///
    /// The ledger cannot be read.
    pub(crate) fn history(&self, test: &TestId, chain: ChainId) -> Result<Vec<Seen>, LedgerError> {
        let condition = "WHERE test.binary = ?1 AND test.name = ?2 AND chain.chain = ?3 ORDER BY seen.at, run.name";
        let values = params![test.binary, test.name, chain.to_string()];
        let rows = self.rows(&format!("{SEEN} {condition}"), values, seen)?;
        Ok(rows.into_iter().flatten().map(|(_, _, seen)| seen).collect())
    }

    /// The chains that came to several verdicts in the same build, in one run or in different ones.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::history`].
    pub(crate) fn flapping(&self) -> Result<Vec<Flapping>, LedgerError> {
        let several = "SELECT seen.chain, seen.build FROM seen JOIN told ON told.id = seen.told
            GROUP BY seen.chain, seen.build HAVING count(DISTINCT told.verdict) > 1";
        let condition = format!("WHERE (seen.chain, seen.build) IN ({several})");
        let order = "ORDER BY test.binary, test.name, chain.chain, build.name, seen.at, run.name";
        let rows = self.rows(&format!("{SEEN} {condition} {order}"), &[], seen)?;
        let mut flapping: Vec<Flapping> = Vec::new();
        for (test, chain, seen) in rows.into_iter().flatten() {
            let same = |last: &&mut Flapping| last.test == test && last.chain == chain && last.build == seen.build;
            match flapping.last_mut().filter(same) {
                Some(last) => last.verdicts.push(seen.verdict),
                None => flapping.push(Flapping { test, chain, build: seen.build, verdicts: vec![seen.verdict] }),
            }
        }
        Ok(flapping)
    }
}

/// A row of [`SEEN`]; nothing where a later version's word stands in it.
fn seen(row: &Row<'_>) -> rusqlite::Result<Option<(TestId, ChainId, Seen)>> {
    let test = TestId { binary: row.get(4)?, name: row.get(5)? };
    let (verdict, chain): (String, String) = (row.get(3)?, row.get(6)?);
    let (Ok(verdict), Ok(chain)) = (verdict.parse(), chain.parse()) else { return Ok(None) };
    let at = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
    Ok(Some((test, chain, Seen { at, run: row.get(1)?, build: row.get(2)?, verdict })))
}
